"""Waiting that costs nothing: poll → Choice → Wait, in rounds where one history could not hold all the laps.

A lap is 9 history events and 3 transitions; 25,000 events are the end of an execution. A loop that may need more than
`INLINE_LAPS` runs inside a distributed `Map` with a single item: its child execution has a history of its own, ends
after `ROUND_LAPS` laps, and the loop outside starts the next round. No other machine is needed, and stopping the run
stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dag_translator import asl
from dag_translator.lowering import admission
from dag_translator.lowering.exits import outcome
from dag_translator.lowering.lambdas import INSTANCE, RUN
from dag_translator.model import Task
from dag_translator.operators.lowering import Failing, Permission, Site, States, failed_input

INLINE_LAPS = 200
ROUND_LAPS = 2_000

ROUNDS = "rounds of polling"  # why a machine may start executions of its own

# Airflow's default for a sensor's `timeout`: seven days.
DEFAULT_TIMEOUT = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Poll:
    """One way of asking, and how to read the answer.

    ask: the state that asks once; its `next`, `output` and `catch` are set here. answer: JSONata that makes the answer
    of `$states.result`: an object whose `state` is success, failed (with `error`), skipped, or anything else: not yet.
    wait: seconds between laps; an expression may read `$states.input.answer`. kept: whether the input of `ask` is
    {'states': …, 'poll': what every lap needs} instead of the task states alone. pause: stands between laps instead of
    a `Wait`; made from JSONata for the payload in its input, its `next`, `output` and `catch` are set here.
    """

    ask: asl.Task
    answer: str
    wait: int | str
    kept: bool = False
    pause: Callable[[str], asl.Task] | None = None

    @property
    def payload(self) -> str:
        """JSONata for the task states, in the input of `ask`."""
        return "$states.input.states" if self.kept else "$states.input"

    @property
    def again(self) -> str:
        """JSONata that makes the next lap's input of the input of what follows `ask`."""
        return f"{{{_STATES}, {_POLL}}}" if self.kept else "$states.input.states"

    def between(self, payload: str, following: str, output: Any = None) -> asl.Wait | asl.Task:
        """The state between two laps. It must not fail: whatever happens there, the next lap asks."""
        if self.pause is None:
            return asl.Wait(self.wait, following, output)
        paused = "{% $states.input %}" if output is None else output
        catch = (asl.Catcher(("States.ALL",), following, paused),)
        return replace(self.pause(payload), next=following, output=paused, catch=catch)

    def answered(self, answer: str) -> str:
        """The `Output` of asking: the states, what is kept, the answer."""
        fields = [f"'states': {self.payload}", *([_POLL] if self.kept else []), f"'answer': {answer}"]
        return f"{{% {{{', '.join(fields)}}} %}}"


_STATES = "'states': $states.input.states"
_POLL = "'poll': $states.input.poll"
_CHILD = "$states.input"  # where a round's child has the run


def seconds(value: Any) -> float:
    """A number of seconds, or a timedelta's."""
    return float(value.total_seconds() if hasattr(value, "total_seconds") else value)


def settings(operator: Any) -> Mapping[str, Any]:
    """How often and how long a sensor polls, in seconds."""
    return {
        "interval": seconds(_given(operator, "poke_interval", 60.0)),
        "timeout": seconds(_given(operator, "timeout", DEFAULT_TIMEOUT)),
    }


def _given(operator: Any, name: str, default: float) -> Any:
    value = getattr(operator, name, None)
    return default if value is None else value


def needs_rounds(task: Task) -> bool:
    """Whether the task's polling could take more laps than one history should hold."""
    laps: float = task.settings["timeout"] / max(1.0, task.settings["interval"])
    return laps > INLINE_LAPS


def loop(task: Task, site: Site, poll: Poll, failed: Failing, success: tuple[str | None, str]) -> tuple[str, States]:
    """The states that poll until there is an answer, and the one to enter.

    failed: made for `poll.payload`. success: where to go, and with which `Output`, when the answer is success; its
    input is as `Poll.answered` makes it.
    """
    name, decide = site.names.name(task.task_id), site.names.free(f"{task.task_id}?")
    skipped = site.exits.skipped()
    states: States = {}
    if needs_rounds(task):
        # The map fails when its child does, for reasons that no state of the child could catch (or was stopped).
        states[name] = replace(_rounds(task, site, poll, decide), catch=failed.catch[-1:])
        again, restore = name, f"{{% {poll.again} %}}"
    else:
        pause = site.names.name(task.task_id, "wait")
        states[name] = replace(poll.ask, next=decide, output=poll.answered(poll.answer), catch=failed.catch)
        next_lap = f"{{% {poll.again} %}}"
        waiting = _pausing(task, site, poll, pause, "$states.input.states", poll.payload, name, next_lap)
        again, restore = next(iter(waiting)), None
        states |= waiting
    answer, payload = "$states.input.answer", "$states.input.states"
    states[decide] = asl.Choice(
        (
            asl.Rule(f"{{% {answer}.state = 'success' %}}", *success),
            asl.Rule(
                f"{{% {answer}.state = 'failed' %}}", failed.recorded_by, failed_input(payload, f"{answer}.error")
            ),
            asl.Rule(
                f"{{% {answer}.state = 'skipped' %}}",
                skipped.next,
                skipped.output(payload, outcome(task.task_id, "skipped")),
            ),
        ),
        again,
        restore,
    )
    return name, states


