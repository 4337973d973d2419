"""The backfill function: which runs a backfill starts, and in the end what became of them. Its machine
(`infra/backfill_machine.py`) does what lies between.

    {"kind": "plan", "execution": {"Id", "Name"}, "event": the EventBridge event}
        -> {"start": true, "machine", "items": {"Bucket", "Key"}, "max_active_runs", "conf": {"conf": …} or {}, …}
    {"kind": "summarise", "dag_id", "backfill_id"}      -> {"status", "counts"}
    {"kind": "dry_run", "detail": …}                    -> {"runs": [{"logical_date", "run_id", "action"}, …]}
    {"kind": "hold", "row": the backfill's key, "token"} -> {}: the token is answered when the backfill goes on
    {"kind": "release", "dag_id", "backfill_id"}        -> {"released": how many children look again}
    any of them                                         -> {"refused": why}

The event's detail is the request; all but the first three are optional:

    {"dag_id", "from_date", "to_date", "max_active_runs": 10, "reprocess_behavior": "none" | "failed" | "completed",
     "run_backwards": false, "conf": {…}, "task_regex", "ignore_dependencies": false, "backfill_id"}

As in Airflow 3 the dates are those of the DAG's own timetable, both bounds inclusive, as far as their data intervals
are over; a date that has a run is left alone unless it is to be reprocessed; one backfill runs at a time for each DAG.
task_regex is Airflow 2's: only the tasks that it finds, and all above them unless those are ignored (`partial_run`).
EventBridge delivers at least once: an event that comes again finds its backfill entered and starts nothing.

Environment: AIRSTEP_TABLE, AIRSTEP_BUCKET, AIRSTEP_DAG_PARAMETERS (prefix of the SSM parameters with the timetables).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from dag_translator.names import execution_name, machine_name, rerun_name
from lambdas.scheduling import backfills
from lambdas.scheduling.backfill_request import Backfiller, BackfillRefused, Planned, read_request, runs_of
from lambdas.scheduling.backfills import BackfillKey, DateItem
from lambdas.waiting import past

_ATTEMPTS = 10


def dry_run(backfiller: Backfiller, detail: Mapping[str, Any]) -> dict[str, Any]:
    """What `plan` would start now. action: "create", "reprocess", or why the date is left alone."""
    request = read_request(detail)
    _refuse_second(backfiller, request.dag_id, None)
    return {
        "runs": [
            {
                "logical_date": each.run.logical_date.isoformat(),
                "run_id": each.run_id,
                "action": each.reason or ("reprocess" if each.existing else "create"),
            }
            for each in runs_of(backfiller, request)
        ]
    }


def plan(backfiller: Backfiller, event: Mapping[str, Any]) -> dict[str, Any]:
    """Enter the backfill and write down its runs; see the module. Raises BackfillRefused.

    The same execution again gets the same answer: nothing has been started before it got the first one.
    """
    given, execution_arn = event["event"], event["execution"]["Id"]
    detail = given["detail"]
    store, key = backfiller.store, BackfillKey(str(detail.get("dag_id")), str(detail.get("backfill_id") or given["id"]))
    entered = backfills.get_backfill(store, key)
    try:
        request = read_request(detail)
        planned = runs_of(backfiller, request)
        if entered is None:
            attributes = {**request.to_json(), "status": "running", "created_at": backfiller.now().isoformat()}
            entered = _enter(backfiller, key, attributes, execution_arn)
    except BackfillRefused as refused:
        backfills.refuse(
            store, key, {name: str(value) for name, value in detail.items() if name != "conf"}, str(refused)
        )
        raise
    if entered.get("execution_arn") != execution_arn or entered["status"] != "running":
        return {"start": False, "dag_id": key.dag_id, "backfill_id": key.backfill_id}
    started = [each for each in planned if each.reason is None]
    backfills.plan_dates(store, key, (_date(each) for each in planned))
    store.merge(key.pk, key.sk, {}, {"total": len(planned), "counts": backfills.counts_of(map(_date, planned))})
    if not started:
        backfills.finish(store, key, backfiller.now().isoformat())
        return {"start": False, "dag_id": key.dag_id, "backfill_id": key.backfill_id}
    if (backfiller.spec_of(key.dag_id) or {}).get("depends_on_past"):
        store.merge(key.pk, key.sk, {}, {"first_run": planned[0].run_id})
        store.write_many(past.announce(key.dag_id, each.run_id, each.run.logical_date.isoformat()) for each in started)
    items = f"{key.blob}/runs.json"
    store.put_blob(items, json.dumps([_item(each, key, request.part) for each in started]))
    return {
        "start": True,
        "dag_id": key.dag_id,
        "backfill_id": key.backfill_id,
        "row": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
        "machine": _machine_arn(execution_arn, rerun_name(key.dag_id) if request.part else machine_name(key.dag_id)),
        "items": {"Bucket": backfiller.bucket, "Key": items},
        "results": {"Bucket": backfiller.bucket, "Prefix": f"{key.blob}/results"},
        "max_active_runs": request.max_active_runs,
        "conf": {} if request.conf is None else {"conf": dict(request.conf)},
    }


def _enter(backfiller: Backfiller, key: BackfillKey, attributes: dict[str, Any], execution_arn: str) -> dict[str, Any]:
    """Enter the backfill as the DAG's only one; what is entered then, perhaps by somebody quicker."""
    for _ in range(_ATTEMPTS):
        other = _refuse_second(backfiller, key.dag_id, key.backfill_id)
        backfills.begin(backfiller.store, key, attributes, execution_arn, replaces=other)
        entered = backfills.get_backfill(backfiller.store, key)
        if entered is not None:
            return entered
    raise RuntimeError(f"DAG {key.dag_id}: the record of its backfills kept changing; try again")


