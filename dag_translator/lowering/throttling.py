"""Calls of Lambda functions wait for room under the account's concurrency, as Airflow's tasks wait for a worker.

Lambda turns away what exceeds the concurrency (1,000 an account and region by default). Of 5,000 tasks that are due at
once most would use up the few retries of a transient error within half a minute; waiting costs one transition a retry.
Source: Step Functions developer guide, "Handling transient Lambda service exceptions".
"""

from __future__ import annotations

from dataclasses import replace

from dag_translator import asl
from dag_translator.lowering.lambdas import INVOKE, INVOKE_AND_WAIT

# With full jitter half a minute apart on average: about an hour.
THROTTLED = asl.Retrier(
    ("Lambda.TooManyRequestsException",), attempts=120, interval=1, backoff=2, max_delay=60, full_jitter=True
)


def with_patience(machine: asl.Machine) -> asl.Machine:
    """The machine, its branches, maps and parts, with a retrier of its own before those of each call."""
    return asl.Machine(machine.start_at, {name: _patient(state) for name, state in machine.states.items()})


def _patient(state: asl.State) -> asl.State:
    match state:
        case asl.Task(resource=resource) if resource in (INVOKE, INVOKE_AND_WAIT):
            return replace(state, retry=(THROTTLED, *state.retry))
        case asl.Parallel():
            return replace(state, branches=tuple(map(with_patience, state.branches)))
        case asl.Map():
            return replace(state, processor=with_patience(state.processor))
        case asl.Nested():
            return replace(state, machine=with_patience(state.machine))
    return state
