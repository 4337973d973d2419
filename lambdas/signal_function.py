"""The signal function: where branches of a machine meet that do not nest, and where tasks wait for slots and for the
DagRun before. One for the platform; it loads no DAG.

    {"kind": "await", "run", "join": "d", "sources": ["a", "b"], "rule": null | {"trigger_rule", "upstream"}, "token"}
    {"kind": "signal", "run", "source": "a", "joins": ["d", "f"], "states": {…}}
    {"kind": "admit", "run", "task_id", "map_index", "limits": {…}, "token"}      slots for a task: see `slots`
    {"kind": "release", "run", "task_id", "map_index", "limits": {…}, "tells_next"}
    {"kind": "await_past", "run", "task_id", "ignore_first", "downstream": […], "scheduled_only", "token"}: see `past`
    {"kind": "tell_next", "run", "task_id", "state"}
    {"kind": "wake", "gates": [name, …]} or {"kind": "wake", "run"}               somebody changed a pool, or a record
    {"kind": "watch", "run", "task_id", "map_index"?, "watch": {…} | null, "token"}        see `external`, `objects`
    {"kind": "wake_watchers", "dag_id", "logical_date"}
    {"detail-type": "Object Created", "detail": {…}}                              S3's own event, see `objects`

In a mapped task group both also say which `map_index` they are about. `await` registers a task token, `signal` records
that a source has come and with which states; both touch one item atomically, and whichever completes the join calls
SendTaskSuccess with the merged states. Without a rule a join is complete when all sources have come; with one, as soon
as the rule is decided (an early-firing trigger rule), and then the output also says {join: verdict} unless the task is
to run. Doing either twice changes nothing: a token that was used up answers with an error that is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.aws import error_code
from lambdas.storage.records import Join, RunKey
from lambdas.storage.store import Store
from lambdas.waiting import objects
from lambdas.waiting.external import Watched, wake_all, watch

# The token was used, or its state has ended: somebody else has completed the join.
_USED_UP = frozenset({"TaskTimedOut", "InvalidToken", "TaskDoesNotExist"})


class TaskTokens(Protocol):
    """The part of a Step Functions client that a join needs."""

    def send_task_success(self, *, taskToken: str, output: str) -> Any:  # noqa: N803 - AWS's name
        """Ends the state that waits with this token; `output` is JSON text."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What the function works with. arm: makes sure of a sweep, for who begins to wait (see `sweep`)."""

    store: Store
    tokens: TaskTokens
    arm: Callable[[], object] = lambda: None


def await_sources(signals: Signals, event: Mapping[str, Any]) -> dict[str, Any]:
    """Register who waits; everything may have come already."""
    run = event["run"]
    key = RunKey(run["dag_id"], run["run_id"])
    join = signals.store.await_join(
        key,
        run["execution"],
        _place(event, event["join"]),
        token=event["token"],
        sources=event["sources"],
        rule=event.get("rule"),
    )
    return {"completed": [event["join"]] if _complete(signals, event["join"], join) else []}


def signal_joins(signals: Signals, event: Mapping[str, Any]) -> dict[str, Any]:
    """Tell each join that this source has come."""
    run = event["run"]
    key = RunKey(run["dag_id"], run["run_id"])
    completed = []
    for name in event["joins"]:
        place = _place(event, name)
        join = signals.store.signal_join(key, run["execution"], place, source=event["source"], states=event["states"])
        if _complete(signals, name, join):
            completed.append(name)
    return {"completed": completed}


def _place(event: Mapping[str, Any], join: str) -> str:
    """Where the join is kept: each instance of a mapped task group has its own."""
    return f"{join}/{event['map_index']}" if "map_index" in event else join


def _complete(signals: Signals, name: str, join: Join) -> bool:
    """Let the state that waits go on, if somebody waits and the join is decided."""
    if join.token is None or join.sources is None:
        return False
    verdict = _verdict(join)
    if verdict is None:
        return False
    states = dict(join.states) if verdict == "run" else {**join.states, name: verdict}
    return tell(signals, join.token, json.dumps(states))


