"""Bodies that only pretend: each task takes a given time and ends as told, everything else is the real machine.

    durations   {"load": 90}                       seconds in virtual time; what is not named takes `DEFAULT_SECONDS`
    outcomes    {"load": "failed"}                  success (the default), failed or skipped
                {"load": ["failed", "success"]}     by try; the last one counts for all later tries
                {"branch": {"follow": ["a", "b"]}}  what a branch follows; all its children if not told
                {"gate": {"follow": []}}            a short circuit that is false (or a branch that follows nothing)

Only `execute` and `poke` of the live operators are replaced, and templates are not rendered (what they refer to does
not exist in a simulation). A sensor is done when its duration has passed since its first poke. A native task's service
is pretended too: it takes the task's duration.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dag_translator.errors import UsageError
from infra.cli.inprocess import Meter
from infra.cli.pretended import ANY_JOB, PRETENDED, Pretended, pretended_watch
from infra.local.engine import TaskCall, TaskFailed

DEFAULT_SECONDS = 1.0
DEFAULT_INSTANCES = 3  # of a mapped task whose number only a run knows
STATES = ("success", "failed", "skipped")

Json = Any


@dataclass(frozen=True, slots=True)
class Plan:
    """How each task shall behave. tries: task → its outcome at each try; follows: branch → the task ids it follows."""

    durations: Mapping[str, float]
    tries: Mapping[str, tuple[str, ...]]
    follows: Mapping[str, tuple[str, ...]]

    def seconds(self, task_id: str) -> float:
        return self.durations.get(task_id, DEFAULT_SECONDS)

    def outcome(self, task_id: str, attempt: int) -> str:
        tries = self.tries.get(task_id, ("success",))
        return tries[min(attempt, len(tries) - 1)]


def read_plan(task_ids: Mapping[str, Any], durations: Any, outcomes: Any) -> Plan:
    """Check what the user gave. task_ids: the DAG's. Raises UsageError naming everything that does not fit."""
    mistakes = [f"durations: expected a JSON object, not {durations!r}"] if not isinstance(durations, Mapping) else []
    mistakes += [f"outcomes: expected a JSON object, not {outcomes!r}"] if not isinstance(outcomes, Mapping) else []
    if mistakes:
        raise UsageError("\n".join(mistakes))
    seconds: dict[str, float] = {}
    tries: dict[str, tuple[str, ...]] = {}
    follows: dict[str, tuple[str, ...]] = {}
    for task_id, value in durations.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            mistakes.append(f"durations: {task_id}: {value!r} is not a number of seconds")
        else:
            seconds[task_id] = float(value)
    for task_id, value in outcomes.items():
        given = value if isinstance(value, list) else [value]
        if isinstance(value, Mapping) and set(value) == {"follow"}:
            chosen = value["follow"]
            follows[task_id] = tuple([chosen] if isinstance(chosen, str) else chosen or ())
        elif given and all(state in STATES for state in given):
            tries[task_id] = tuple(given)
        else:
            mistakes.append(f"outcomes: {task_id}: {value!r} is none of {', '.join(STATES)}, a list of them by try, or")
            mistakes[-1] += ' {"follow": [task ids]}'
    for task_id in sorted({*durations, *outcomes, *(each for ids in follows.values() for each in ids)} - set(task_ids)):
        mistakes.append(f"the DAG has no task {task_id!r}")
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return Plan(seconds, tries, follows)


def pretend(dag: Any, plan: Plan, meter: Meter) -> None:
    """Replace the bodies of a live DAG's tasks. The DAG is no good for anything else afterwards."""
    for group in dag.task_group_dict.values():
        if hasattr(group, "expand_input"):
            _pretend_length(group)
    for task_id, operator in dag.task_dict.items():
        if operator.is_mapped:
            _pretend_mapped(operator, plan, meter)
            continue
        for name in operator.template_fields:
            stand_in = _STAND_IN_DATE if name.endswith("_date") else _STAND_IN
            operator.__dict__[name] = _unrendered(operator.__dict__.get(name), stand_in)
        operator.template_fields = ()
        operator.execute = _body(operator, task_id, plan, meter)
        for name in _OF_SERVICES:
            if callable(getattr(type(operator), name, None)):  # not an argument of that name
                setattr(operator, name, lambda *_: {})
        if hasattr(operator, "poke"):
            operator.poke = _poke(task_id, plan, meter)
            if (longest := _longest_pause(operator)) is not None:
                operator.next_poke_interval = _what_is_left(plan.seconds(task_id), longest)


def _longest_pause(operator: Any) -> float | None:
    """Of a sensor that need not poll, as it knows its moment or is woken: the longest it waits by itself."""
    from dag_translator.authoring.sensors.dates import MomentSensor

    if isinstance(operator, MomentSensor):
        return math.inf
    if getattr(operator, "is_woken", False):
        from dag_translator.authoring.sensors.woken import UNWOKEN

        return UNWOKEN
    return None


def _what_is_left(seconds: float, longest: float) -> Callable[[Any, float, int], float]:
    return lambda _, waited, __: min(max(seconds - waited, 1.0), longest)


# What an operator of a service does around its calls (`authoring.aws`).
_OF_SERVICES = frozenset({"start", "prepared", "synced", "finish", "arguments", "described_cluster"})
# Text that any request can be made of, where a template or the output of another task would stand.
_STAND_IN, _STAND_IN_DATE = "{}", "2024-01-01"


