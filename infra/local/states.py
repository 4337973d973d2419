"""The states of all services in one view: ministack's and those of our own services.

Invariant: a name belongs to exactly one of the two; our own services' states are JSON values.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from infra.local.ministack.states import ServiceStates


class OwnState(Protocol):
    """A service of ours that can be saved."""

    def capture(self) -> object: ...
    def restore(self, state: Any) -> None: ...


class AllStates:
    """`durability.States` over both kinds."""

    def __init__(self, ministack: ServiceStates, own: Mapping[str, OwnState]) -> None:
        self._ministack = ministack
        self._own = own

    def loaded(self) -> Iterable[str]:
        return {*self._own, *self._ministack.loaded()}

    def capture(self, name: str) -> object:
        # Encoded at once: our services go on changing their records.
        if name in self._own:
            return json.dumps(self._own[name].capture()).encode()
        return self._ministack.capture(name)

    def encode(self, state: object) -> bytes:
        return state if isinstance(state, bytes) else self._ministack.encode(state)

    def restore(self, name: str, encoded: bytes) -> None:
        if name in self._own:
            self._own[name].restore(json.loads(encoded))
        else:
            self._ministack.restore(name, encoded)
