"""Where a branch of an execution stands: its variables, its context object, its place in the history.

The top level of a machine, each branch of a Parallel and each iteration of a Map has a scope of its own. An inner
scope starts with a copy of the outer one's variables, so it can read but not assign them, and branches don't see each
other's. A distributed Map's children start without variables.

The checkpoint is plain JSON that always says where the branch is: the current state with its input and variables, and
for a Parallel or Map the same for each branch, or its output once it is done. Redrives and restarts continue there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.local.engine import errors
from infra.local.engine.expressions import Bindings
from infra.local.engine.integration import TaskCall, ignore
from infra.local.engine.json_values import Json, dumps, timestamp, too_large

if TYPE_CHECKING:
    from infra.local.engine.execution import Execution

State = dict[str, Any]
"""One state of a definition, as it stands there."""


@dataclass(slots=True)
class Scope:
    """One branch under way. `previous`: id of the branch's last event; `language`: the machine's QueryLanguage."""

    execution: Execution
    context: dict[str, Json]
    variables: dict[str, Json]
    previous: int
    language: str
    checkpoint: dict[str, Json] = field(default_factory=dict)
    _seen: tuple[Json, str] | None = None

    def branch(self, index: int, item: Mapping[str, Json] | None = None) -> Scope:
        """The scope of branch or iteration `index`; `item` becomes `$states.context.Map.Item`."""
        context = {key: value for key, value in self.context.items() if key not in ("State", "Task")}
        if item is not None:
            context["Map"] = {"Item": dict(item)}
        return Scope(
            execution=self.execution,
            context=context,
            variables=dict(self.variables),
            previous=self.previous,
            language=self.language,
            checkpoint=self.checkpoint.setdefault("branches", {}).setdefault(str(index), {}),
        )

    def language_of(self, state: State) -> str:
        return str(state.get("QueryLanguage", self.language))

    def event(self, type_: str, details: dict[str, Any] | None = None) -> None:
        """Adds an event of this branch to the history."""
        self.previous = self.execution.history.add(type_, self.previous, details)

    def enter(self, name: str, given: Json) -> None:
        """The branch is now in the state `name` with the input `given`."""
        self.checkpoint.clear()
        self.checkpoint.update(state=name, input=given, variables=self.variables)
        self._set_state(name, 0)

    def resume(self) -> tuple[str, Json]:
        """The state and its input at which the checkpoint continues."""
        self.variables = dict(self.checkpoint["variables"])
        name = self.checkpoint["state"]
        self._set_state(name, sum(self.checkpoint.get("retries", [])))
        return name, self.checkpoint["input"]

    def _set_state(self, name: str, retries: int) -> None:
        entered = timestamp(self.execution.engine.clock.now())
        self.context["State"] = {"Name": name, "EnteredTime": entered, "RetryCount": retries}
        self.context.pop("Task", None)

    def retried(self, count: int) -> None:
        """`$states.context.State.RetryCount` is now `count`."""
        self.context["State"] = self.context["State"] | {"RetryCount": count}

    def waits_for(self, token: str) -> None:
        self.context["Task"] = {"Token": token}
        self.checkpoint["token"] = token

    def assign(self, values: Mapping[str, Json]) -> None:
        """Sets variables at the end of a state; raises StateFailed over the limits."""
        if not values:
            return
        limits = self.execution.engine.limits
        for name, value in values.items():
            if too_large(dumps(value), limits.variable):
                raise errors.StateFailed(
                    errors.DATA_LIMIT, f"The variable '{name}' exceeds the maximum size of {limits.variable} bytes."
                )
        self.variables = {**self.variables, **values}
        total = dumps(self.variables) if len(self.variables) * limits.variable > limits.variables else ""
        if too_large(total, limits.variables):
            raise errors.StateFailed(
                errors.DATA_LIMIT, f"All variables together exceed the maximum size of {limits.variables} bytes."
            )

    def bindings(self, given: Json, **more: Json) -> Bindings:
        """What a JSONata expression of the current state sees; `more`: `result` or `errorOutput` where they exist."""
        engine = self.execution.engine
        states = {"input": given, "context": self.context, **more}
        return Bindings(self.variables, states, engine.milliseconds, engine.random)

    def task_call(self, token: str | None = None, submitted: Callable[[Json], None] = ignore) -> TaskCall:
        """What an integration sees of the current state's attempt."""
        engine = self.execution.engine
        return TaskCall(
            execution_arn=self.execution.arn,
            state_name=self.context["State"]["Name"],
            attempt=self.context["State"]["RetryCount"],
            token=token,
            clock=engine.clock,
            submitted=submitted,
            detach=engine.detach,
        )

    def payload(self, value: Json, what: str) -> str:
        """The value's JSON text within the payload limit; an output is the next state's input, so it is kept."""
        if self._seen is not None and self._seen[0] is value:
            return self._seen[1]
        text = self.execution.engine.limits.payload_text(value, what)
        self._seen = (value, text)
        return text
