"""The dispatcher: what EventBridge Scheduler starts when a DAG's schedule is due. It decides which run that is, and
starts it, or lets it wait while `max_active_runs` runs are active.

Event: the manifest's `schedule.spec`, and beside its keys

    {"timetable", "timezone", "start_date", "end_date", "catchup", "max_active_runs",         the spec
     "renewed": true,                            kind `renewed`: this event is a renewal, unless "one_time" is true
     "dag_id", "state_machine_arn",
     "scheduled_time": "2024-01-15T00:00:00Z"}   <aws.scheduler.scheduled-time>
    {…the same…, "activate": true}               after an unpause or a deployment, by the command: run what was missed
    {"dag_id", "state_machine_arn", "max_active_runs", "waiting": true}
                                                 by the command, which has put a run into the queue
    {"sweep": true}                              by a one-time schedule: see `sweep`

Answer: {"started": [run_id, …], "dropped": reason or None, "renewed": how many one-time schedules are new}.

Scheduler delivers at least once. An event that comes again finds its run in the queue, active, or done. The order of
writes is queue, active, StartExecution (by a name that derives from the run id), queue: see `dag_state`.

- An instant that is no run's (before start_date, after end_date) is dropped, and so is everything while the DAG is
  paused.
- catchup=True: all runs since the last one, or since start_date, in order; they are not stored but read off the
  timetable as places get free. catchup=False: the run of this instant (and after an unpause the latest missed one).
- What has to wait for a place waits in order and is not lost, with and without catchup.
- When an execution ends, `execution_ended` frees its place and starts what is next; a lost end is noticed by the next
  event that finds no place, or by the sweep.
- max_consecutive_failed_dag_runs: when so many runs in a row failed, the DAG is paused, as in Airflow. Nothing of a
  paused DAG starts, the queue included.

Environment: AIRSTEP_TABLE, AIRSTEP_BUCKET, AIRSTEP_SCHEDULE_GROUP, AIRSTEP_SCHEDULER_ROLE_ARN, AIRSTEP_DISPATCHER_ARN.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from dag_translator.names import execution_name
from lambdas import past, sweep
from lambdas.admission import Waiting
from lambdas.dag_state import DagState, Queued
from lambdas.records import FINAL_RUN_STATES, RunKey
from lambdas.slots import Tell
from lambdas.store import Put, Store
from lambdas.sweep import Arm
from lambdas.timetable import Timetable, timetable_from_spec
from lambdas.timetables import kinds
from lambdas.timetables.instants import parse
from lambdas.timetables.runs import RunInfo

Event = Mapping[str, Any]
_ATTEMPTS = 20
_OF_ONE_DELIVERY = frozenset({"scheduled_time", "one_time", "activate", "waiting"})


class Machines(Protocol):
    """The part of a Step Functions client that is needed here."""

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Any:  # noqa: N803 - AWS's names
        """Starts an execution; the error code ExecutionAlreadyExists says that its name is taken."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """What the dispatcher works with. renew(event, tick) makes one-time schedules and says how many are new. tell, arm:
    see `admission.Waiting`; status: of an execution, by its ARN."""

    store: Store
    machines: Machines
    now: Callable[[], datetime]
    renew: Callable[[Event, datetime], int]
    tell: Tell = lambda _token: None
    arm: Arm = lambda: None
    status: Callable[[str], str | None] = lambda _arn: "RUNNING"

    @property
    def waiting(self) -> Waiting:
        return Waiting(self.store, self.tell, self.arm)


def dispatch(dispatcher: Dispatcher, event: Event) -> dict[str, Any]:
    """Handle one event; see the module."""
    state = DagState(dispatcher.store, event["dag_id"])
    if state.paused(at_first=bool(event.get("is_paused_upon_creation"))):
        return _answer(dropped="paused")
    if event.get("waiting"):
        state.remember(_lasting(event))
        return _answer(started=start_next(dispatcher, event))
    activated = bool(event.get("activate"))
    due = dispatcher.now() if activated else parse(event["scheduled_time"])
    if event.get("renewed") and not event.get("one_time"):
        new = dispatcher.renew(_lasting(event), due)
        if not activated:
            return _answer(renewed=new)
    dropped = _take(dispatcher, state, _lasting(event), due, activated)
    return _answer(started=start_next(dispatcher, event), dropped=dropped)


def execution_ended(dispatcher: Dispatcher, execution_arn: str) -> list[str]:
    """An execution has ended, however: free its run's place and start what is next; the run ids that were started.

    For an execution that nobody dispatched (started in the console) there is nothing to free.
    """
    found = dispatcher.store.run_of_execution(execution_arn)
    if found is None:
        return []
    key, _ = found
    state = DagState(dispatcher.store, key.dag_id)
    state.release(key.run_id)
    return resume(dispatcher, key.dag_id, ended=key)


def resume(dispatcher: Dispatcher, dag_id: str, ended: RunKey | None = None) -> list[str]:
    """Start what there is room for, by what was last said of the DAG; the run ids. ended: a run that has just ended."""
    state = DagState(dispatcher.store, dag_id)
    event = state.last_event()
    if event is None:
        return []
    if ended is not None:
        _after(dispatcher, state, event, ended)
    if state.paused(at_first=bool(event.get("is_paused_upon_creation"))):
        return []
    if "timetable" in event and (event["catchup"] or event["timetable"]["type"] == "continuous"):
        _take(dispatcher, state, event, dispatcher.now(), activated=False)
    return start_next(dispatcher, event)


def _after(dispatcher: Dispatcher, state: DagState, event: Event, ended: RunKey) -> None:
    """What the end of a run means for the runs to come."""
    most = int(event.get("max_consecutive_failed_dag_runs") or 0)
    if most:
        newest = list(islice(dispatcher.store.list_runs(ended.dag_id), most))
        if len(newest) == most and all(run.state == "failed" for run in newest):
            state.set_paused(True)


def start_next(dispatcher: Dispatcher, event: Event) -> list[str]:
    """Start as many of the DAG's waiting runs as there is room for, oldest first; their ids.

    event: anything with `dag_id`, `state_machine_arn` and `max_active_runs`.
    """
    state = DagState(dispatcher.store, event["dag_id"])
    started = []
    for queued in state.claim(int(event["max_active_runs"])):
        if event.get("depends_on_past") and queued.input.get("logical_date"):
            date = str(queued.input["logical_date"])
            dispatcher.store.write([past.announce(state.dag_id, queued.run_id, date)])
        _start(dispatcher, state, event["state_machine_arn"], queued)
        started.append(queued.run_id)
    if next(state.queue(), None) is not None:
        sweep.enter(dispatcher.store, dispatcher.arm, "dag", state.dag_id)
    return started


def _answer(started: Iterable[str] = (), dropped: str | None = None, renewed: int = 0) -> dict[str, Any]:
    return {"started": list(started), "dropped": dropped, "renewed": renewed}


def _lasting(event: Event) -> dict[str, Any]:
    """The event without what belongs to this one delivery."""
    return {name: value for name, value in event.items() if name not in _OF_ONE_DELIVERY}


def _take(dispatcher: Dispatcher, state: DagState, event: Event, due: datetime, activated: bool) -> str | None:
    """Queue the runs that `due` brings, and remember how far that went; why there are none."""
    timetable = timetable_from_spec(event)
    for _ in range(_ATTEMPTS):
        last = state.schedule()
        cursor = last.get("cursor") if last else None
        runs, reason = _runs(dispatcher, state, event, timetable, cursor and parse(cursor), due, activated)
        for run in runs:
            state.enqueue(Queued(run.run_id, run.run_after.isoformat(), {"run_type": "scheduled", **_times(run)}))
        reached = max([cursor or "", *(run.run_after.isoformat() for run in runs)]) or None
        if state.save_schedule(last, {"event": json.dumps(event), "cursor": reached}):
            return reason
    raise RuntimeError(f"DAG {state.dag_id}: its schedule's record kept changing; try again")


def _times(run: RunInfo) -> dict[str, str]:
    return {"run_id": run.run_id, **run.to_json()}


def _runs(
    dispatcher: Dispatcher,
    state: DagState,
    event: Event,
    timetable: Timetable,
    cursor: datetime | None,
    due: datetime,
    activated: bool,
) -> tuple[list[RunInfo], str | None]:
    """The runs to queue, and why there are none. cursor: `run_after` of the newest run that was queued."""
    match timetable.kind:
        case kinds.Once():
            return _once(timetable, cursor, due)
        case kinds.Continuous():
            return _continuous(dispatcher, state, timetable, cursor, due)
    if not event["catchup"] and not activated:
        # Scheduler fires within the minute; should it say more precisely when, the run is still the minute's.
        run = timetable.run_for(due) or timetable.run_for(due.replace(second=0, microsecond=0))
        return ([run], None) if run else ([], "no run at this instant")
    missed = timetable.missed_runs(cursor, due, catchup=bool(event["catchup"]))
    room = int(event["max_active_runs"]) - sum(1 for _ in islice(state.queue(), int(event["max_active_runs"])))
    if room <= 0:
        if next(missed, None) is not None:
            sweep.enter(dispatcher.store, dispatcher.arm, "dag", state.dag_id)
        return [], None  # the rest is read off the timetable when a place gets free
    runs = list(islice(missed, room))
    return runs, None if runs else "no run at this instant"


def _once(timetable: Timetable, cursor: datetime | None, due: datetime) -> tuple[list[RunInfo], str | None]:
    if cursor is not None:
        return [], "it has run already"  # or waits in the queue
    at = timetable.window.earliest or due
    latest = timetable.window.latest
    if at > due or (latest is not None and at > latest):
        return [], "outside start_date and end_date"
    return [RunInfo.exact(at)], None


def _continuous(
    dispatcher: Dispatcher, state: DagState, timetable: Timetable, cursor: datetime | None, due: datetime
) -> tuple[list[RunInfo], str | None]:
    """As in Airflow each run's data interval begins where the last one's ended, and ends now."""
    earliest, latest = timetable.window.earliest, timetable.window.latest
    now = dispatcher.now()
    if (earliest is not None and earliest > due) or (latest is not None and now > latest):
        return [], "outside start_date and end_date"
    if next(state.queue(), None) is not None or any(not _has_ended(dispatcher, state, run) for run in state.active()):
        return [], "a run is active"
    start = cursor or earliest or now
    return [RunInfo.interval(start, max(start, now))], None


def _has_ended(dispatcher: Dispatcher, state: DagState, run_id: str) -> bool:
    run = dispatcher.store.get_run(RunKey(state.dag_id, run_id))
    return run is not None and run.state in FINAL_RUN_STATES


def _start(dispatcher: Dispatcher, state: DagState, machine_arn: str, queued: Queued) -> None:
    name = execution_name(queued.run_id)
    execution_arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    # So that the end of an execution whose first state never worked is also known to be this run's.
    names = {"dag_id": state.dag_id, "run_id": queued.run_id, "execution": name}
    dispatcher.store.write([Put(f"execution/{execution_arn}", "run", names)])
    try:
        text = json.dumps(queued.input, ensure_ascii=False)
        dispatcher.machines.start_execution(stateMachineArn=machine_arn, name=name, input=text)
    except Exception as error:
        from lambdas.aws import error_code

        if error_code(error) != "ExecutionAlreadyExists":
            raise
        if _has_ended(dispatcher, state, queued.run_id):
            state.release(queued.run_id)
    state.dequeue(queued)


def handler(event: Event, context: Any) -> dict[str, Any]:
    """The Lambda's entry."""
    dispatcher = from_environment(str(context.invoked_function_arn))
    if event.get("sweep"):
        from lambdas.run_ended import sweeper

        return sweep.sweep(sweeper(dispatcher))
    return dispatch(dispatcher, event)


def from_environment(own_arn: str = "") -> Dispatcher:
    """The dispatcher on AWS. own_arn: the dispatcher function's, which one-time schedules call."""
    import os
    from functools import partial

    from lambdas.aws import clients, error_code, table_store
    from lambdas.renewal import renew

    def renewal(event: Event, tick: datetime) -> int:
        target = {
            "Arn": own_arn,
            "RoleArn": os.environ["AIRSTEP_SCHEDULER_ROLE_ARN"],
            "GroupName": os.environ["AIRSTEP_SCHEDULE_GROUP"],
        }
        return renew(clients().client("scheduler"), event, tick, datetime.now(UTC), target)

    def tell(token: str) -> bool:
        from lambdas import signal_function

        return signal_function.tell(signal_function.Signals(store, clients().stepfunctions), token)

    def status(execution_arn: str) -> str | None:
        try:
            return str(clients().stepfunctions.describe_execution(executionArn=execution_arn)["status"])
        except Exception as error:
            if error_code(error) == "ExecutionDoesNotExist":
                return None
            raise

    store = table_store()
    now = partial(datetime.now, UTC)
    return Dispatcher(store, clients().stepfunctions, now, renewal, tell, lambda: sweep.arm_on_aws(clients()), status)
