"""AthenaSensor: waits for the end of an Athena query. Step Functions polls natively; `poke` is for subclasses."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.athena import AthenaHook
from dag_translator.authoring.sensors.base import BaseSensorOperator


class AthenaSensor(BaseSensorOperator):
    """Done when the query succeeded; fails when it failed or was cancelled."""

    INTERMEDIATE_STATES = ("QUEUED", "RUNNING")
    FAILURE_STATES = ("FAILED", "CANCELLED")
    SUCCESS_STATES = ("SUCCEEDED",)
    template_fields: Any = ("query_execution_id", "aws_conn_id", "region_name", "verify")
    ui_color = "#66c3ff"

    def __init__(
        self,
        *,
        query_execution_id: str,
        max_retries: int | None = None,
        sleep_time: int = 10,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.query_execution_id = query_execution_id
        self.max_retries = max_retries
        self.sleep_time = sleep_time
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    @cached_property
    def hook(self) -> AthenaHook:
        return AthenaHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        state = self.hook.poll_query_status(self.query_execution_id, self.max_retries, self.sleep_time)
        if state in self.FAILURE_STATES:
            raise AirflowException("Athena sensor failed")
        return state not in self.INTERMEDIATE_STATES