def _rounds(task: Task, site: Site, poll: Poll, following: str) -> asl.Map:
    """The map that polls for one round and leaves the last answer under 'answer'."""
    asked, enough, pause, ended = (
        site.names.name(task.task_id, role) for role in ("poll", "polled?", "wait", "round ends")
    )
    final = "$states.input.answer.state in ['success', 'failed', 'skipped']"
    errors = (
        asl.Catcher(("AirflowSkipException",), ended, {"answer": {"state": "skipped"}}),
        asl.Catcher(("States.ALL",), ended, {"answer": {"state": "failed", "error": "{% $states.errorOutput %}"}}),
    )
    lap = f"{{% $merge([$states.input, {{'lap': $states.input.lap + 1, 'answer': {poll.answer}}}]) %}}"
    pausing = {
        each: replace(state, arguments=_from_input(state.arguments)) if isinstance(state, asl.Task) else state
        for each, state in _pausing(task, site, poll, pause, _CHILD, _CHILD, asked).items()
    }
    states: dict[str, asl.State] = {
        asked: replace(poll.ask, arguments=_from_input(poll.ask.arguments), next=enough, output=lap, catch=errors),
        enough: asl.Choice(
            (asl.Rule(f"{{% {final} or $states.input.lap >= {ROUND_LAPS} %}}", ended),), next(iter(pausing))
        ),
        **pausing,
        ended: asl.Pass(None, {"answer": "{% $states.input.answer %}"}),
    }
    selector = {"lap": 0, **site.which(poll.payload)} | ({"poll": "{% $states.input.poll %}"} if poll.kept else {})
    return asl.Map(
        items=[1],
        selector=selector,
        processor=asl.Machine(asked, states),
        next=following,
        output=poll.answered("$states.result[0].answer"),
        comment="Polls in rounds, each with a history of its own",
    )


def _pausing(
    task: Task, site: Site, poll: Poll, name: str, before: str, after: str, following: str, output: Any = None
) -> States:
    """The state between two laps, the one to enter first; a task that yields holds no slots meanwhile.

    name: of the state that waits. before, after: JSONata for the payload in its input, and in its `output`.
    """
    if not (task.limits and task.yields):
        return {name: poll.between(before, following, output)}
    pause, again = site.names.name(task.task_id, "pause"), site.names.name(task.task_id, "admit again")
    return {
        pause: admission.releasing(task, site, before, name),
        name: poll.between(before, again, output),
        again: admission.admitting(task, site, after, following),
    }


def _from_input(arguments: Any) -> Any:
    """The arguments, with the run read from the input: children of a distributed map can't read outer variables."""
    if isinstance(arguments, dict):
        return {key: _from_input(value) for key, value in arguments.items()}
    # Also inside a mapped task, whose payload holds them, from the call on under `states`.
    each = {name: f"{{% $states.input.states.{name} %}}" for name in INSTANCE}
    name = next((name for place in (RUN, INSTANCE, each) for name, value in place.items() if value == arguments), None)
    return arguments if name is None else f"{{% $states.input.{name} %}}"


def permissions(task: Task, machine_name: str) -> tuple[Permission, ...]:
    """A distributed map starts, describes and stops executions of its own machine."""
    return children(machine_name, f"{ROUNDS} of task {task.task_id}") if needs_rounds(task) else ()


def children(machine_name: str, reason: str) -> tuple[Permission, ...]:
    """What a distributed map in the machine needs."""
    arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
    return (
        Permission(("states:StartExecution",), (f"{arn}:stateMachine:{machine_name}",), reason),
        Permission(
            ("states:DescribeExecution", "states:StopExecution"),
            # A child's ARN is `machine/map:id`; the developer guide's policy for distributed maps names `machine:id`.
            (f"{arn}:execution:{machine_name}/*", f"{arn}:execution:{machine_name}:*"),
            reason,
        ),
    )
