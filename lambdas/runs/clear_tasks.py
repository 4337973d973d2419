"""clear_tasks: what clearing tasks of a run means, by the DAG as it is deployed now. Nothing changes by asking: the
answer holds the input that the run's next execution has to be started with.

    {"kind": "clear_tasks", "run_id": …, "task_ids": [id, …] or "task_regex": … (all tasks without both), "upstream",
     "downstream", "only_failed", "only_running", "stopped": false by default,
     "set_state": "success" | "failed": the chosen tasks get this state, what failed below them is cleared}
        -> {"run": {…}, "cleared": [row, …], "set": [row, …], "starts": bool, "input": {…}}

with rows {"task_id", "map_index", "state", "try_number"}. As in Airflow a task's setups and their teardowns go with it;
only_failed means failed and upstream_failed, and whatever was skipped because its run was stopped. A child of a branch
or short circuit that is kept is skipped again if that said so (Airflow's XCom `skipmixin_key`). Tasks that the run does
not know yet always run, but for those that a backfill of a part of the DAG has left out (`partial_run`): they run if
the request chooses them. stopped: the run's execution was stopped for this, so what that ended runs again too.

"starts" is false where there is nothing to run; then `"apply": true` writes down what set_state says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.runs import partial_run
from lambdas.runs.part_of_dag import NothingMatches, matching, subset
from lambdas.runtime import Runtime
from lambdas.storage import xcom_codec
from lambdas.storage.records import CLEARED, STOPPED, DagRun, RunKey, TaskKey, TaskRecord, changed
from lambdas.tasks.native import instances_are_native

_FAILED = ("failed", "upstream_failed")
_SKIPMIXIN_KEY = "skipmixin_key"
# What of the DagRun the next execution is told, should the DagRun be gone by then.
_TIMES = ("run_id", "run_type", "logical_date", "data_interval_start", "data_interval_end", "run_after")
_RUN = ("run_id", "state", "execution", "execution_arn", "clear_number", "error")

States = dict[str, Any]


class NothingToClear(ValueError):
    """The request names a run or tasks that do not exist."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Of the records of a run: those that are cleared, and those that get a state by hand. chosen: the tasks that are
    to run even if the run has left them out so far."""

    cleared: frozenset[TaskKey]
    set_to: Mapping[TaskKey, str]
    chosen: frozenset[str] = frozenset()


def clear_tasks(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """See the module. Raises NothingToClear."""
    dag = runtime.dag
    run = runtime.store.get_run(RunKey(dag.dag_id, event["run_id"]))
    if run is None:
        raise NothingToClear(f"DAG {dag.dag_id} has no run {event['run_id']}")
    known = (record for record in runtime.store.list_tasks(run.key) if record.task_id in dag.task_dict)
    records = [record for record in known if record.state != "removed"]
    decided = _decide(dag, records, event)
    if event.get("apply"):
        _write_down(runtime, records, decided)
    states, instances = _kept(records, decided)
    before = partial_run.read(runtime.store, run.key).absent - {record.task_id for record in records}
    absent = partial_run.still_absent(dag, before, decided.chosen)
    skipped = _skipped_again(runtime, run, states)
    return {
        "run": {name: getattr(run, name) for name in _RUN},
        "cleared": [
            *_rows(record for record in records if record.key in decided.cleared),
            *({"task_id": each, "map_index": -1, "state": None, "try_number": 0} for each in sorted(before - absent)),
        ],
        "set": _rows(record for record in records if record.key in decided.set_to),
        "starts": bool(decided.cleared) or not dag.task_dict.keys() <= states.keys() | absent,
        "input": {
            **{name: getattr(run, name) for name in _TIMES},
            **({"asset_events": run.asset_events} if run.asset_events else {}),
            "states": {**states, **dict.fromkeys(skipped, "skipped")},
            **({"instances": instances} if instances else {}),
            **({"left_out": sorted(absent)} if absent else {}),
        },
    }


def _decide(dag: Any, records: list[TaskRecord], event: Mapping[str, Any]) -> Decided:
    matched = _matched(dag, event)
    unfinished = {record.key for record in records if not record.is_final}
    if event.get("stopped"):
        unfinished |= {record.key for record in records if record.error == "ABORTED"}
    state = event.get("set_state")
    if state is None:
        chosen = dag.task_dict.keys() if matched is None else subset(dag, matched, **_directions(event))
        interrupted = {record.key for record in records if event.get("only_failed") and record.error in STOPPED}
        wanted = (*(_FAILED if event.get("only_failed") else ()), *(("running",) if event.get("only_running") else ()))
        cleared = {
            record.key
            for record in records
            if record.task_id in chosen and (not wanted or record.state in wanted or record.key in interrupted)
        }
        return Decided(_whole(dag, records, cleared | unfinished), {}, frozenset() if wanted else frozenset(chosen))
    if matched is None or not matched:
        raise NothingToClear("which task is to get the state?")
    chosen = _relatives(dag, matched, **_directions(event))
    set_to = {record.key: state for record in records if record.task_id in chosen and record.state != state}
    below = subset(dag, matched, upstream=False, downstream=True) - matched
    failed = {record.key for record in records if record.task_id in below and record.state in _FAILED}
    return Decided(_whole(dag, records, failed | unfinished) - set_to.keys(), set_to)


def _whole(dag: Any, records: list[TaskRecord], cleared: set[TaskKey]) -> frozenset[TaskKey]:
    """With all instances of a mapped task whose work a service does: an instance that is kept has nothing to prepare,
    which its states could only take for a failure."""
    task_ids = {
        key.task_id for key in cleared if key.map_index >= 0 and instances_are_native(dag.task_dict[key.task_id])
    }
    return frozenset(cleared | {record.key for record in records if record.task_id in task_ids})


def _directions(event: Mapping[str, Any]) -> dict[str, bool]:
    return {name: bool(event.get(name)) for name in ("upstream", "downstream")}


def _matched(dag: Any, event: Mapping[str, Any]) -> set[str] | None:
    """The tasks that the request names; None: all."""
    regex, task_ids = event.get("task_regex"), event.get("task_ids")
    if task_ids is not None:
        unknown = set(task_ids) - dag.task_dict.keys()
        if unknown:
            raise NothingToClear(f"DAG {dag.dag_id} has no task {', '.join(sorted(unknown))}")
        return set(task_ids)
    if regex is None:
        return None
    try:
        return matching(dag, regex)
    except NothingMatches as nothing:
        raise NothingToClear(str(nothing)) from None


def _relatives(dag: Any, matched: set[str], *, upstream: bool, downstream: bool) -> set[str]:
    """The tasks that get a state together with the matched ones; teardowns below run all the same."""
    found = set(matched)
    for task in (dag.task_dict[task_id] for task_id in matched):
        if downstream:
            found |= {each.task_id for each in task.get_flat_relatives() if not each.is_teardown}
        if upstream:
            found |= task.get_flat_relative_ids(upstream=True)
    return found


def _kept(records: list[TaskRecord], decided: Decided) -> tuple[States, dict[str, list[int]]]:
    """The states of the tasks that are kept; and of mapped tasks that are kept in part the indexes that run again."""
    of_task: dict[str, list[TaskRecord]] = defaultdict(list)
    for record in records:
        of_task[record.task_id].append(record)
    states: States = {}
    instances = {}
    for task_id, several in of_task.items():
        gone = [record.map_index for record in several if record.key in decided.cleared]
        if not gone:
            ended = list(dict.fromkeys(decided.set_to.get(record.key, record.state) for record in several))
            states[task_id] = ended[0] if len(ended) == 1 else ended
        elif len(gone) < len(several):
            instances[task_id] = gone
    return states, instances


def _skipped_again(runtime: Runtime, run: DagRun, states: States) -> Iterator[str]:
    """The tasks that would run, but that a task before them has said to skip, and that stays so."""
    for task in runtime.dag.tasks:
        if states.get(task.task_id) != "success" or not task.inherits_from_skipmixin:
            continue
        text = runtime.store.get_xcom(TaskKey(run.dag_id, run.run_id, task.task_id), _SKIPMIXIN_KEY)
        if text is None:
            continue
        said = xcom_codec.decode(text)
        for task_id in sorted(task.downstream_task_ids - states.keys()):
            if task_id not in said["followed"] if "followed" in said else task_id in said.get("skipped", ()):
                yield task_id


def _write_down(runtime: Runtime, records: list[TaskRecord], decided: Decided) -> None:
    now = runtime.timestamp()
    set_by_hand = (record for record in records if record.key in decided.set_to)
    runtime.store.save_tasks(
        changed(record, state=decided.set_to[record.key], end_date=record.end_date or now, states={})
        for record in set_by_hand
    )


def _rows(records: Iterable[TaskRecord]) -> list[dict[str, Any]]:
    return [
        {
            "task_id": record.task_id,
            "map_index": record.map_index,
            "state": None if record.state == CLEARED else record.state,
            "try_number": record.try_number,
        }
        for record in records
    ]
