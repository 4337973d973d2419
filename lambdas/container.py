"""The task function's code in a container, for one try: what a Lambda's `run_task` is without its 15 minutes.

AIRSTEP_EVENT is {"dag_id", "run_id", "execution", "task_id", "attempt"}, and "map_index" of a mapped task's instance;
the run itself is read from the table. Exit code 0: the task has its outcome; 1: it may be tried again, or this
container came too late. Sources: design of `dag_translator.operators.container`.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from lambdas.runtime import Runtime
from lambdas.storage.records import RunKey, TaskKey
from lambdas.tasks.opening import LateInvocation, map_index_of
from lambdas.tasks.run_task import run_task

log = logging.getLogger("airflow.task")


def run_event(runtime: Runtime, event: Mapping[str, Any]) -> int:
    """Run the try; the exit code."""
    run = runtime.store.get_run(RunKey(event["dag_id"], event["run_id"]))
    if run is None or run.execution != event["execution"]:
        log.error("execution %s is not the run's any more", event["execution"])
        return 1
    payload = {**event, "kind": "run_task", "run": {**asdict(run), "conf": json.loads(run.conf)}}
    try:
        run_task(runtime, payload)
    except LateInvocation as error:
        log.error("%s", error)
        return 1
    except Exception as error:  # it is in the record, if it is the task's own; its log has the traceback
        log.info("ended with %s", type(error).__name__)
    key = TaskKey(event["dag_id"], event["run_id"], event["task_id"], map_index_of(event))
    record = runtime.store.get_task(key)
    ended = record is not None and record.execution == event["execution"] and record.is_final
    return 0 if ended else 1


def main() -> int:
    """The container's entry."""
    from lambdas.task_function import environment_runtime

    signal.signal(signal.SIGTERM, _terminated)
    event = json.loads(os.environ["AIRSTEP_EVENT"])
    return run_event(replace(environment_runtime(), worker=os.environ.get("HOSTNAME", "")), event)


def _terminated(*_: Any) -> None:
    """ECS stops the container: the run was stopped, or its host goes. As in Airflow the task fails by an exception."""
    from dag_translator.authoring.exceptions import AirflowException

    raise AirflowException("Task received SIGTERM signal")


if __name__ == "__main__":
    sys.exit(main())
