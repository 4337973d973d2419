"""What the rows of `authoring.aws.rows` mean for Step Functions and IAM: names of actions, conditions, statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from inspect import signature
from typing import Any

from dag_translator import asl
from dag_translator.authoring.aws.operator import ServiceMixin, ServiceTask
from dag_translator.authoring.aws.rows import Grant, Watch, at
from dag_translator.authoring.aws.sensor import ServiceSensorTask
from dag_translator.operators.lowering import Permission
from dag_translator.operators.service import ARN, HERE, literal, note
from lambdas.tasks.native.spelling import sdk_name

# Services that Step Functions' SDK integrations call otherwise than boto3, beyond the hyphens.
_SDK_SERVICES: Mapping[str, str] = {
    "stepfunctions": "sfn",
    "dms": "databasemigration",
    "logs": "cloudwatchlogs",
    "events": "eventbridge",
}

# Arguments that are accepted and change nothing, with what to do instead.
_UNUSED: Mapping[str, str] = {
    "cancel_on_kill": "a run that is stopped always stops this job",
    "cleanup_timeout_seconds": "what failed is deleted at once",
    "durable": "every try begins anew",
    "enable_application_ui_links": "look into the service's console",
    "hook_params": "say what the hook needs in aws_conn_id, region_name, verify and botocore_config",
    "ingest_data_kwargs": "the provider does not send it either",
    "max_retries": "set timeout",
    "openlineage_inject_parent_job_info": "nothing reports to OpenLineage",
    "openlineage_inject_transport_info": "nothing reports to OpenLineage",
    "print_log": "look into the job's log group",
    "verbose": "look into the service's logs",
}
# Classes in which one of these does what it says.
_USED: Mapping[str, tuple[str, ...]] = {
    "BatchCreateComputeEnvironmentOperator": ("max_retries",),
    "RedshiftDataOperator": ("cancel_on_kill",),
}

# The same for arguments that do something in other classes.
_UNUSED_IN: Mapping[str, Mapping[str, str]] = {
    "EmrEksCreateClusterOperator": {"virtual_cluster_id": "the provider does not use it either"},
    "EmrJobFlowSensor": {"max_attempts": "set timeout"},
    "EmrStepSensor": {"max_attempts": "set timeout"},
    "MwaaDagRunSensor": {"airflow_version": "the API is called with the task's role, whichever version it is"},
    "MwaaTaskSensor": {"airflow_version": "the API is called with the task's role, whichever version it is"},
    "MwaaTriggerDagRunOperator": {"airflow_version": "the API is called with the task's role, whichever version it is"},
    "SageMakerRegisterModelVersionOperator": {"package_group_desc": "the provider does not send it either"},
}

# A question is asked again whatever went wrong: SDK integrations name throttling differently from service to service.
ASKING = asl.Retrier(("States.TaskFailed",), 4, interval=2, backoff=2, full_jitter=True)


def sdk_resource(service: str, action: str) -> str:
    """The ARN of an SDK integration.

    >>> sdk_resource("redshift-data", "DescribeStatement")
    'arn:aws:states:::aws-sdk:redshiftdata:describeStatement'
    """
    name = _SDK_SERVICES.get(service, service.replace("-", ""))
    return f"arn:aws:states:::aws-sdk:{name}:{action[:1].lower()}{action[1:]}"


def path(watch_path: str, root: str = "$states.result") -> str:
    """JSONata for what `rows.at` finds.

    >>> path("jobRun.state")
    '$states.result.JobRun.State'
    """
    return ".".join([root, *(sdk_name(name) for name in watch_path.split("."))])


def asks_by_itself(kind: Any) -> bool:
    """Whether the class has Python of its own between the service's answer and the state."""
    inherited = (("asked", ServiceMixin.asked), ("abandon", ServiceTask.abandon), ("found", ServiceSensorTask.found))
    return any(getattr(kind, name, method) is not method for name, method in inherited)


def elsewhere(operator: Any) -> bool:
    """Whether only boto3 can make the operator's calls."""
    return bool(operator.operator_class.is_elsewhere(operator, lambda name: getattr(operator, name, None)))


