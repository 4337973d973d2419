"""`ti`: the task instance as running code sees it, with `xcom_push` and `xcom_pull` as Airflow 3.3.2 has them.

What is pushed is kept until the task's outcome is written, so that both are written together; the task itself sees its
own pushes at once. Values are encoded when they are pushed, so that what can't be stored fails on the line that
pushes it.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterable
from itertools import product
from typing import Any

from dag_translator.authoring.types import NOTSET
from lambdas import xcom_codec
from lambdas.lazy import dated
from lambdas.other_dags import OtherDags
from lambdas.records import Mapped, RunKey, TaskKey, TaskRecord
from lambdas.runtime import RunInfo, Runtime

XCOM_RETURN_KEY = "return_value"
_SORT_KEY_LIMIT = 1024  # DynamoDB's


class TaskInstanceState(str, enum.Enum):  # noqa: UP042 - str() of Airflow's shows the member, StrEnum's shows the value
    """The state of `ti`; it equals the plain string."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"


class TaskInstance(OtherDags):
    """One try of one task. `task` is this try's own copy of the operator."""

    def __init__(self, runtime: Runtime, run: RunInfo, task: Any, record: TaskRecord) -> None:
        self._runtime = runtime
        self._run = run
        self._record = record
        self.task = task
        self.task_id = record.task_id
        self.dag_id = record.dag_id
        self.run_id = record.run_id
        self.map_index = record.map_index
        self.try_number = record.try_number
        self.max_tries = record.max_tries
        self.hostname = "lambda"
        self.pushed: dict[str, str] = {}
        self.rendered: str | None = None
        self.mapped_over: Mapped | None = None  # read when first needed
        self._context: Any = None

    # --- what it is ------------------------------------------------------------------------------------------------

    @property
    def record(self) -> TaskRecord:
        return self._record

    def moved_to(self, record: TaskRecord) -> None:
        """The outcome has been written: what was pushed is stored, `state` and `end_date` are final."""
        self._record = record
        self.pushed = {}

    @property
    def state(self) -> TaskInstanceState:
        return TaskInstanceState(self._record.state)

    def current_state(self, *_: Any, **__: Any) -> str:
        return self._record.state

    def is_eligible_to_retry(self) -> bool:
        return self.try_number <= self.max_tries

    @property
    def start_date(self) -> Any:
        return dated(self._record.start_date)

    @property
    def end_date(self) -> Any:
        return dated(self._record.end_date)

    @property
    def duration(self) -> float | None:
        end = self.end_date or self._runtime.now()
        return (end - self.start_date).total_seconds() if self._record.start_date else None

    @property
    def operator(self) -> str:
        return str(self.task.task_type)

    @property
    def queue(self) -> str:
        return str(self.task.queue)

    @property
    def pool(self) -> str:
        return str(self.task.pool)

    @property
    def prev_attempted_tries(self) -> int:
        return self.try_number

    @property
    def rendered_map_index(self) -> str | None:
        """What the task's `map_index_template` says of this instance."""
        template = self.task.map_index_template
        if self.map_index < 0 or template is None:
            return None
        from lambdas.templates import render_label

        try:
            return render_label(self.task.dag, template, self.get_template_context())
        except Exception:
            self.log.warning("map_index_template %r can't be rendered", template, exc_info=True)
            return None

    @property
    def expanded_count(self) -> int | None:
        """How many instances the mapped task has; None if the task is not mapped."""
        mapped = self._runtime.dag.task_dict[self.task_id]
        if not mapped.is_mapped:
            return None
        length: int | None = mapped.expand_input.parse_time_length()
        if length is not None:
            return length
        kept = self._what_it_is_mapped_over()
        return kept.length if kept is not None else None

    def _what_it_is_mapped_over(self) -> Mapped | None:
        if self.mapped_over is None and self.map_index >= 0:
            self.mapped_over = self._runtime.store.get_mapped(self._run.key, self.task_id)
        return self.mapped_over

    @property
    def key(self) -> TaskKey:
        return self._record.key

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger("airflow.task")

    @property
    def log_url(self) -> str:
        """Where the task's log is in the AWS console; empty outside Lambda."""
        import os

        group, region = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME"), os.environ.get("AWS_REGION")
        if not group or not region:
            return ""
        quoted = group.replace("/", "$252F")
        return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{quoted}"

    @property
    def dag_run(self) -> Any:
        return self.get_template_context()["dag_run"]

    def get_dagrun(self, *_: Any, **__: Any) -> Any:
        return self.dag_run

    def get_template_context(self, *_: Any, **__: Any) -> Any:
        """The context; always the same object, so what callbacks and hooks put into it stays there."""
        if self._context is None:
            from lambdas.context import Context

            self._context = Context(self._runtime, self._run, self)
        return self._context

    def render_templates(self, context: Any = None, jinja_env: Any = None) -> Any:
        self.task.render_template_fields(context or self.get_template_context(), jinja_env)
        return self.task

    def get_previous_dagrun(self, state: str | None = None, *_: Any, **__: Any) -> Any:
        from lambdas.dag_run import previous_run

        return previous_run(self._runtime, self._run, state)

    @property
    def previous_ti(self) -> Any:
        return self.get_previous_ti()

    def get_previous_ti(self, state: str | None = None, *_: Any, **__: Any) -> Any:
        """This task in the nearest earlier run (in which it ended in `state`); None if there is none."""
        from lambdas.dag_run import earlier_runs

        for run in earlier_runs(self._runtime, self._run):
            record = self._runtime.store.get_task(TaskKey(run.dag_id, run.run_id, self.task_id, self.map_index))
            if record is not None and (state is None or record.state == state):
                return record
        return None

    def get_first_reschedule_date(self, _context: Any = None) -> Any:
        return dated(self._record.first_poke)

    def __repr__(self) -> str:
        return f"<TaskInstance: {self.dag_id}.{self.task_id} {self.run_id} [{self._record.state}]>"

    # --- XComs -----------------------------------------------------------------------------------------------------

    def xcom_push(self, key: str, value: Any, *_: Any, **__: Any) -> None:
        """Store `value` under `key`, for this run. None is not stored (a pull finds None anyway)."""
        if not isinstance(key, str) or not key:
            raise ValueError(f"an XCom's key must be a string that is not empty, not {key!r}")
        if len(self._record.key.xcom_sk(key).encode()) > _SORT_KEY_LIMIT:
            raise ValueError(f"an XCom's key together with its task_id takes at most 1,000 bytes: {key[:80]!r}…")
        if value is None:
            self.pushed.pop(key, None)
            return
        self.pushed[key] = xcom_codec.encode(value, f"XCom {key!r} of task {self.task_id!r}")

    def xcom_sequence(self, task_id: str, key: str = XCOM_RETURN_KEY) -> Any:
        """What the instances of a mapped task have pushed; what this task is mapped over is known by its indexes."""
        from lambdas.mapped import LazyXComSequence

        kept = self._what_it_is_mapped_over()
        known = kept.pushed.get(task_id) if kept is not None and key == XCOM_RETURN_KEY else None
        return LazyXComSequence(self._runtime.store, self._run.key, task_id, key, known)

    def xcom_pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        dag_id: str | None = None,
        key: str = XCOM_RETURN_KEY,
        include_prior_dates: bool = False,
        session: Any = None,  # noqa: ARG002 - Airflow 2 passes one
        *,
        map_indexes: Any = NOTSET,
        default: Any = None,
        run_id: str | None = None,
    ) -> Any:
        """What tasks have pushed; None where there is nothing.

        One task: its value, or the list of its values if it is mapped. Several: the list of their values, in their
        order. No task_ids: this task's own. Another DAG's are refused: its rows are not this role's to read. As in
        Airflow 3, `default` counts only together with `map_indexes`.
        """
        if dag_id not in (None, self.dag_id):
            from dag_translator.authoring.exceptions import AirflowException

            raise AirflowException(
                f"xcom_pull(dag_id={dag_id!r}): a DAG's Lambda may read its own DAG's XComs only; hand the value over"
                " by S3, a Variable, or the conf of a triggered run"
            )
        run = RunKey(self.dag_id, run_id or self.run_id)
        single = task_ids is None or isinstance(task_ids, str)
        tasks: list[Any] = [task_ids or self.task_id] if single else list(task_ids or ())
        if map_indexes is NOTSET:
            return self._pull_all(run, tasks, key, single, include_prior_dates, default)
        single_index = map_indexes is None or isinstance(map_indexes, int)
        indexes = [map_indexes] if single_index else list(map_indexes)
        values = []
        for task_id, index in product(tasks, indexes):
            wanted = -1 if index is None else index
            value = dict(self._fetch(run, task_id, key, include_prior_dates)).get(wanted)
            values.append(default if value is None else value)
        return values[0] if single and single_index else values

    def _pull_all(self, run: RunKey, tasks: list[Any], key: str, single: bool, prior: bool, default: Any) -> Any:
        values: list[Any] = []
        for task_id in tasks:
            found = [value for _, value in self._fetch(run, task_id, key, prior)]
            if not found and default is NOTSET and single:  # an XComArg asks so, to tell "nothing" from None
                return NOTSET
            values.extend(found or [None])
        return values[0] if single and len(values) == 1 else values

    def _is_mapped(self, run: RunKey, task_id: str) -> bool:
        """Whether the task may have several instances; so too where that can't be known."""
        task = self.task.dag.task_dict.get(task_id) if run.dag_id == self.dag_id else None
        return task is None or bool(task.get_needs_expansion())

    def _fetch(self, run: RunKey, task_id: str, key: str, prior: bool) -> list[tuple[int, Any]]:
        """(map_index, value) of a task's XComs of one key; with `prior` from the latest run that has any."""
        texts = self._texts(run, task_id, key)
        if not texts and prior:
            from lambdas.dag_run import earlier_runs

            for earlier in earlier_runs(self._runtime, self._run, dag_id=run.dag_id):
                texts = self._texts(RunKey(run.dag_id, earlier.run_id), task_id, key)
                if texts:
                    break
        return [(index, xcom_codec.decode(text)) for index, text in texts]

    def _texts(self, run: RunKey, task_id: str, key: str) -> list[tuple[int, str]]:
        if run == self._record.key.run and task_id == self.task_id and key in self.pushed:
            return [(self.map_index, self.pushed[key])]
        if not self._is_mapped(run, task_id):
            text = self._runtime.store.get_xcom(TaskKey(run.dag_id, run.run_id, task_id), key)
            return [] if text is None else [(-1, text)]
        return [(xcom.map_index, xcom.text) for xcom in self._runtime.store.list_xcoms(run, task_id, key)]
