"""Whether a failed try is followed by another one, and when: `retries`, the delays, and `retry_policy`.

Step Functions' `Retry` counts the delays of most tasks by itself; here they are counted for a sensor, and for a task
that asks Lambda before each retry.
"""

from __future__ import annotations

import logging
import math
from datetime import timedelta
from typing import Any

from lambdas.context.task_instance import TaskInstance

log = logging.getLogger("airflow.task")

# Step Functions: `Seconds` of a Wait.
_LONGEST = 99_999_999.0


def next_try(ti: TaskInstance, error: BaseException) -> float | None:
    """Seconds until the next try; None if there is none."""
    from dag_translator.authoring.exceptions import (
        AirflowFailException,
        AirflowSensorTimeout,
        AirflowTaskTerminated,
    )

    if isinstance(error, AirflowFailException | AirflowSensorTimeout | AirflowTaskTerminated):
        return None
    decision = _decision(ti, error) if ti.task.retry_policy is not None else None
    if ti.try_number > ti.max_tries or (decision is not None and decision.action.value == "fail"):
        return None
    if decision is not None and decision.action.value == "retry" and decision.retry_delay is not None:
        return min(float(decision.retry_delay.total_seconds()), _LONGEST)
    return retry_delay(ti.task, ti.try_number)


def ending(wait: float | None) -> tuple[str, int | None]:
    """The state of a try that failed, and whole seconds until the next one. wait: as of `next_try`."""
    return ("failed", None) if wait is None else ("up_for_retry", max(1, math.ceil(wait)))


def _decision(ti: TaskInstance, error: BaseException) -> Any:
    """What the policy says; a policy that fails says nothing, as in Airflow."""
    try:
        decision = ti.task.retry_policy.evaluate(
            exception=error,
            try_number=ti.try_number,
            max_tries=ti.max_tries,
            context=ti.get_template_context(),
        )
        if decision.reason:
            log.info("Retry policy decision: %s (%s)", decision.action.value, decision.reason)
    except Exception:
        log.exception("Retry policy evaluation failed, falling back to default behaviour")
        return None
    return decision


def retry_delay(task: Any, try_number: int) -> float:
    """Seconds between a failed try and the next one, as Step Functions' Retry counts them for other tasks."""
    delay = task.retry_delay.total_seconds()
    backoff = task.retry_exponential_backoff
    rate = 2.0 if backoff is True else float(backoff or 1)
    longest: timedelta | None = task.max_retry_delay
    grown = float(delay * max(rate, 1.0) ** (try_number - 1))
    return min(grown, longest.total_seconds() if longest is not None else math.inf, _LONGEST)
