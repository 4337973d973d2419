"""AwsBaseSensor: what the sensors of AWS services share."""

from __future__ import annotations

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.operators.aws import CONNECTION, AwsMixin
from dag_translator.authoring.sensors.base import BaseSensorOperator


class AwsBaseSensor(AwsMixin, BaseSensorOperator):
    """A sensor on an AWS service."""

    __init__ = takes(**CONNECTION)
