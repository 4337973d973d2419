"""AwsBaseSensor: what the sensors of AWS services share."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.operators.aws import AwsMixin
from dag_translator.authoring.sensors.base import BaseSensorOperator


class AwsBaseSensor(AwsMixin, BaseSensorOperator):
    """A sensor on an AWS service."""

    template_fields: Any = ("aws_conn_id", "region_name", "verify")

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
