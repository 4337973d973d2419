"""Calls of Airstep's Lambda functions, and the retries that go with them.

Exceptions are the routing: a Lambda error's name is the class of the Python exception. Lambda's own transient errors
have a retrier of their own, so that they don't use up the user's `retries`.
Source: Step Functions developer guide, "Handling transient Lambda service exceptions".
"""

from __future__ import annotations

import math
from typing import Any

from dag_translator import asl
from dag_translator.model import Retry, Task

INVOKE = "arn:aws:states:::lambda:invoke"
INVOKE_AND_WAIT = "arn:aws:states:::lambda:invoke.waitForTaskToken"

TASK_FUNCTION = "${TaskFunction}"
SIGNAL_FUNCTION = "${SignalFunction}"

TRANSIENT = asl.Retrier(
    (
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    ),
    attempts=6,
    interval=1,
    backoff=2,
    full_jitter=True,
)
# For Airstep's own bookkeeping, which is idempotent: whatever went wrong, once more.
ANYTHING = asl.Retrier(("States.ALL",), attempts=6, interval=1, backoff=2, full_jitter=True)
NEVER_RETRIED = asl.Retrier(("AirflowSkipException", "AirflowFailException"), attempts=0)

# Which run, and inside a mapped task group which of its instances: variables, read by whatever runs there.
RUN = {"run": "{% $run %}"}
INSTANCE = {"run": "{% $instance.run %}", "map_index": "{% $instance.map_index %}"}

# Step Functions: TimeoutSeconds, IntervalSeconds <= 99,999,999; MaxDelaySeconds < 31,622,400, above IntervalSeconds.
MAX_DELAY = 31_622_399
# A Lambda ends itself when `execution_timeout` is over; the state's own timeout stands behind it, this much later.
TIMEOUT_MARGIN = 30


def call(kind: str, run: str = "{% $run %}", *, function: str = TASK_FUNCTION, **payload: Any) -> dict[str, Any]:
    """`Arguments` that invoke the DAG's task function (or the placeholder `function`) for `kind` of work."""
    return {"FunctionName": function, "Payload": {"kind": kind, "run": run, **payload}}


def retriers(retry: Retry, never: asl.Retrier = NEVER_RETRIED) -> tuple[asl.Retrier, ...]:
    """Airflow's `retries`, `retry_delay`, `retry_exponential_backoff` and `max_retry_delay` as `Retry`."""
    if not retry.attempts:
        return (TRANSIENT,)
    return (TRANSIENT, never, user_retrier(retry))


def user_retrier(retry: Retry) -> asl.Retrier:
    """The user's retries; Step Functions counts whole seconds, from one up."""
    interval = max(1, math.ceil(retry.delay))
    if retry.max_delay is not None and retry.max_delay <= interval:
        return asl.Retrier(("States.ALL",), retry.attempts, max(1, math.ceil(retry.max_delay)))
    grows = retry.backoff != 1 and retry.max_delay is not None
    max_delay = min(MAX_DELAY, math.ceil(retry.max_delay)) if grows and retry.max_delay is not None else None
    return asl.Retrier(("States.ALL",), retry.attempts, interval, retry.backoff, max_delay)


def timeout(task: Task) -> int | None:
    """`TimeoutSeconds` behind the task's `execution_timeout`."""
    return None if task.timeout is None else math.ceil(task.timeout) + TIMEOUT_MARGIN
