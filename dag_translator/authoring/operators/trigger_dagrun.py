"""TriggerDagRunOperator: starts a run of another DAG, and waits for its end if asked to.

Step Functions starts the other DAG's machine natively; `execute` is for subclasses that call it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dag_translator.authoring import runtime
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException, DagRunAlreadyExists
from dag_translator.authoring.loading import coded
from dag_translator.authoring.states import DagRunState
from dag_translator.authoring.types import NOTSET

RUN_ID_KEY = "trigger_run_id"
LINK_KEY = "_link_TriggerDagRunLink"
_ENDED = ("success", "failed")


class DagIsPaused(AirflowException):
    """The DAG that was to run is paused."""

    def __init__(self, dag_id: str) -> None:
        super().__init__(dag_id)
        self.dag_id = dag_id

    def __str__(self) -> str:
        return f"Dag {self.dag_id} is paused"


class TriggerDagRunOperator(BaseOperator):
    """Starts a run of `trigger_dag_id`; the XCom `trigger_run_id` is its run_id.

    logical_date (execution_date in Airflow 2): of the new run, default now. A run exists already if one with the same
    run_id was started within 90 days; then the task fails, or is skipped with skip_when_already_exists. With
    reset_dag_run it is cleared and run again, with the conf that it has; a run that is under way fails the task.
    poke_interval and deferrable have no effect on Step Functions, which is told when the other run ends.
    """

    template_fields: Any = (
        *("trigger_dag_id", "trigger_run_id", "logical_date", "conf", "wait_for_completion"),
        "skip_when_already_exists",
    )
    template_fields_renderers: Any = {"conf": "py"}  # noqa: RUF012
    ui_color = "#ffefeb"

    def __init__(
        self,
        *,
        trigger_dag_id: str,
        trigger_run_id: str | None = None,
        conf: Mapping[str, Any] | str | None = None,
        logical_date: Any = NOTSET,
        execution_date: str | datetime | None = None,
        run_after: Any = NOTSET,
        reset_dag_run: bool = False,
        wait_for_completion: bool = False,
        poke_interval: float = 60,
        allowed_states: list[str] | None = None,
        failed_states: list[str] | None = None,
        skip_when_already_exists: bool = False,
        fail_when_dag_is_paused: bool = False,
        note: str | None = None,
        deferrable: bool = False,
        openlineage_inject_parent_info: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.trigger_dag_id = trigger_dag_id
        self.trigger_run_id = trigger_run_id
        self.conf = conf
        self.logical_date = execution_date if logical_date is NOTSET and execution_date is not None else logical_date
        self.reset_dag_run = reset_dag_run
        self.wait_for_completion: Any = wait_for_completion
        self.poke_interval = poke_interval
        self.allowed_states = [DagRunState(state) for state in allowed_states or ["success"]]
        self.failed_states = [DagRunState(state) for state in (["failed"] if failed_states is None else failed_states)]
        self.skip_when_already_exists = skip_when_already_exists
        self.note = note
        self.deferrable = deferrable
        self.openlineage_inject_parent_info = openlineage_inject_parent_info
        self.fail_when_dag_is_paused = fail_when_dag_is_paused
        self._refuse(run_after)

    def _refuse(self, run_after: Any) -> None:
        """What can't be honoured; it raises, and loading reports it at the user's line."""
        if run_after is not NOTSET:
            _no("run_after", "put a DateTimeSensor before the task")
        if not isinstance(self.wait_for_completion, bool):
            _no("a template as wait_for_completion", "say True or False: the state machine is made before the run")
        known = {str(state) for state in (*self.allowed_states, *self.failed_states)}
        if self.wait_for_completion and known != set(_ENDED):
            hint = "name success and failed, each in allowed_states or in failed_states"
            _no(f"waiting for {', '.join(sorted(known)) or 'no state'}", hint)

    def run_input(self, now: datetime) -> dict[str, Any]:
        """What the run starts with, once templates are rendered: run_id, logical_date, conf."""
        conf = json.loads(self.conf) if isinstance(self.conf, str) and self.conf else self.conf
        try:
            json.dumps(conf)
        except TypeError:
            raise ValueError(f"conf parameter should be JSON Serializable: {conf}") from None
        if conf and not isinstance(conf, Mapping):
            raise ValueError(f"conf must be a JSON object, not {type(conf).__name__}")
        moment = now if self.logical_date is NOTSET else _moment(self.logical_date)
        return {
            "run_id": str(self.trigger_run_id or f"manual__{(moment or now).isoformat()}"),
            "run_type": "manual",
            "logical_date": moment.isoformat() if moment is not None else None,
            "conf": dict(conf or {}),
        }

    def check_paused(self, context: Any) -> None:
        """Raise DagIsPaused if that is asked for."""
        if self.fail_when_dag_is_paused and context["ti"].get_dag(self.trigger_dag_id).is_paused:
            raise DagIsPaused(self.trigger_dag_id)

    @property
    def names_its_run(self) -> bool:
        """Whether a second try would ask for the same run."""
        return bool(self.trigger_run_id) or (self.logical_date is not NOTSET and self.logical_date is not None)

    def execution_of(self, run_id: str, context: Any) -> str:
        """The name of the run's execution; with reset_dag_run one that this try alone asks for."""
        from dag_translator.names import LIMIT, execution_name, shorten

        if not self.reset_dag_run:
            return execution_name(run_id)
        ti = context["ti"]
        asked_by = f"{run_id}__{ti.dag_id}.{ti.task_id}.{ti.map_index}.{ti.run_id}.{ti.try_number}"
        return shorten(execution_name(asked_by), LIMIT - len("__try10"))

    def push_run(self, context: Any, run_id: str) -> None:
        """The XComs of the new run."""
        context["ti"].xcom_push(key=LINK_KEY, value=f"/dags/{self.trigger_dag_id}/runs/{run_id}")
        context["ti"].xcom_push(key=RUN_ID_KEY, value=run_id)

    def already_exists(self) -> AirflowException:
        """What to raise when there is such a run."""
        if self.skip_when_already_exists:
            return AirflowSkipException(
                "Skipping due to skip_when_already_exists is set to True and DagRunAlreadyExists"
            )
        return DagRunAlreadyExists(f"A run of {self.trigger_dag_id} with this run_id exists already")

    def judge(self, state: str) -> None:
        """Raise if the other run ended in a state that fails this task."""
        if state in map(str, self.failed_states):
            raise AirflowException(f"{self.trigger_dag_id} failed with failed state {state}")

    def execute(self, context: Any) -> None:
        """Start the run; wait for its end with wait_for_completion."""
        from dag_translator.names import machine_name

        self.check_paused(context)
        given = self.run_input(datetime.now(UTC))
        client = runtime.current().client("stepfunctions")
        account = runtime.current().client("sts").get_caller_identity()
        place = ":".join((account["Arn"].split(":")[1], "states", client.meta.region_name, account["Account"]))
        try:
            started = client.start_execution(
                stateMachineArn=f"arn:{place}:stateMachine:{machine_name(self.trigger_dag_id)}",
                name=self.execution_of(given["run_id"], context),
                input=json.dumps({**given, "triggered_by": f"{context['run_id']}/{self.task_id}"}),
            )
        except client.exceptions.ExecutionAlreadyExists:
            raise self.already_exists() from None
        self.push_run(context, given["run_id"])
        while self.wait_for_completion:
            status = client.describe_execution(executionArn=started["executionArn"])["status"]
            if status != "RUNNING":
                self.judge("success" if status == "SUCCEEDED" else "failed")
                break
            time.sleep(self.poke_interval)


def _no(what: str, hint: str) -> None:
    raise coded(ValueError(f"TriggerDagRunOperator: {what} is not supported"), "unsupported-argument", hint)


def _moment(value: Any) -> datetime | None:
    """A date that the user gave, aware; without a time zone it is UTC."""
    from dag_translator.authoring.utils import timezone

    if value is None:
        return None
    found: datetime = timezone.parse(value) if isinstance(value, str) else value
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
