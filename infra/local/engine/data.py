"""The data of a state: what it works on, what it puts out, what it assigns, in either query language.

`DataLanguage` is what the states need; `jsonata_data` and `jsonpath_data` are the two ways. An `Outcome` is how a
state ended: its output, the name of the next state (None: the branch ends here), and the variables to assign.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from infra.local.engine.json_values import Json
from infra.local.engine.scope import Scope, State


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for "this state has no result" where null would be one."""


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a state ended."""

    output: Json
    next: str | None
    assigned: dict[str, Json] = field(default_factory=dict)


def next_of(state: State) -> str | None:
    """The state that follows, None at an end."""
    following: str | None = state.get("Next")
    return following


class DataLanguage(Protocol):
    """How a query language reads a state's fields. Every method raises StateFailed."""

    def arguments(self, scope: Scope, state: State, given: Json) -> Json:
        """What a Task calls with, and what a Parallel's branches get."""
        ...

    def outcome(
        self, scope: Scope, state: State, given: Json, result: Json | Missing, following: str | None
    ) -> Outcome:
        """Output and Assign of a state, or of a Choice rule."""
        ...

    def caught(self, scope: Scope, catcher: State, given: Json, error: dict[str, str]) -> Outcome:
        """Where a catcher leads, with the error output `{"Error", "Cause"}`."""
        ...

    def chosen(self, scope: Scope, state: State, given: Json) -> State | None:
        """The first rule of a Choice that holds."""
        ...

    def value(self, scope: Scope, state: State, field: str, wanted: str, given: Json) -> Json:
        """A field of the JSON type `wanted` ("number", "string"); None when the state doesn't have it."""
        ...

    def items(self, scope: Scope, state: State, given: Json) -> Json:
        """What a Map without ItemReader iterates over."""
        ...

    def template(self, scope: Scope, holder: State, field: str, given: Json) -> Json:
        """An object field of the state or of a part of it (ItemReader's arguments, BatchInput, ...), {} if missing."""
        ...

    def item_input(self, scope: Scope, state: State, given: Json, item: Json) -> Json:
        """What an iteration gets; `scope` is the iteration's own."""
        ...
