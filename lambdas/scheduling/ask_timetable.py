"""ask_timetable: what the DAG's own timetable says, for those that have no DAG file (see `timetables.custom`).

{"kind": "ask_timetable", "request": {…}} -> the answer
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdas.runtime import Runtime
from lambdas.timetables.custom import Ask, answer


def ask_timetable(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """The task function's part."""
    from dag_translator.authoring.imports import airflow_imports
    from dag_translator.schedule.custom import custom_timetable

    with airflow_imports():
        return answer(custom_timetable(runtime.dag.schedule), event["request"])


def asker_of(spec: Mapping[str, Any]) -> Ask | None:
    """On AWS, who answers for a deployed DAG's timetable if that is user code: `task_function` in the spec says it."""
    if "task_function" not in spec:
        return None
    from lambdas.aws import clients

    return asking(clients().client("lambda"), spec["task_function"])


def asking(client: Any, function: str) -> Ask:
    """Asks a task function. client: Lambda's; function: name or ARN. Raises RuntimeError with what user code said."""

    def ask(request: Mapping[str, Any]) -> Mapping[str, Any]:
        payload = json.dumps({"kind": "ask_timetable", "request": dict(request)}).encode()
        told = client.invoke(FunctionName=function, Payload=payload)
        found: Mapping[str, Any] = json.loads(told["Payload"].read())
        if told.get("FunctionError"):
            raise RuntimeError(f"the timetable of {function}: {found.get('errorType')}: {found.get('errorMessage')}")
        return found

    return ask
