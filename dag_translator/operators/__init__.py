"""Which lowering translates which operator: the one table. Adding an operator is one file and one line.

The key is the Airflow class that owns the `execute` (or `poke`) which would run; a user's own class that overrides it
is Python. See `freeze.lowering_of`.
"""

from __future__ import annotations

from collections.abc import Mapping

from dag_translator.operators import (
    athena,
    athena_sensor,
    docker,
    empty,
    external_task,
    http,
    jobs,
    kubernetes,
    lambda_function,
    messaging,
    moment,
    python,
    s3,
    sensor,
    service_job,
    service_sensor,
    step_function,
    transfers,
    trigger_dagrun,
)
from dag_translator.operators.lowering import Lowering

LOWERINGS: Mapping[str, Lowering] = {
    "BaseOperator": python.LOWERING,
    "BaseSensorOperator": sensor.LOWERING,
    "MomentSensor": moment.LOWERING,
    "EmptyOperator": empty.LOWERING,
    "AthenaOperator": athena.LOWERING,
    "AthenaSensor": athena_sensor.LOWERING,
    "TriggerDagRunOperator": trigger_dagrun.LOWERING,
    "LambdaInvokeFunctionOperator": lambda_function.LOWERING,
    "StepFunctionStartExecutionOperator": step_function.LOWERING,
    **external_task.LOWERINGS,
    **s3.LOWERINGS,
    **messaging.LOWERINGS,
    **jobs.LOWERINGS,
    **docker.LOWERINGS,
    **kubernetes.LOWERINGS,
    **http.LOWERINGS,
    **transfers.LOWERINGS,
    **service_job.LOWERINGS,
    **service_sensor.LOWERINGS,
}
