"""`TriggerDagRunOperator` as `StartExecution` of the other DAG's machine.

The XCom `trigger_run_id` is the new run's id, `_link_TriggerDagRunLink` what the console's link is made of. Both are
there as soon as the run has been asked for, so that they outlive its failure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdas.tasks.native.work import NativeWork


def start_request(operator: Any, context: Any) -> dict[str, Any]:
    """{"machine", "name", "run_id", "fixed", "input"}: the state machine completes them for each try."""
    from dag_translator.names import machine_name

    operator.check_paused(context)
    given = operator.run_input(context["ti"]._runtime.now())
    run_id = given.pop("run_id")
    if context["ti"].map_index >= 0 and not operator.names_its_run:  # instances of a mapped task start together
        run_id += f"__{context['ti'].map_index}"
    operator.push_run(context, run_id)
    return {
        "machine": machine_name(operator.trigger_dag_id),
        "name": operator.execution_of(run_id, context),
        "run_id": run_id,
        "fixed": operator.names_its_run,
        "input": given,
    }


def start_result(operator: Any, answer: Any, context: Any) -> None:
    """`answer` is {"run_id", "execution"}, or {"run_id", "error"}: it exists, or a run that may fail did."""
    from dag_translator.authoring.exceptions import AirflowException

    error = answer.get("error")
    if error is None:
        operator.push_run(context, answer["run_id"])
        if operator.wait_for_completion:
            operator.judge("success")
        return
    if error["Error"].endswith("ExecutionAlreadyExistsException"):
        raise operator.already_exists()
    if _status(error.get("Cause")) not in ("FAILED", "TIMED_OUT", "ABORTED"):
        raise AirflowException(f"{operator.trigger_dag_id} was not run: {error['Error']}: {error.get('Cause')}")
    operator.push_run(context, answer["run_id"])
    operator.judge("failed")


def _status(cause: Any) -> str | None:
    """How the other execution ended, if that is what the error is about."""
    try:
        told = json.loads(cause)
    except (TypeError, ValueError):
        return None
    return told.get("Status") if isinstance(told, Mapping) else None


OPERATOR = NativeWork(start_request, start_result)
