"""What every kind of work gets: the DAG, the store, the clock, and the way out to AWS. Nothing here does I/O by itself.

A Lambda builds one `Runtime` per cold start (`task_function`), a test or a local run builds its own:

>>> from lambdas.storage.memory_store import MemoryStore
>>> runtime = Runtime(dag=None, store=MemoryStore(), now=lambda: datetime(2024, 1, 1, tzinfo=UTC))
>>> runtime.timestamp()
'2024-01-01T00:00:00+00:00'
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from dag_translator.authoring.runtime import Runtime as Lender
from lambdas.backends import TemplateLender
from lambdas.storage.records import DagRun, RunKey
from lambdas.storage.store import Store


def utcnow() -> datetime:
    return datetime.now(UTC)


def parse_time(text: str) -> datetime:
    """An ISO 8601 text as an aware datetime in UTC; without an offset it is UTC."""
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Runtime:
    """dag: the live DAG (None where none is needed). lender: what operators borrow (secrets, AWS clients, templates).
    now: the clock; sleep: waits inside an invocation, None where that is not worth while. remaining_ms: what is left of
    the Lambda's time, None if there is no end. worker: names this invocation. function: this Lambda, as name:version.
    observe: what to put around a task's code, given its labels (log lines carry them). intervals: the fields of
    `dag_translator.schedule.IntervalSettings` that are not the defaults. measure: takes the final state of a try, its
    seconds and its labels. wake: lets the signal function wake who waits for the DAG's run of a logical date, None
    where nobody can wait. memory_mb: of the Lambda. event_buckets: S3 buckets whose events wake who waits. send_assets:
    puts asset events where their consumers get them.
    """

    dag: Any
    store: Store
    lender: Lender = field(default_factory=TemplateLender)
    now: Callable[[], datetime] = utcnow
    sleep: Callable[[float], None] | None = None
    remaining_ms: Callable[[], int] | None = None
    worker: str = ""
    log_stream: str | None = None
    function: str | None = None
    intervals: Mapping[str, bool] = field(default_factory=dict)
    observe: Callable[[Mapping[str, Any]], AbstractContextManager[Any]] = field(default=lambda _: nullcontext())
    measure: Callable[[str, float, Mapping[str, Any]], None] = field(default=lambda *_: None)
    wake: Callable[[str, str], None] | None = None
    memory_mb: int = 512
    event_buckets: tuple[str, ...] = ()
    send_assets: Callable[[Sequence[Mapping[str, Any]]], None] = field(default=lambda _: None)

    def timestamp(self) -> str:
        return iso(self.now())


@dataclass(frozen=True, slots=True)
class RunInfo:
    """`$run`, as it comes with every payload. Times are ISO 8601 or None; conf is the plain dict.

    clear_number: how many executions of the run there were before; 0 unless it is a re-run. left_out: the run does
    without some of the DAG's tasks (`partial_run`).
    """

    dag_id: str
    run_id: str
    run_type: str
    execution: str
    run_after: str
    start_date: str
    logical_date: str | None
    data_interval_start: str | None
    data_interval_end: str | None
    conf: Mapping[str, Any]
    clear_number: int = 0
    asset_events: str | None = None
    left_out: bool = False

    @property
    def key(self) -> RunKey:
        return RunKey(self.dag_id, self.run_id)

    @classmethod
    def of(cls, run: DagRun, conf: Mapping[str, Any]) -> RunInfo:
        """Of a DagRun that is stored."""
        names = [field.name for field in fields(cls) if field.name not in ("conf", "left_out")]
        return cls(**{name: getattr(run, name) for name in names}, conf=conf)

    @classmethod
    def from_json(cls, run: Mapping[str, Any], store: Store) -> RunInfo:
        """The `$run` of a payload; a conf that is kept in the bucket is fetched."""
        conf = run.get("conf") or {}
        if conf == {"s3": RunKey(run["dag_id"], run["run_id"]).conf_blob}:
            conf = json.loads(store.get_blob(conf["s3"]))
        return cls(
            dag_id=run["dag_id"],
            run_id=run["run_id"],
            run_type=run["run_type"],
            execution=run["execution"],
            run_after=run.get("run_after") or run["start_date"],
            start_date=run["start_date"],
            logical_date=run.get("logical_date"),
            data_interval_start=run.get("data_interval_start"),
            data_interval_end=run.get("data_interval_end"),
            conf=conf,
            clear_number=int(run.get("clear_number", 0)),
            asset_events=run.get("asset_events"),
            left_out=bool(run.get("left_out")),
        )
