"""What became of a run: states, tries, XComs, rendered fields, and when each task ran on the machine's clock.

Everything is read from where a deployed run would leave it: the store's records and the execution's history.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lambdas.storage import xcom_codec
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import RunKey, TaskRecord

# What follows the task_id in the names of states that do a part of its work.
_WORK = tuple(f" · {role}" for role in ("failed", "prepare", "record", "poll", "wait", "round ends"))


@dataclass(frozen=True, slots=True)
class Span:
    """When something ran: seconds since the run's start."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run that is over. tasks: "id" or "id[map_index]" → state; spans: task_id → from its first state to its last.

    xcoms: task → key → value as JSON with tags for what JSON lacks. definition_bytes: of the deployed definition.
    history_events: of the longest history; transitions: of all executions, where a DAG has parts.
    error: why the execution failed, None if it did not. execution: the engine's, with its history.
    """

    dag_id: str
    run_id: str
    state: str
    tasks: Mapping[str, str]
    try_number: Mapping[str, int]
    xcoms: Mapping[str, Mapping[str, Any]]
    rendered: Mapping[str, Any]
    makespan_s: float
    transitions: int
    history_events: int
    definition_bytes: int
    error: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)
    invocations: int = 0
    lambda_seconds: float = 0.0
    execution: Any = field(default=None, repr=False)
    store: MemoryStore | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        translation: Any,
        run_id: str,
        executions: Sequence[Any],
        store: MemoryStore,
        invocations: int,
        lambda_seconds: float,
    ) -> RunResult:
        """Read the result of `executions`, which are over: the machine's own, and those of its parts."""
        execution = executions[0]
        key = RunKey(translation.dag_id, run_id)
        order = {task["task_id"]: index for index, task in enumerate(translation.manifest["tasks"])}
        records = sorted(store.list_tasks(key), key=lambda each: (order.get(each.task_id, -1), each.map_index))
        run = store.get_run(key)
        return cls(
            dag_id=translation.dag_id,
            run_id=run_id,
            state=run.state if run is not None else "failed",
            tasks={name_of(record): record.state for record in records},
            try_number={name_of(record): record.try_number for record in records},
            xcoms=_xcoms(store, key),
            rendered={name_of(record): json.loads(record.rendered) for record in records if record.rendered},
            makespan_s=round((execution.stopped - execution.started).total_seconds(), 6),
            transitions=sum(each.charged for each in executions),
            history_events=max(len(each.events) for each in executions),
            definition_bytes=max(map(_bytes, translation.definitions)),
            error=_why(execution),
            errors={name_of(record): record.error_message or record.error for record in records if record.error},
            spans={**_recorded(records, execution), **dict(_spans(translation.manifest, executions))},
            invocations=invocations,
            lambda_seconds=lambda_seconds,
            execution=execution,
            store=store,
        )

    def instances(self, task_id: str) -> list[str]:
        """The task's instances by their names in `tasks`: itself, or "id[0]", "id[1]", …"""
        return [name for name in self.tasks if name == task_id or name.startswith(f"{task_id}[")]

    def to_json(self) -> dict[str, Any]:
        """What `airstep dags test --output json` prints."""
        names = (
            *("dag_id", "run_id", "state", "tasks", "try_number", "xcoms", "rendered", "makespan_s"),
            *("transitions", "history_events", "definition_bytes"),
        )
        told = {name: getattr(self, name) for name in names}
        if self.errors:
            told["errors"] = dict(self.errors)
        if self.error is not None:
            told["error"] = self.error
        return told


def _bytes(definition: Any) -> int:
    return len(json.dumps(definition, ensure_ascii=False).encode())


def name_of(record: TaskRecord) -> str:
    """ "id", or "id[map_index]" of a mapped task's instance."""
    return record.task_id if record.map_index < 0 else f"{record.task_id}[{record.map_index}]"


def _xcoms(store: MemoryStore, run: RunKey) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for xcom in store.list_xcoms(run):
        name = xcom.task_id if xcom.map_index < 0 else f"{xcom.task_id}[{xcom.map_index}]"
        found.setdefault(name, {})[xcom.key] = xcom_codec.display(xcom.text)
    return found


def _why(execution: Any) -> str | None:
    if execution.status == "SUCCEEDED":
        return None
    cause = execution.cause or ""
    try:
        told = json.loads(cause)
        cause = told.get("errorMessage", cause) if isinstance(told, dict) else cause
    except ValueError:
        pass
    return f"{execution.error or execution.status}: {cause}" if cause else str(execution.error or execution.status)


def _recorded(records: Iterable[TaskRecord], execution: Any) -> dict[str, Span]:
    """From the records, for what runs in the children of a distributed map, whose histories are their own."""
    found: dict[str, Span] = {}
    for record in records:
        if record.start_date is None or record.end_date is None:
            continue
        start, end = (
            (datetime.fromisoformat(moment) - execution.started).total_seconds()
            for moment in (record.start_date, record.end_date)
        )
        so_far = found.get(record.task_id, Span(start, end))
        found[record.task_id] = Span(min(start, so_far.start), max(end, so_far.end))
    return found


def _spans(manifest: Mapping[str, Any], executions: Sequence[Any]) -> Iterator[tuple[str, Span]]:
    """From the histories: when a task's first state was entered and its last one left, without waiting for others."""
    owner = {name: task["task_id"] for task in manifest["tasks"] for name in task["states"] if _is_own_work(name, task)}
    began: dict[str, datetime] = {}
    ended: dict[str, datetime] = {}
    for event in (event for execution in executions for event in execution.events):
        if "stateEnteredEventDetails" in event:
            task_id = owner.get(event["stateEnteredEventDetails"]["name"])
            if task_id is not None:
                began.setdefault(task_id, event["timestamp"])
        elif "stateExitedEventDetails" in event:
            task_id = owner.get(event["stateExitedEventDetails"]["name"])
            if task_id is not None:
                ended[task_id] = event["timestamp"]
    whole = executions[0]
    for task_id, start in began.items():
        end = ended.get(task_id, whole.stopped)
        yield task_id, Span((start - whole.started).total_seconds(), (end - whole.started).total_seconds())


def _is_own_work(name: str, task: Mapping[str, Any]) -> bool:
    """Whether a state is the task at work, not its waiting for others, its guard, or its telling others."""
    role = name.removeprefix(task["task_id"])
    return not role or role.startswith(_WORK) or (task["is_sensor"] and role.startswith("?"))