def tell(signals: Signals, token: str, output: str = "{}") -> bool:
    """Let the state that waits with the token go on; False if it has gone on, or ended, already."""
    try:
        signals.tokens.send_task_success(taskToken=token, output=output)
    except Exception as error:
        if _name_of(error) not in _USED_UP:
            raise
        return False
    return True


def register_watcher(signals: Signals, event: Mapping[str, Any]) -> dict[str, Any]:
    """Register a sensor that waits for another DAG, or for objects; what it waits for may have come since it looked.

    One that watches nothing (it is to try again after a failure) waits until its time is over.
    """
    if event["watch"] is None:
        return {"woken": False}
    run, what = event["run"], event["watch"]
    waiter = objects.waiter_id(run["dag_id"], run["execution"], event["task_id"], event.get("map_index", -1))
    if "objects" in what:
        changed = objects.wait(signals.store, waiter, what["objects"], event["token"], what["seconds"])
    else:
        changed = watch(signals.store, Watched.from_json(what), what["seen"], waiter, event["token"])
    return {"woken": changed and tell(signals, event["token"])}


def wake_watchers(signals: Signals, event: Mapping[str, Any]) -> dict[str, Any]:
    """A run or a task of a DAG has ended, or a run has begun: who waits for that date looks again."""
    woken = wake_all(signals.store, lambda token: tell(signals, token), event["dag_id"], event["logical_date"])
    return {"woken": woken}


def object_created(signals: Signals, event: Mapping[str, Any]) -> dict[str, Any]:
    """S3 has a new object, or a new version of one: who waits for such a key looks again."""
    bucket, key = objects.created(event)
    return {"woken": objects.wake(signals.store, lambda token: tell(signals, token), bucket, key)}


def _verdict(join: Join) -> str | None:
    """ "run", "skipped" or "upstream_failed"; None while it is open."""
    if join.rule is None:
        return "run" if join.arrived.issuperset(join.sources or ()) else None
    from dag_translator.trigger_rules import evaluate

    upstream = join.rule["upstream"]
    states: list[str] = []
    for task_id in upstream:
        state = join.states.get(task_id)
        states.extend(state if isinstance(state, list) else [state] if state is not None else [])
    known = sum(task_id in join.states for task_id in upstream)
    # A mapped task counts once for each of its distinct states.
    return evaluate(join.rule["trigger_rule"], states, len(states) + len(upstream) - known)


def _name_of(error: Exception) -> str:
    """The code of a botocore ClientError, or the class name of what a fake or the in-process engine raises."""
    return error_code(error) or type(error).__name__


def _limited(kind: str) -> Callable[[Signals, Mapping[str, Any]], dict[str, Any]]:
    """Most runs wait for neither slots nor the past, and don't load the code for it."""

    def handle_limited(signals: Signals, event: Mapping[str, Any]) -> dict[str, Any]:
        from lambdas.waiting import admission

        waiting = admission.Waiting(signals.store, lambda token: tell(signals, token), signals.arm)
        return admission.KINDS[kind](waiting, event)

    return handle_limited


KINDS: Mapping[str, Callable[[Signals, Mapping[str, Any]], dict[str, Any]]] = {
    "await": await_sources,
    "signal": signal_joins,
    "admit": _limited("admit"),
    "release": _limited("release"),
    "await_past": _limited("await_past"),
    "tell_next": _limited("tell_next"),
    "wake": _limited("wake"),
    "watch": register_watcher,
    "wake_watchers": wake_watchers,
    "Object Created": object_created,
}


def handle(signals: Signals, event: Mapping[str, Any]) -> dict[str, Any]:
    """One event, by its kind; EventBridge's own have a detail type."""
    return KINDS[event["kind"] if "kind" in event else event["detail-type"]](signals, event)


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """The Lambda's entry."""
    from lambdas.aws import clients, table_store

    def arm() -> None:
        from lambdas.waiting.sweep import arm_on_aws

        arm_on_aws(clients())

    return handle(Signals(table_store(), clients().stepfunctions, arm), event)
