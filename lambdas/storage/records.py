"""What the table holds, as data: DagRuns, task instances, XComs and joins, with the keys they are stored under.

    pk "{dag_id}/{run_id}"   sk "run"                                DagRun
                             sk "ti/{task_id}/{map_index}"           TaskRecord (-1: not mapped)
                             sk "xcom/{task_id}/{map_index}/{key}"   XCom
                             sk "try/{task_id}/…"                    earlier tries, see `history`
                             sk "map/{task_id}"                      what a mapped task is mapped over (Mapped)
                             sk "join/{execution}/{task_id}"         Join
    pk "dag/{dag_id}"        sk "run/{run_after}/{run_id}"           index of the DagRuns, oldest first
                             sk "state"                              pause state and the like (the dispatcher's)
    pk "execution/{arn}"     sk "run"                                which DagRun an execution is

Backfills have items of their own, see `backfills`. Times are ISO 8601 strings in UTC, so that they sort. A record
becomes an item by leaving out what is None.

>>> TaskKey("etl", "manual__1", "load").sk
'ti/load/-1'
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

Item = dict[str, Any]
Record = TypeVar("Record", bound="DagRun | TaskRecord")

FINAL_TASK_STATES = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
CLEARED = "none"  # of a task instance that is to run again; Airflow has no state for it either
FINAL_RUN_STATES = frozenset({"success", "failed"})
STOPPED = frozenset({"TIMED_OUT", "ABORTED", "FAILED"})  # the `error` of a task instance that ended with its machine
QUEUED = "queued"  # of a DagRun that was cleared, until its next execution begins
SEPARATOR = "/"


class TaskInstanceState(str, enum.Enum):  # noqa: UP042 - str() of Airflow's shows the member, StrEnum's shows the value
    """The state of `ti`; it equals the plain string."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"


@dataclass(frozen=True, slots=True)
class RunKey:
    """Which DagRun."""

    dag_id: str
    run_id: str

    @property
    def pk(self) -> str:
        return f"{self.dag_id}/{self.run_id}"

    @property
    def conf_blob(self) -> str:
        """Where a large conf is kept."""
        return f"conf/{self.dag_id}/{self.run_id}.json"


@dataclass(frozen=True, slots=True)
class TaskKey:
    """Which task instance; map_index is -1 for a task that is not mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    @property
    def run(self) -> RunKey:
        return RunKey(self.dag_id, self.run_id)

    @property
    def pk(self) -> str:
        return self.run.pk

    @property
    def sk(self) -> str:
        return f"ti/{self.task_id}/{self.map_index}"

    def xcom_sk(self, key: str) -> str:
        return f"xcom/{self.task_id}/{self.map_index}/{key}"


@dataclass(frozen=True, slots=True)
class DagRun:
    """One run of a DAG. conf is JSON text; execution is the name, execution_arn the ARN of the newest execution;
    backfill_id: of the backfill that started it last; clear_number: how many executions there were before;
    asset_events: which of the DAG's asset events started it, as "first-last"; function: name and version of the Lambda
    to ask when the machine is stopped (name:version)."""

    dag_id: str
    run_id: str
    run_type: str
    state: str
    run_after: str
    start_date: str
    execution: str
    execution_arn: str = ""
    logical_date: str | None = None
    data_interval_start: str | None = None
    data_interval_end: str | None = None
    end_date: str | None = None
    conf: str = "{}"
    error: str | None = None
    backfill_id: str | None = None
    clear_number: int = 0
    asset_events: str | None = None
    function: str | None = None

    @property
    def key(self) -> RunKey:
        return RunKey(self.dag_id, self.run_id)

    @property
    def index_sk(self) -> str:
        return f"run/{self.run_after}/{self.run_id}"


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task instance, at its latest try.

    attempt: Step Functions' RetryCount at entry; worker: the Lambda request that wrote the record last (tells a write
    whose answer was lost from somebody else's); states: the answer to give again once the task has succeeded;
    first_poke, pokes: a sensor's; retry_in: whole seconds until the next try, where Lambda decides that; rendered:
    JSON text of the rendered template fields; rendered_map_index: what `map_index_template` says of a mapped instance;
    watched: another DAG waits for its end (`external`); asset_events: JSON text of the events that its success made.
    """

    dag_id: str
    run_id: str
    task_id: str
    state: str
    map_index: int = -1
    try_number: int = 0
    max_tries: int = 0
    attempt: int = 0
    execution: str = ""
    operator: str = ""
    worker: str = ""
    log_stream: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    states: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    error_message: str | None = None
    first_poke: str | None = None
    pokes: int = 0
    retry_in: int | None = None
    rendered: str | None = None
    rendered_map_index: str | None = None
    watched: bool = False
    asset_events: str | None = None

    @property
    def key(self) -> TaskKey:
        return TaskKey(self.dag_id, self.run_id, self.task_id, self.map_index)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_TASK_STATES


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapped task is mapped over, where that is the output of mapped tasks.

    length: the number of its instances. pushed: for each mapped task that it is mapped over the map indexes that pushed
    a value, or only their number where they are 0, 1, 2, … without a gap.
    """

    length: int
    pushed: Mapping[str, int | list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class XCom:
    """One XCom; text is what `xcom_codec.encode` made."""

    task_id: str
    map_index: int
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Fence:
    """What must still be true of a task instance's record for a write to count. None: not looked at."""

    state: str | None = None
    try_number: int | None = None
    attempt: int | None = None
    execution: str | None = None
    pokes: int | None = None
    watched: bool | None = None

    @classmethod
    def unchanged(cls, record: TaskRecord) -> Fence:
        """Nobody has written since `record` was read."""
        return cls(record.state, record.try_number, record.attempt, record.execution, record.pokes, record.watched)

    def equals(self) -> Item:
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


@dataclass(frozen=True, slots=True)
class Join:
    """Where branches of a machine meet: the states of the tasks before it, which sources have come, who waits."""

    arrived: frozenset[str]
    states: Mapping[str, Any]
    token: str | None = None
    sources: tuple[str, ...] | None = None
    rule: Mapping[str, Any] | None = None


def to_item(record: DagRun | TaskRecord) -> Item:
    """The record's attributes without the ones that are None or empty mappings."""
    pairs = ((f.name, getattr(record, f.name)) for f in fields(record))
    return {
        name: dict(value) if isinstance(value, Mapping) else value for name, value in pairs if value not in (None, {})
    }


def from_item(kind: type[Record], item: Mapping[str, Any]) -> Record:
    """The record of an item; attributes that this version does not know are left out."""
    known = {f.name for f in fields(kind)}
    return kind(**{name: value for name, value in item.items() if name in known})


def changed(record: Record, **values: Any) -> Record:
    """A copy of `record` with some fields replaced."""
    return replace(record, **values)