def _unrendered(value: Any, stand_in: str) -> Any:
    """A template field as it stands, with text for what only a run knows."""
    from dag_translator.authoring.definitions.expand import MappedArgument
    from dag_translator.authoring.definitions.xcom_arg import XComArg

    match value:
        case XComArg() | MappedArgument():
            return stand_in
        case str() if "{{" in value or "{%" in value:
            return stand_in
        case dict():
            return {key: _unrendered(each, stand_in) for key, each in value.items()}
        case list() | tuple():
            return type(value)(_unrendered(each, stand_in) for each in value)
    return value


def _pretend_length(mapped: Any) -> None:
    """As many instances as the DAG file says, or `DEFAULT_INSTANCES`."""
    from dag_translator.authoring.definitions.expand import DictOfListsExpandInput

    length = mapped.expand_input.parse_time_length()
    mapped.expand_input = DictOfListsExpandInput({"item": [None] * (DEFAULT_INSTANCES if length is None else length)})


def _pretend_mapped(mapped: Any, plan: Plan, meter: Meter) -> None:
    """The instances; each takes the task's duration."""
    from dag_translator.authoring.definitions.baseoperator import BaseOperator
    from dag_translator.authoring.sensors.base import BaseSensorOperator

    _pretend_length(mapped)
    kind = BaseSensorOperator if hasattr(mapped.operator_class, "poke") else BaseOperator

    def instance(_: Any) -> Any:
        arguments = {"retries": mapped.retries, "execution_timeout": mapped.execution_timeout}
        place = {"task_id": mapped.task_id, "dag": mapped.dag, "task_group": mapped.task_group}
        operator: Any = kind(**place, **arguments, _airstep_from_mapped=True)
        operator.execute = _body(operator, mapped.task_id, plan, meter)
        operator.poke = _poke(mapped.task_id, plan, meter)
        return operator

    mapped.unmap = instance


def _body(operator: Any, task_id: str, plan: Plan, meter: Meter) -> Callable[[Any], Any]:
    from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException, AirflowTaskTimeout

    def execute(context: Any) -> Any:
        seconds = plan.seconds(task_id)
        limit = operator.execution_timeout.total_seconds() if operator.execution_timeout else None
        if limit is not None and seconds > limit:
            meter.spend(limit)
            raise AirflowTaskTimeout(f"simulated: {seconds:g} s are longer than execution_timeout")
        meter.spend(seconds)
        outcome = plan.outcome(task_id, context["ti"].try_number - 1)
        if outcome == "failed":
            raise AirflowException("simulated: this try fails")
        if outcome == "skipped":
            raise AirflowSkipException("simulated: this task skips itself")
        return _choose(operator, plan.follows.get(task_id))

    return execute


def _choose(operator: Any, follows: tuple[str, ...] | None) -> Any:
    """What the code of a branch or short circuit returns; None for any other task."""
    from dag_translator.authoring.operators.skipmixin import BranchMixIn

    if not operator.inherits_from_skipmixin:
        return None
    children = sorted(operator.downstream_task_ids)
    if isinstance(operator, BranchMixIn):
        return children if follows is None else list(follows)
    return follows is None or bool(follows)


def _poke(task_id: str, plan: Plan, meter: Meter) -> Callable[[Any], bool]:
    first: dict[tuple[int, int], datetime] = {}

    def poke(context: Any) -> bool:
        if meter.current is None:
            return True
        ti = context["ti"]
        now = meter.current.now()
        waited = (now - first.setdefault((ti.map_index, ti.try_number), now)).total_seconds()
        if waited < plan.seconds(task_id):
            return False
        from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException

        outcome = plan.outcome(task_id, ti.try_number - 1)
        if outcome == "failed":
            raise AirflowException("simulated: this try fails")
        if outcome == "skipped":
            raise AirflowSkipException("simulated: this task skips itself")
        return True

    return poke


@dataclass(frozen=True, slots=True)
class PretendedServices:
    """Native integrations that take their task's duration and answer as the service would."""

    plan: Plan
    task_of: Mapping[str, str]  # state name → task_id
    watches: Mapping[str, Pretended]  # task_id → what its service tells of its state
    began: dict[str, datetime]

    @classmethod
    def of(cls, manifest: Mapping[str, Any], plan: Plan, dag: Any) -> PretendedServices:
        watched = {task_id: pretended_watch(each) for task_id, each in dag.task_dict.items() if hasattr(each, "watch")}
        names = {name: task["task_id"] for task in manifest["tasks"] for name in task["states"]}
        return cls(plan, names, watched, {})

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        """See `Integrations`."""
        task_id = self.task_of.get(call.state_name, call.state_name)
        row = PRETENDED.get(resource.partition(":::")[2]) or self._of_a_row(task_id, resource)
        if row is None:
            raise TaskFailed("Airstep.NotSimulated", f"{task_id}: {resource} cannot be simulated")
        if row.kind == "ask":
            return row.answer(task_id, arguments, self._state_now(task_id, call))
        if row.kind == "job":
            call.submitted(row.answer(task_id, arguments, "running"))
            await call.sleep(self.plan.seconds(task_id))
        if self.plan.outcome(task_id, call.attempt) == "failed":
            raise TaskFailed(row.error, f"simulated: the work of {task_id} fails")
        return row.answer(task_id, arguments, "success")

    def _of_a_row(self, task_id: str, resource: str) -> Pretended | None:
        if task_id not in self.watches:
            return None
        return ANY_JOB if resource.endswith(".sync") else self.watches[task_id]

    def _state_now(self, task_id: str, call: TaskCall) -> str:
        now = call.clock.now()
        waited = (now - self.began.setdefault(task_id, now)).total_seconds()
        if waited < self.plan.seconds(task_id):
            return "running"
        return "failed" if self.plan.outcome(task_id, 0) == "failed" else "success"
