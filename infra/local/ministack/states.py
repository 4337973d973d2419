"""What each of ministack's services remembers: taken out, written as bytes, put back.

Invariant: `restore(name, encode(name, capture(name)))` leaves a service as it was; a state of a service that cannot be
captured is an error, never an empty state.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

from infra.local.ministack import internals

# A state is captured while threads may write to it; a change in the middle shows as RuntimeError, and passes.
CAPTURE_ATTEMPTS = 20


class ServiceStates:
    """States by ministack's names of them, such as `dynamodb`, `lambda`, `cloudwatch_logs`."""

    def __init__(self) -> None:
        self._app: Any = internals.module("app")
        self._persistence: Any = internals.module("core.persistence")
        self._modules: dict[str, str] = self._app._registry_state_map()

    def of_service(self, service: str) -> tuple[str, ...]:
        """The states that requests to `service` (a key of the handler table) change."""
        entry = self._app.SERVICE_REGISTRY[service]
        return (entry.get("state_key", entry["module"]), *entry.get("sub_modules", ()))

    def loaded(self) -> Iterable[str]:
        """The states that exist by now: of the services that anything has used."""
        for name, module in self._modules.items():
            if hasattr(sys.modules.get(f"ministack.services.{module}"), "get_state"):
                yield name

    def capture(self, name: str) -> object:
        """A copy of the state, to be encoded later."""
        service: Any = self._app._get_module(self._modules[name])
        for attempt in range(CAPTURE_ATTEMPTS):
            try:
                return service.get_state()
            except RuntimeError:
                if attempt == CAPTURE_ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def encode(self, state: object) -> bytes:
        text: str = json.dumps(state, default=self._persistence._json_default)
        return text.encode()

    def restore(self, name: str, encoded: bytes) -> None:
        """Give a freshly imported service its state back."""
        state = json.loads(encoded, object_hook=self._persistence._json_object_hook)
        if state:
            self._app._get_module(self._modules[name]).load_persisted_state(state)


def keep_old_code() -> None:
    """Stop ministack from deleting the code of a version before the state without that version is on disk."""
    lambdas: Any = internals.module("services.lambda_svc")
    lambdas._prune_orphan_code_blobs = lambda _referenced: None


def settle_stacks() -> set[str]:
    """After a restart: an operation on a stack that was under way has failed, since nobody continues it.

    Answers the names of those stacks.
    """
    cloudformation: Any = sys.modules["ministack.services.cloudformation"]
    interrupted = set()
    for stack in cloudformation._stacks._data.values():
        if outcome := INTERRUPTED.get(stack.get("StackStatus")):
            stack["StackStatus"] = outcome
            stack["StackStatusReason"] = "The local AWS was stopped in the middle of the operation"
            interrupted.add(stack["StackName"])
    return interrupted


INTERRUPTED = {
    "CREATE_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "UPDATE_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}