def _refuse_second(backfiller: Backfiller, dag_id: str, own: str | None) -> str | None:
    """Refuse if another backfill of the DAG runs. One whose execution is over without a word is finished here."""
    active = backfills.active_backfill(backfiller.store, dag_id)
    if active is None or active == own:
        return active
    key = BackfillKey(dag_id, active)
    other = backfills.get_backfill(backfiller.store, key)
    if other is not None and other["status"] == "running" and backfiller.is_running(other["execution_arn"]):
        raise BackfillRefused(
            f"the backfill {active} of DAG {dag_id} is still running, and a DAG has one at a time; wait for it, or "
            f"`airstep backfill cancel {dag_id} {active}`"
        )
    if other is not None:
        backfills.finish(backfiller.store, key, backfiller.now().isoformat(), "failed")
    return backfills.active_backfill(backfiller.store, dag_id)


def _date(each: Planned) -> DateItem:
    state = "queued" if each.reason is None else None
    return DateItem(each.run.logical_date.isoformat(), each.run_id, state, each.reason)


def _item(each: Planned, key: BackfillKey, part: Mapping[str, Any]) -> dict[str, Any]:
    """One of the map's items: the execution's name and input. part: which tasks, nothing for all.

    spare: the name if `name` is taken, by an execution that ended without ever having begun its run.
    """
    again = execution_name(f"{each.run_id}__{key.backfill_id}")
    times = {"run_id": each.run_id, "run_type": "backfill", **each.run.to_json(), "backfill_id": key.backfill_id}
    name = again if each.existing else execution_name(each.run_id)
    return {"name": name, "spare": again, "input": {**times, **part}}


def _machine_arn(execution_arn: str, name: str) -> str:
    """The DAG's machines are where the backfill's own is."""
    *where, _, _, _ = execution_arn.split(":")
    return ":".join([*where, "stateMachine", name])


def summarise(backfiller: Backfiller, event: Mapping[str, Any]) -> dict[str, Any]:
    """Write what became of the runs into the backfill's records."""
    key = BackfillKey(event["dag_id"], event["backfill_id"])
    ended = backfills.finish(backfiller.store, key, backfiller.now().isoformat())
    return {"status": ended["status"], "counts": ended["counts"]}


def hold(backfiller: Backfiller, event: Mapping[str, Any]) -> dict[str, Any]:
    """A child of a paused backfill waits, unless the pause has just ended."""
    row = event["row"]
    key = BackfillKey(row["pk"]["S"].removeprefix("dag/"), row["sk"]["S"].removeprefix("backfill/"))
    if not backfills.hold(backfiller.store, key, event["token"]):
        backfills.release(backfiller.store, key, backfiller.go_on)
    return {}


def release(backfiller: Backfiller, event: Mapping[str, Any]) -> dict[str, Any]:
    """The pause is over, or the backfill is cancelled."""
    key = BackfillKey(event["dag_id"], event["backfill_id"])
    return {"released": backfills.release(backfiller.store, key, backfiller.go_on)}


_KINDS: Mapping[str, Callable[[Backfiller, Mapping[str, Any]], dict[str, Any]]] = {
    "plan": plan,
    "summarise": summarise,
    "hold": hold,
    "release": release,
    "dry_run": lambda backfiller, event: dry_run(backfiller, event["detail"]),
}


def handle(backfiller: Backfiller, event: Mapping[str, Any]) -> dict[str, Any]:
    """One event. A backfill that cannot be done is an answer, {"refused": why}: nothing is wrong with the function."""
    try:
        return _KINDS[event["kind"]](backfiller, event)
    except BackfillRefused as refused:
        return {"refused": str(refused)}


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """The Lambda's entry."""
    return handle(from_environment(), event)


def from_environment() -> Backfiller:
    """The backfiller on AWS."""
    import os

    from lambdas.aws import clients, error_code, table_store
    from lambdas.scheduling.ask_timetable import asker_of

    def spec_of(dag_id: str) -> Mapping[str, Any] | None:
        name = f"{os.environ['AIRSTEP_DAG_PARAMETERS']}{machine_name(dag_id)}"
        try:
            value = clients().ssm.get_parameter(Name=name)["Parameter"]["Value"]
        except Exception as error:
            if error_code(error) == "ParameterNotFound":
                raise KeyError(dag_id) from None
            raise
        found = json.loads(value)
        if found["dag_id"] != dag_id:
            raise KeyError(dag_id)
        spec: Mapping[str, Any] | None = found["spec"]
        return spec

    def is_running(execution_arn: str) -> bool:
        try:
            answer = clients().stepfunctions.describe_execution(executionArn=execution_arn)
        except Exception as error:
            if error_code(error) == "ExecutionDoesNotExist":
                return False
            raise
        return answer["status"] in ("RUNNING", "PENDING_REDRIVE")

    def go_on(token: str) -> None:
        try:
            clients().stepfunctions.send_task_success(taskToken=token, output="{}")
        except Exception as error:
            if error_code(error) not in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
                raise

    def match(spec: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
        function = spec["part_function"]
        payload = json.dumps({"kind": "match_tasks", **part}).encode()
        told = clients().client("lambda").invoke(FunctionName=function, Payload=payload)
        found: Mapping[str, Any] = json.loads(told["Payload"].read())
        if told.get("FunctionError"):
            raise RuntimeError(f"{function}: {found.get('errorType')}: {found.get('errorMessage')}")
        return found

    bucket = os.environ["AIRSTEP_BUCKET"]
    return Backfiller(table_store(), spec_of, is_running, lambda: datetime.now(UTC), bucket, go_on, asker_of, match)
