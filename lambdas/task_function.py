"""The task function: one per DAG, everything that needs the DAG's Python. The file is loaded once per cold start.

The payload's `kind` picks the function; exceptions are the routing (Step Functions sees the class name). The
environment names the DAG: AIRSTEP_DAG_FILE and AIRSTEP_DAGS_FOLDER (relative to the package), AIRSTEP_DAG_ID; and the
store: see `aws.table_store`.

This module is what a cold start imports before the DAG file, so it imports little: a test pins what.
"""

from __future__ import annotations

import functools
import importlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lambdas.errors import surfaced
from lambdas.runtime import Runtime

Work = Callable[[Runtime, Mapping[str, Any]], dict[str, Any]]

# kind → module and function. Modules load when first asked for: a poll needs no `run_task`.
KINDS: Mapping[str, tuple[str, str]] = {
    "start_run": ("lambdas.runs.start_run", "start_run"),
    "run_task": ("lambdas.tasks.run_task", "run_task"),
    "task_outcome": ("lambdas.tasks.task_outcome", "task_outcome"),
    "retry_task": ("lambdas.tasks.retry_task", "retry_task"),
    "record_failure": ("lambdas.tasks.record_failure", "record_failure"),
    "prepare_task": ("lambdas.tasks.prepare_task", "prepare_task"),
    "record_result": ("lambdas.tasks.record_result", "record_result"),
    "ask_service": ("lambdas.tasks.ask_service", "ask_service"),
    "poke_sensor": ("lambdas.tasks.poke_sensor", "poke_sensor"),
    "expand_task": ("lambdas.tasks.expand_task", "expand_task"),
    "match_tasks": ("lambdas.runs.partial_run", "match_tasks"),
    "clear_tasks": ("lambdas.runs.clear_tasks", "clear_tasks"),
    "run_stopped": ("lambdas.runs.run_stopped", "run_stopped"),
    "expand_group": ("lambdas.tasks.groups", "expand_group"),
    "record_instance": ("lambdas.tasks.groups", "record_instance"),
    "finish_run": ("lambdas.runs.finish_run", "finish_run"),
    "ask_timetable": ("lambdas.scheduling.ask_timetable", "ask_timetable"),
}


class UnknownKind(ValueError):
    """The payload asks for work that this version does not know."""


def work_for(kind: str) -> Work:
    """The function for a kind of work."""
    if kind not in KINDS:
        raise UnknownKind(f"kind {kind!r} is none of {', '.join(KINDS)}")
    module, name = KINDS[kind]
    function: Work = getattr(importlib.import_module(module), name)
    return function


def handle(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """One event. This is what a local run calls, with a runtime of its own."""
    return work_for(event["kind"])(runtime, event)


@functools.cache
def environment_runtime() -> Runtime:
    """The Runtime of this Lambda, made at its first event."""
    from dag_translator.authoring.runtime import install
    from dag_translator.load import load_for_run
    from lambdas.aws import clients, table_store
    from lambdas.backends import AwsLender
    from lambdas.observability import Observer

    lender = AwsLender(clients())
    install(lender)
    observer = Observer(masker=lender.masker)
    root = Path(os.environ.get("LAMBDA_TASK_ROOT", "."))
    folder = root / os.environ["AIRSTEP_DAGS_FOLDER"] if "AIRSTEP_DAGS_FOLDER" in os.environ else None
    with observer.task({}):  # what the file prints while it loads
        dag = load_for_run(root / os.environ["AIRSTEP_DAG_FILE"], os.environ["AIRSTEP_DAG_ID"], root=folder)
    return Runtime(
        dag=dag,
        store=table_store(),
        lender=lender,
        sleep=time.sleep,
        observe=observer.task,
        measure=observer.measure,
        log_stream=os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
        function=_function(os.environ),
        intervals=_intervals(os.environ),
        wake=_wake,
        memory_mb=int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")),
        event_buckets=tuple(os.environ.get("AIRSTEP_S3_EVENT_BUCKETS", "").split()),
        send_assets=_send_assets,
    )


def _send_assets(events: Sequence[Mapping[str, Any]]) -> None:
    from lambdas.aws import clients
    from lambdas.scheduling.asset_events import send

    send(clients().client("events"), events)


def _function(environment: Mapping[str, str]) -> str | None:
    name, version = (environment.get(f"AWS_LAMBDA_FUNCTION_{part}") for part in ("NAME", "VERSION"))
    return f"{name}:{version}" if name and version else None


def _wake(dag_id: str, logical_date: str) -> None:
    """Ask the signal function to wake who waits for this DAG's run; nobody waits for its answer."""
    import json

    from lambdas.aws import clients

    event = {"kind": "wake_watchers", "dag_id": dag_id, "logical_date": logical_date}
    function = os.environ["AIRSTEP_SIGNAL_FUNCTION"]
    clients().client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))


def _intervals(environment: Mapping[str, str]) -> dict[str, bool]:
    """Airflow's settings on data intervals, under Airflow's names; those that are set."""
    names = ("create_cron_data_intervals", "create_delta_data_intervals")
    given = {name: environment.get(f"AIRFLOW__SCHEDULER__{name.upper()}") for name in names}
    return {name: value.lower() == "true" for name, value in given.items() if value is not None}


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The Lambda's entry."""
    try:
        runtime = replace(
            environment_runtime(),
            worker=context.aws_request_id,
            remaining_ms=context.get_remaining_time_in_millis,
        )
        return handle(runtime, event)
    except BaseException as error:  # Lambda takes anything but an Exception for a crash
        raise surfaced(error) from None
