"""EventBridge's two ends that are ours: events that AWS's own services emit, and state machines as targets.

Invariant: nothing here blocks; both are called on the event loop or on ministack's threads.
"""

from collections.abc import Callable
from typing import Any

from infra.local.ministack import internals
from infra.local.ministack.gateway import Gateway, Scope


def publish(gateway: Gateway, scope: Scope, entry: dict[str, Any]) -> None:
    """Put one event with a source `aws.…`, which PutEvents refuses from others. Raises RuntimeError if not taken."""
    events: Any = internals.module("services.eventbridge")
    with gateway.acting_for(scope):
        status, _, answer = events._put_events({"Entries": [entry]}, allow_aws_source=True)
    if status >= 400 or b'"FailedEntryCount": 0' not in answer:
        raise RuntimeError(f"EventBridge did not take the event: {answer!r}")


def start_state_machines_with(gateway: Gateway, deliver: Callable[[Scope, str, str], None]) -> None:
    """Let `deliver(scope, ARN, input)` serve EventBridge rules whose target is a state machine; it must not block."""
    events: Any = internals.module("services.eventbridge")
    events._dispatch_to_stepfunctions = lambda arn, payload: deliver(gateway.scope(), arn, payload)
