"""Jobs that Step Functions runs to their end: `GlueJobOperator`, `EcsRunTaskOperator`, `BatchOperator`.

XComs as `apache-airflow-providers-amazon` 9 pushes them. Step Functions spells every name of a request and an answer in
PascalCase, which the services themselves don't. Source: Step Functions developer guide, "Passing parameters to a
service API in Step Functions".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from lambdas.tasks.native.links import push_link
from lambdas.tasks.native.work import NativeWork


def pascal(value: Any, *user_maps: str) -> Any:
    """Every name of the API in PascalCase. user_maps: fields whose value has names of the user's own.

    >>> pascal({"jobName": "j", "tags": {"a": 1}, "overrides": [{"cpu": 2}]}, "tags")
    {'JobName': 'j', 'Tags': {'a': 1}, 'Overrides': [{'Cpu': 2}]}
    """
    return _spelt(value, str.upper, user_maps)


def camel(value: Any) -> Any:
    """Every name as the service itself spells it."""
    return _spelt(value, str.lower, ())


def _spelt(value: Any, first: Any, user_maps: tuple[str, ...]) -> Any:
    match value:
        case Mapping():
            return {
                f"{first(name[:1])}{name[1:]}": each
                if name in user_maps and isinstance(each, Mapping)
                else _spelt(each, first, user_maps)
                for name, each in value.items()
            }
        case list() | tuple():
            return [_spelt(each, first, user_maps) for each in value]
    return value


def glue_request(operator: Any, _context: Any) -> dict[str, Any]:
    """Makes the job where the operator says what of. StartJobRun's request; Glue spells like Step Functions, and its
    arguments are text."""
    operator.make_job()
    request: dict[str, Any] = operator.request()
    arguments = {str(name): str(value) for name, value in (request.get("Arguments") or {}).items()}
    return {**request, "Arguments": arguments}


def glue_result(operator: Any, answer: Any, context: Any) -> str:
    """The run's id. `answer` is the JobRun, or StartJobRun's answer."""
    run_id = str(answer.get("JobRunId") or answer["Id"])
    context["ti"].keep("glue_job_run_id", run_id)
    name = quote(operator.job_name, safe="")
    push_link(operator, context, "glue_job_run_details", job_name=name, job_run_id=run_id)
    return run_id


def ecs_request(operator: Any, _context: Any) -> dict[str, Any]:
    """RunTask's request."""
    request: dict[str, Any] = pascal(operator.request(), "options")
    return request


def ecs_result(operator: Any, answer: Any, context: Any) -> str | None:
    """`answer` is the task, RunTask's answer if nobody waited, or {"error"} of a task that failed."""
    from dag_translator.authoring.exceptions import AirflowException

    if "error" in answer:
        answer = task_of(answer["error"])
    if answer.get("Failures"):
        raise AirflowException(f"the ECS task did not start: {answer['Failures']}")
    started = "Tasks" in answer
    task = answer["Tasks"][0] if started else answer
    if operator.do_xcom_push:
        context["ti"].keep("ecs_task_arn", task["TaskArn"])
    if started:
        return None
    operator.check(camel(task))
    line: str | None = operator.last_log_line(task["TaskArn"]) if operator.do_xcom_push else None
    return line


def task_of(error: Mapping[str, Any]) -> dict[str, Any]:
    """The task whose end is the error; raises if the error is another."""
    from dag_translator.authoring.exceptions import AirflowException

    try:
        task = json.loads(error.get("Cause") or "")
    except ValueError:
        task = None
    if not isinstance(task, dict) or "TaskArn" not in task:
        raise AirflowException(f"{error.get('Error')}: {error.get('Cause')}")
    return task


def batch_request(operator: Any, _context: Any) -> dict[str, Any]:
    """SubmitJob's request."""
    request: dict[str, Any] = pascal(operator.request(), "parameters", "tags", "labels", "limits", "requests")
    return request


def batch_result(operator: Any, answer: Any, context: Any) -> str:
    """The job's id. `answer` is the job, or SubmitJob's answer if nobody waited."""
    job_id = str(answer["JobId"])
    push_link(operator, context, "batch_job_details", job_id=job_id)
    if "JobDefinition" in answer and "JobQueue" in answer:
        push_link(operator, context, "batch_job_definition", job_definition_arn=answer["JobDefinition"])
        push_link(operator, context, "batch_job_queue", job_queue_arn=answer["JobQueue"])
    return job_id


GLUE = NativeWork(glue_request, glue_result)
ECS = NativeWork(ecs_request, ecs_result)
BATCH = NativeWork(batch_request, batch_result)