def watched(operator: Any) -> dict[str, Any]:
    """What a live operator's watch says, as JSON for the task's settings; see `answer`."""
    kind = operator.operator_class
    watch: Watch = kind.chosen_watch(operator)
    return {
        "name": kind.__name__,
        "state": path(watch.state),
        "reason": path(watch.reason) if watch.reason else None,
        "every": watch.every,
        "success": list(kind.success_states(operator)),
        "failure": list(kind.failure_states(operator)),
    }


def answer(watch: Mapping[str, Any], late: str) -> str:
    """JSONata of a lap's answer (see `polling.Poll`). watch: of `watched`. late: JSONata of the answer past the
    deadline."""
    state, good, bad = watch["state"], watch["success"], watch["failure"]
    if watch["every"]:
        succeeded = f"$count({state}) > 0 and $count({state}[$ in {good}]) = $count({state})"
        failed = f"$count({state}[$ in {bad}]) > 0"
        told = f"$join($distinct([{state}]), ', ')"
    else:
        succeeded, failed, told = f"{state} in {good}", f"{state} in {bad}", state
    if watch["reason"]:
        told = f"{told} & ': ' & $string({watch['reason']})"
    error = f"{{'Error': 'AirflowException', 'Cause': '{watch['name']} failed: ' & {told}}}"
    return (
        f"{succeeded} ? {{'state': 'success'}}"
        + (f" : {failed} ? {{'state': 'failed', 'error': {error}}}" if bad else "")
        + f" : $toMillis($states.context.State.EnteredTime) >= $states.input.poll.deadline ? {late}"
        + " : {'state': 'up_for_reschedule'}"
    )


def without_effect(kind: type) -> Iterator[tuple[str, Any, str]]:
    """Arguments of a class that change nothing, with their defaults, and what to do instead."""
    hints = {name: hint for name, hint in _UNUSED.items() if name not in _USED.get(kind.__name__, ())}
    for each in kind.__mro__:
        hints.update(_UNUSED_IN.get(each.__name__, {}))
    for name, hint in hints.items():
        inits = (vars(each).get("__init__") for each in kind.__mro__)
        found = [parameter for init in inits if init if (parameter := signature(init).parameters.get(name))]
        if found:
            yield name, found[0].default, hint


def unused(operator: Any) -> dict[str, Any]:
    """settings["notes"] on arguments that are given otherwise than by default, and have no effect."""
    notes = [
        note("unused-argument", f"{name} has no effect", hint)
        for name, usual, hint in without_effect(operator.operator_class)
        if getattr(operator, name, None) not in (None, {}, usual)
    ]
    return {"notes": notes} if notes else {}


def statements(grants: Iterable[Grant], operator: Any) -> list[dict[str, Any]]:
    """The grants with the operator's arguments in their ARNs, as JSON for a task's settings."""
    return [
        {
            "actions": list(each.actions),
            "resources": [_resource(resource, operator) for resource in each.resources],
            "condition": dict(each.condition),
        }
        for each in grants
        if not each.given or _is_given(operator, each.given)
    ]


def _is_given(operator: Any, name: str) -> bool:
    """Whether an argument may be given; some instances of a mapped task may have it."""
    return name in getattr(operator, "mapped_over", ()) or getattr(operator, name, None) not in (None, False, {})


def permissions(statements: Iterable[Mapping[str, Any]], reason: str) -> tuple[Permission, ...]:
    return tuple(
        Permission(tuple(each["actions"]), tuple(each["resources"]), reason, each["condition"]) for each in statements
    )


def _resource(pattern: str, operator: Any) -> str:
    if pattern == "*":
        return pattern
    arn = f"{ARN}:" + pattern.replace("{here}", HERE).replace("{account}", "${AWS::AccountId}")
    return re.sub(r"(?<!\$)\{([\w.]+)\}", lambda found: _argument(operator, found[1]), arn)


def _argument(operator: Any, name: str) -> str:
    argument, _, rest = name.partition(".")
    value = getattr(operator, argument, None)
    if rest:
        found = at(value, rest)
        value = found[0] if len(found) == 1 else None
    text = literal(value)
    # What is given as an ARN, or as a path, ends with the name.
    return text.rpartition("/")[2].rpartition(":")[2] if text else "*"
