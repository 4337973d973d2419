"""AthenaSensor: waits for the end of an Athena query. Step Functions polls natively; `poke` is for subclasses."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.athena import AthenaHook
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.sensors.aws import AwsBaseSensor


class AthenaSensor(AwsBaseSensor):
    """Done when the query succeeded; fails when it failed or was cancelled."""

    INTERMEDIATE_STATES = ("QUEUED", "RUNNING")
    FAILURE_STATES = ("FAILED", "CANCELLED")
    SUCCESS_STATES = ("SUCCEEDED",)
    template_fields: Any = aws_template_fields("query_execution_id")
    ui_color = "#66c3ff"
    aws_hook_class: Any = AthenaHook
    query_execution_id: str
    max_retries: int | None
    sleep_time: int
    __init__ = takes("query_execution_id", max_retries=None, sleep_time=10)

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        state = self.hook.poll_query_status(self.query_execution_id, self.max_retries, self.sleep_time)
        if state in self.FAILURE_STATES:
            raise AirflowException("Athena sensor failed")
        return state not in self.INTERMEDIATE_STATES
