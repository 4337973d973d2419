"""EventBridge's ends that are ours: events that AWS's own services emit, state machines as targets, and the credentials
of connections, which its API does not tell.

Invariant: nothing here blocks; both are called on the event loop or on ministack's threads.
"""

from collections.abc import Callable
from typing import Any

from infra.local.integrations.http import Connection
from infra.local.ministack import internals
from infra.local.ministack.gateway import Gateway, Scope

_PARAMETERS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")


def publish(gateway: Gateway, scope: Scope, entry: dict[str, Any]) -> None:
    """Put one event with a source `aws.…`, which PutEvents refuses from others. Raises RuntimeError if not taken."""
    events: Any = internals.module("services.eventbridge")
    with gateway.acting_for(scope):
        status, _, answer = events._put_events({"Entries": [entry]}, allow_aws_source=True)
    if status >= 400 or b'"FailedEntryCount": 0' not in answer:
        raise RuntimeError(f"EventBridge did not take the event: {answer!r}")


def connection(gateway: Gateway, scope: Scope, arn: str) -> Connection | None:
    """What the connection of this ARN adds to a request; None if there is none. An OAuth token is fetched."""
    events: Any = internals.module("services.eventbridge")
    name = arn.split(":")[-1].split("/")[1]
    with gateway.acting_for(scope):
        found = events._connections.get(name)
        if found is None:
            return None
        given = (found.get("AuthParameters") or {}).get("InvocationHttpParameters") or {}
        parameters = {kind: events._connection_params_map(given.get(kind)) for kind in _PARAMETERS}
        login = events._connection_auth_headers(found, (scope.account, scope.region, name))
    headers, query, body = (parameters[kind] for kind in _PARAMETERS)
    return Connection({**headers, **login}, query, body)


def start_state_machines_with(gateway: Gateway, deliver: Callable[[Scope, str, str], None]) -> None:
    """Let `deliver(scope, ARN, input)` serve EventBridge rules whose target is a state machine; it must not block."""
    events: Any = internals.module("services.eventbridge")
    events._dispatch_to_stepfunctions = lambda arn, payload: deliver(gateway.scope(), arn, payload)
