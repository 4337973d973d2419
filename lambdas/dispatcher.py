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
    {…the same…, "assets": {…}, "asset_event": {…}, …}        an update of one of the DAG's assets: `dispatch_assets`

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

Environment: AIRSTEP_TABLE, AIRSTEP_BUCKET, and what `one_time` reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from lambdas.scheduling import dispatch_assets
from lambdas.scheduling.dag_state import DagState, Queued
from lambdas.scheduling.due_runs import has_ended, take
from lambdas.storage.records import RunKey
from lambdas.storage.store import Put, Store
from lambdas.timetables.instants import parse
from lambdas.timetables.timetable import Ask
from lambdas.waiting import past, sweep
from lambdas.waiting.admission import Waiting
from lambdas.waiting.slots import Tell
from lambdas.waiting.sweep import Arm

Event = Mapping[str, Any]
_OF_ONE_DELIVERY = frozenset({"scheduled_time", "one_time", "activate", "waiting"})


class Machines(Protocol):
    """The part of a Step Functions client that is needed here."""

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Any:  # noqa: N803 - AWS's names
        """Starts an execution; the error code ExecutionAlreadyExists says that its name is taken."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """What the dispatcher works with. renew(event, tick) makes one-time schedules and says how many are new. tell, arm:
    see `admission.Waiting`; status: of an execution, by its ARN. ask(event): who answers for a timetable that is user
    code."""

    store: Store
    machines: Machines
    now: Callable[[], datetime]
    renew: Callable[[Event, datetime], int]
    tell: Tell = lambda _token: None
    arm: Arm = lambda: None
    status: Callable[[str], str | None] = lambda _arn: "RUNNING"
    ask: Callable[[Event], Ask | None] = lambda _: None

    @property
    def waiting(self) -> Waiting:
        return Waiting(self.store, self.tell, self.arm)


def dispatch(dispatcher: Dispatcher, event: Event) -> dict[str, Any]:
    """Handle one event; see the module."""
    state = DagState(dispatcher.store, event["dag_id"])
    is_paused = state.paused(at_first=bool(event.get("is_paused_upon_creation")))
    if "asset_event" in event or event.get("timetable", {}).get("type") == "assets":
        dropped = dispatch_assets.on_event(dispatcher, event)  # which records the update of a paused DAG too
        return _answer(started=[] if is_paused else start_next(dispatcher, event), dropped=dropped)
    if is_paused:
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
    dropped = take(dispatcher, state, _lasting(event), due, activated)
    if activated and "assets" in event:
        dispatch_assets.on_event(dispatcher, event)
    return _answer(started=start_next(dispatcher, event), dropped=dropped)


def execution_ended(dispatcher: Dispatcher, execution_arn: str) -> list[str]:
    """An execution has ended, however: free its run's place and start what is next; the run ids that were started.

    For an execution that nobody dispatched (started in the console) there is nothing to free.
    """
    found = dispatcher.store.run_of_execution(execution_arn)
    if found is None:
        return []
    key, execution = found
    state = DagState(dispatcher.store, key.dag_id)
    state.release(key.run_id, execution)
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
    schedule = event.get("timetable", {}).get("type", "assets")
    if schedule == "continuous" or (schedule != "assets" and event["catchup"]):
        take(dispatcher, state, event, dispatcher.now(), activated=False)
    if "assets" in event:
        dispatch_assets.on_event(dispatcher, event)
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


def _start(dispatcher: Dispatcher, state: DagState, machine_arn: str, queued: Queued) -> None:
    name = queued.execution_name
    if queued.machine is not None:
        machine_arn = f"{machine_arn.rpartition(':')[0]}:{queued.machine}"
    execution_arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    # So that the end of an execution whose first state never worked is also known to be this run's.
    names = {"dag_id": state.dag_id, "run_id": queued.run_id, "execution": name}
    dispatcher.store.write([Put(f"execution/{execution_arn}", "run", names)])
    try:
        text = json.dumps(queued.input, ensure_ascii=False)
        dispatcher.machines.start_execution(stateMachineArn=machine_arn, name=name, input=text)
    except Exception as error:
        _not_started(dispatcher, state, queued, error)
    state.dequeue(queued)


def _not_started(dispatcher: Dispatcher, state: DagState, queued: Queued, error: Exception) -> None:
    """The execution is there already, or the machine for re-runs is gone, which must not hold up the queue."""
    from lambdas.aws import error_code

    code, name = error_code(error), queued.execution_name
    if code == "StateMachineDoesNotExist" and queued.machine is not None:
        gone = f"the state machine {queued.machine} is gone: deploy the DAG again"
        now = dispatcher.now().isoformat()
        dispatcher.store.end_run(RunKey(state.dag_id, queued.run_id), name, "failed", now, gone)
    elif code != "ExecutionAlreadyExists":
        raise error
    if has_ended(dispatcher, state, queued.run_id):
        state.release(queued.run_id, name)


def handler(event: Event, _context: Any) -> dict[str, Any]:
    """The Lambda's entry."""
    dispatcher = from_environment()
    if event.get("sweep"):
        from lambdas.run_ended import sweeper

        return sweep.sweep(sweeper(dispatcher))
    return dispatch(dispatcher, event)


def from_environment() -> Dispatcher:
    """The dispatcher on AWS."""
    from functools import partial

    from lambdas.aws import clients, error_code, table_store
    from lambdas.scheduling.one_time import target_on_aws
    from lambdas.scheduling.renewal import renew

    def ask(event: Event) -> Ask | None:
        from lambdas.scheduling.ask_timetable import asker_of

        return asker_of(event)

    def renewal(event: Event, tick: datetime) -> int:
        return renew(clients().client("scheduler"), event, tick, datetime.now(UTC), target_on_aws(), ask(event))

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
    machines = clients().stepfunctions
    return Dispatcher(store, machines, now, renewal, tell, lambda: sweep.arm_on_aws(clients()), status, ask)
