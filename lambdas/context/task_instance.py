"""`ti`: the task instance as running code sees it. Its `xcom_push` and `xcom_pull` are in `xcom_access`."""

from __future__ import annotations

import logging
from typing import Any

from lambdas.context.lazy import dated
from lambdas.context.other_dags import OtherDags
from lambdas.context.xcom_access import XCOM_RETURN_KEY, XComAccess
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import TaskInstanceState, TaskKey, TaskRecord

__all__ = ["XCOM_RETURN_KEY", "TaskInstance", "TaskInstanceState"]


class TaskInstance(XComAccess, OtherDags):
    """One try of one task. `task` is this try's own copy of the operator."""

    def __init__(self, runtime: Runtime, run: RunInfo, task: Any, record: TaskRecord) -> None:
        super().__init__(runtime, run, task, record)
        self.try_number = record.try_number
        self.max_tries = record.max_tries
        self.hostname = "lambda"
        self.rendered: str | None = None
        self.asset_events: str | None = None
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
        """What the task's `map_index_template` says of this instance; None where it can't be rendered (yet)."""
        try:
            return self.label()
        except Exception:
            return None

    def label(self) -> str | None:
        """The task's `map_index_template`, rendered; raises what rendering raises."""
        template = self.task.map_index_template
        if template is None:
            return None
        from lambdas.context.templates import render_label

        text = render_label(self.task.dag, template, self.get_template_context())
        return str(self._runtime.lender.masker.redact(text)) if self.map_index >= 0 else None

    @property
    def is_mapped(self) -> bool:
        return self.map_index >= 0

    @property
    def priority_weight(self) -> int:
        return int(self.task.priority_weight)

    @property
    def stats_tags(self) -> dict[str, str]:
        return {"dag_id": self.dag_id, "task_id": self.task_id}

    @property
    def expanded_count(self) -> int | None:
        """How many instances the mapped task, or the mapped group around it, has; None if nothing is mapped."""
        mapped = self._what_is_mapped()
        if mapped is None:
            return None
        length: int | None = mapped.expand_input.parse_time_length()
        if length is not None:
            return length
        kept = self._what_it_is_mapped_over()
        return kept.length if kept is not None else None

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
        group = group.replace("/", "$252F")
        return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{group}"

    @property
    def mark_success_url(self) -> str:
        """Airflow's mails link such a page; here it is the log."""
        return self.log_url

    @property
    def dag_run(self) -> Any:
        return self.get_template_context()["dag_run"]

    def get_dagrun(self, *_: Any, **__: Any) -> Any:
        return self.dag_run

    def get_dag(self, dag_id: str) -> Any:
        """What is known of a deployed DAG: `dag_id` and `is_paused`. Only a schedule or a person makes it known."""
        from types import SimpleNamespace

        from lambdas.scheduling.dag_state import DagState

        state = DagState(self._runtime.store, dag_id)
        at_first = bool((state.last_event() or {}).get("is_paused_upon_creation"))
        return SimpleNamespace(dag_id=dag_id, is_paused=state.paused(at_first=at_first))

    def get_template_context(self, *_: Any, **__: Any) -> Any:
        """The context; always the same object, so what callbacks and hooks put into it stays there."""
        if self._context is None:
            from lambdas.context.context_keys import Context

            self._context = Context(self._runtime, self._run, self)
        return self._context

    def render_templates(self, context: Any = None, jinja_env: Any = None) -> Any:
        self.task.render_template_fields(context or self.get_template_context(), jinja_env)
        return self.task

    def get_previous_dagrun(self, state: str | None = None, *_: Any, **__: Any) -> Any:
        from lambdas.context.dag_run import previous_run

        return previous_run(self._runtime, self._run, state)

    @property
    def previous_ti(self) -> Any:
        return self.get_previous_ti()

    def get_previous_ti(self, state: str | None = None, *_: Any, **__: Any) -> Any:
        """This task in the nearest earlier run (in which it ended in `state`); None if there is none."""
        from lambdas.context.dag_run import earlier_runs

        for run in earlier_runs(self._runtime, self._run):
            record = self._runtime.store.get_task(TaskKey(run.dag_id, run.run_id, self.task_id, self.map_index))
            if record is not None and (state is None or record.state == state):
                return record
        return None

    def get_first_reschedule_date(self, _context: Any = None) -> Any:
        return dated(self._record.first_poke)

    def __repr__(self) -> str:
        return f"<TaskInstance: {self.dag_id}.{self.task_id} {self.run_id} [{self._record.state}]>"
