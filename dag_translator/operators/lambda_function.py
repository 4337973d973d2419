"""`LambdaInvokeFunctionOperator`: prepare → `lambda:invoke` of the user's function → record.

No other Lambda waits meanwhile. Source: Step Functions developer guide, "Invoke an AWS Lambda function with Step
Functions" and its IAM page; `apache-airflow-providers-amazon` 9, `operators/lambda_function.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator.lowering.lambdas import INVOKE, TRANSIENT
from dag_translator.model import Task
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.service import ARN, HERE, literal, lower_call, note, unused_arguments


def settings(operator: Any) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "function": literal(getattr(operator, "function_name", None)),
        **unused_arguments(operator),
    }
    if getattr(operator, "log_type", None) not in (None, "None"):
        message = "log_type has no effect: Step Functions does not fetch the function's log"
        found["notes"] = [note("unused-argument", message, "look into the function's log group")]
    return found


def lower(task: Task, site: Site) -> States:
    return lower_call(task, site, INVOKE, retry=(TRANSIENT,))


def permissions(task: Task, _machine_name: str) -> tuple[Permission, ...]:
    """The function and its versions and aliases."""
    function = task.settings["function"]
    if function is None:
        arns: tuple[str, ...] = (f"{ARN}:lambda:{HERE}:function:*",)
    else:
        arn = _function_arn(function)
        arns = (arn, f"{arn}:*")
    return (Permission(("lambda:InvokeFunction",), arns, f"the function that task {task.task_id} invokes"),)


def _function_arn(name: str) -> str:
    """The unqualified ARN of a function's name, its partial or its full ARN.

    >>> _function_arn("arn:aws:lambda:us-east-1:1:function:f:live")
    'arn:aws:lambda:us-east-1:1:function:f'
    >>> _function_arn("f:live")
    'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f'
    >>> _function_arn("1:function:f")
    'arn:${AWS::Partition}:lambda:${AWS::Region}:1:function:f'
    """
    parts = name.split(":")
    if parts[0] == "arn":
        return ":".join(parts[:7])
    if len(parts) > 2:
        return f"{ARN}:lambda:${{AWS::Region}}:{':'.join(parts[:3])}"
    return f"{ARN}:lambda:{HERE}:function:{parts[0]}"


LOWERING = Lowering(lower, settings, permissions, native=True, becomes="`lambda:invoke`")
