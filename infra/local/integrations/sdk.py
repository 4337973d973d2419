"""Calls any action of any AWS service the way Step Functions does: by the service's own model.

Members are written in PascalCase whatever the service's own spelling (`Cluster` for ECS's `cluster`), in both
directions; JSON where the service wants text is written as text (`Detail: {"a": 1}` of EventBridge); times come back as
ISO 8601. Errors are `<Service>.<Name>Exception`, where the service part depends on the kind of integration:
`DynamoDb.…` from `aws-sdk:dynamodb`, `DynamoDB.…` from `dynamodb`.

>>> error_name("S3", "NoSuchKey", ["NoSuchKey"]), error_name("S3", "SlowDown", ["NoSuchKey"])
('S3.NoSuchKeyException', 'S3.S3Exception')
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from infra.local.engine import TaskFailed
from infra.local.engine.json_values import Json, dumps, timestamp
from lambdas.tasks.native.spelling import sdk_name

BOTO_NAMES: Final = {
    "applicationautoscaling": "application-autoscaling",
    "bedrockagent": "bedrock-agent",
    "bedrockagentcorecontrol": "bedrock-agentcore-control",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "elasticloadbalancingv2": "elbv2",
    "emrcontainers": "emr-containers",
    "emrserverless": "emr-serverless",
    "eventbridge": "events",
    "mwaaserverless": "mwaa-serverless",
    "neptunegraph": "neptune-graph",
    "rdsdata": "rds-data",
    "redshiftdata": "redshift-data",
    "resourcegroupstaggingapi": "resourcegroupstaggingapi",
    "sesv2": "sesv2",
    "sfn": "stepfunctions",
}
"""boto3's names of services that `aws-sdk:` calls otherwise."""

SDK_PREFIXES: Final = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "codebuild": "CodeBuild",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "rdsdata": "RdsData",
    "redshiftdata": "RedshiftData",
    "secretsmanager": "SecretsManager",
    "cloudformation": "CloudFormation",
}
"""The service part of error names of `aws-sdk:` tasks, where it is more than the capitalized name."""

OPTIMIZED_PREFIXES: Final = {
    "athena": "Athena",
    "batch": "Batch",
    "codebuild": "CodeBuild",
    "dynamodb": "DynamoDB",
    "ecs": "ECS",
    "events": "EventBridge",
    "glue": "Glue",
    "sns": "SNS",
    "sqs": "SQS",
}
"""The optimized integrations that are supported, and the service part of their error names."""


def sdk_prefix(service: str) -> str:
    """The service part of the error names of `aws-sdk:<service>`."""
    return SDK_PREFIXES.get(service, service.capitalize())


def refuse(resource: str) -> TaskFailed:
    """What this package doesn't emulate fails with a clear message."""
    return TaskFailed(
        "States.Runtime",
        f"The resource '{resource}' is not supported locally; try the service's aws-sdk: action.",
    )


def error_name(prefix: str, code: str, modelled: Sequence[str]) -> str:
    """The error name of a service's error code; codes that the action doesn't declare are the service's general one."""
    name = code if code.endswith("Exception") else f"{code}Exception"
    if code in modelled or code.endswith("Exception"):
        return f"{prefix}.{name}"
    return f"{prefix}.{prefix}Exception"


def call_service(client: Callable[[str], Any], prefix: str, service: str, action: str, arguments: Json) -> Json:
    """Makes the call and returns its answer as JSON; raises TaskFailed."""
    boto = client(BOTO_NAMES.get(service, service))
    operation = action[0].upper() + action[1:]
    if operation not in boto.meta.service_model.operation_names:
        raise TaskFailed("States.Runtime", f"The service {service} has no action {action}.")
    model = boto.meta.service_model.operation_model(operation)
    method = boto.meta.method_to_api_mapping
    name = next(python for python, api in method.items() if api == operation)
    try:
        answer = getattr(boto, name)(**_to_service(arguments, model.input_shape))
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        modelled = [shape.error_code for shape in model.error_shapes] + [shape.name for shape in model.error_shapes]
        raise TaskFailed(_special(prefix, code) or error_name(prefix, code, modelled), message) from error
    except ParamValidationError as error:
        raise TaskFailed("States.Runtime", str(error)) from error
    answer.pop("ResponseMetadata", None)
    return _from_service(answer, model.output_shape)


def _special(prefix: str, code: str) -> str | None:
    """A missing object of headObject has no body to say so, only the status."""
    return "S3.NoSuchKeyException" if (prefix, code) == ("S3", "404") else None


def _to_service(value: Json, shape: Any) -> Any:
    """JSON in PascalCase as the service's shape wants it; unknown members are passed on, for the service to refuse."""
    kind = shape.type_name if shape is not None else None
    if kind == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        spelling = {name.lower(): name for name in shape.members}
        return {
            spelling.get(key.lower(), key): _to_service(item, shape.members.get(spelling.get(key.lower(), "")))
            for key, item in value.items()
        }
    if kind == "list" and isinstance(value, list):
        return [_to_service(item, shape.member) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _to_service(item, shape.value) for key, item in value.items()}
    if kind == "string" and not isinstance(value, str):
        return dumps(value)
    if kind == "blob":
        return value.encode() if isinstance(value, str) else dumps(value).encode()
    return value


def _from_service(value: Any, shape: Any) -> Json:
    kind = shape.type_name if shape is not None else None
    if isinstance(value, dict):
        if kind == "structure":
            return {sdk_name(key): _from_service(item, shape.members.get(key)) for key, item in value.items()}
        inner = shape.value if kind == "map" else None
        return {key: _from_service(item, inner) for key, item in value.items()}
    if isinstance(value, list):
        inner = shape.member if kind == "list" else None
        return [_from_service(item, inner) for item in value]
    if isinstance(value, datetime):
        return timestamp(value)
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return _text(value)
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()
