"""The lowering pass: regions -> Amazon States Language.

Purpose: each region becomes states. What is known about how tasks ended travels along (`lowering.knowledge`): a guard
stands only where it has something to decide, and a way out whose consequences are known jumps over the tasks whose fate
it seals, writing their outcomes at once.

Invariants afterwards: state names are unique over the whole machine; every error is caught, so that siblings in a
`Parallel` are never cancelled; when the machine reaches `finish run`, the payload holds the state of every task. In a
`fail_fast` DAG both are otherwise: a failure leaves every `Parallel` around it, which stops what runs beside it, and
leads to `finish run`, which finds the states in the table.

>>> from dag_translator.model import Dag, Task
>>> from dag_translator.regions import Series, Step
>>> a, b = Task("a", "EmptyOperator", lowering="EmptyOperator"), Task("b", "X", ("a",))
>>> machine = lower(Dag("d", "d.py", (a, b)), Series((Step("a"), Step("b"))))
>>> {name: type(state).__name__ for name, state in machine.states.items()}
{'start run': 'Task', 'a': 'Pass', 'b': 'Task', 'b · failed': 'Task', 'finish run': 'Task'}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from dag_translator import asl, regions
from dag_translator.lowering import admission, frame, group_stages, guards, joins, mapped_groups, parts
from dag_translator.lowering.exits import LABEL, Exit, Exits, landings_of, resolved
from dag_translator.lowering.knowledge import (
    ANY,
    MAYBE_SKIPPED,
    Known,
    PossibleStates,
    joined,
    sealed,
    verdicts,
)
from dag_translator.lowering.lambdas import INSTANCE, RUN
from dag_translator.lowering.throttling import with_patience
from dag_translator.model import Dag, Task
from dag_translator.names import StateNames
from dag_translator.operators import LOWERINGS, mapped
from dag_translator.operators.lowering import Site
from dag_translator.regions import Await, Mapped, Parallel, Part, Region, Signal, Step
from dag_translator.structure import deep_recursion

START, FINISH = "start run", "finish run"
STOPPED = "FailFast"  # the error with which a failed task of a fail_fast DAG ends the run

States = dict[str, asl.State]


def lower(dag: Dag, region: Region | None, *, rerun: bool = False) -> asl.Machine:
    """The machine of a DAG; `region` is None for a DAG without tasks.

    rerun: the machine that executes runs again of which some tasks are kept: each task has a guard, which passes over
    it if `$kept` says how it ended. Then nothing is known beforehand, and nothing is jumped over.
    """
    dag = admission.limited(dag, region)
    names = StateNames({START, FINISH})
    states: States = {}
    first = FINISH
    if region is not None:
        with deep_recursion():
            lowering = _Lowering(dag, names, joins.reports(region), _askers(dag), _stops(dag, region), rerun)
            sequence = lowering.sequence(regions.steps_of(region), {}, FINISH)
        first, states = sequence.entry, sequence.states
    with deep_recursion():
        return with_patience(
            asl.Machine(START, {START: frame.start_run(first, rerun)} | states | {FINISH: frame.finish_run()})
        )


def _stops(dag: Dag, region: Region) -> bool:
    """Whether a failure ends the run at once. Where teardowns have their turn, and in a DAG that runs in parts, the
    records alone stop the other tasks."""
    return dag.fail_fast and not any(task.is_teardown for task in dag.tasks) and not regions.parts_of(region)


def _askers(dag: Dag) -> dict[str, frozenset[str]]:
    """For each task, the tasks whose fate depends on how it ended."""
    return {
        task.task_id: dag.descendants(task.task_id) if task.is_setup else frozenset(dag.downstream[task.task_id])
        for task in dag.tasks
    }


@dataclass(frozen=True, slots=True)
class _Sequence:
    """Lowered steps: the state to enter, the states, and what is known when they are through."""

    entry: str
    states: States
    known: Known


@dataclass(slots=True)
class _Lowering:
    dag: Dag
    names: StateNames
    reports: dict[str, joins.Reports]
    askers: Mapping[str, frozenset[str]]
    stops: bool
    rerun: bool = False
    depth: int = 0  # of Parallel states around what is lowered
    place: Mapping[str, str] = field(default_factory=lambda: RUN)
    done: set[str] = field(default_factory=set)
    labels: Iterator[int] = field(default_factory=count)

    def sequence(self, steps: tuple[Region, ...], known: Known, end: str | None) -> _Sequence:
        """Lowers steps that follow each other; `end` is what comes after them (None: the branch ends)."""
        prefix = f"{LABEL}{next(self.labels)}."
        landings = landings_of(steps)
        arrivals: dict[int, list[Known]] = defaultdict(list, {0: [known]})
        states: States = {}
        entries: dict[str, str | None] = {f"{prefix}{len(steps)}": end}
        for number, step in enumerate(steps):
            if number not in arrivals:  # nobody comes here: the fate of its tasks is sealed on every way
                self.done.update(regions.tasks_in(step))
                continue

            def leave(after: Known, number: int = number) -> Exit:
                target, jumped, after = self._jump(steps, number + 1, landings, after)
                arrivals[target].append(after)
                return Exit(f"{prefix}{target}", jumped)

            lowered = self._step(step, self._live(joined(arrivals[number])), leave)
            entries[f"{prefix}{number}"] = next(iter(lowered))
            states |= lowered
        about = regions.first_task(steps[0])
        states = resolved(states, entries, lambda: self.names.name(about, "end"))
        entry = entries[f"{prefix}0"]
        assert entry is not None
        return _Sequence(entry, states, joined(arrivals[len(steps)]))

    def _jump(
        self, steps: tuple[Region, ...], number: int, landings: frozenset[int], known: Known
    ) -> tuple[int, dict[str, str], Known]:
        """The first step from `number` on that has something to do, and the outcomes of the tasks before it."""
        jumped: dict[str, str] = {}
        while number < len(steps) and not self.rerun and not (jumped and number in landings):
            outcomes = sealed(steps[number], self.dag, known)
            if outcomes is None:
                break
            jumped |= outcomes
            known = dict(known) | {task_id: frozenset({state}) for task_id, state in outcomes.items()}
            number += 1
        return number, jumped, known

    def _live(self, known: Known) -> Known:
        """Without the tasks that nobody asks about any more."""
        return {
            task_id: states
            for task_id, states in known.items()
            if task_id not in self.done or not self.done.issuperset(self.askers[task_id])
        }

    def _step(self, step: Region, known: Known, leave: Callable[[Known], Exit]) -> States:
        match step:
            case Step(task_id):
                return self._task(self.dag.by_id[task_id], known, leave)
            case Signal():
                return joins.signal(step, self.names, self.place, leave(known))
            case Await():
                way = leave(joins.learned(step, self.reports[step.join], known))
                return joins.wait(step, self.dag, self.names, self.place, way)
            case Mapped(group_id, body):
                return self._mapped_group(group_id, body, known, leave)
            case Parallel(branches):
                return self._parallel(branches, known, leave)
            case Part(number, inner):
                return self._part(number, inner, known, leave)
            case regions.Series() | regions.Gather():
                raise AssertionError(f"{type(step).__name__} inside a series")

    def _parallel(self, branches: tuple[Region, ...], known: Known, leave: Callable[[Known], Exit]) -> States:
        name = self.names.free(self._title(branches))
        self.depth += 1
        lowered = [self.sequence(regions.steps_of(branch), known, None) for branch in branches]
        self.depth -= 1
        way = leave(_behind(branches, [each.known for each in lowered], known))
        machines = tuple(asl.Machine(each.entry, each.states) for each in lowered)
        output = way.output("$states.input", "$merge($states.result)")
        catch = (asl.Catcher((STOPPED,), FINISH, "{% $states.input %}"),) if self.stops and not self.depth else ()
        return {name: asl.Parallel(machines, way.next, output, joins.carried(branches, known), catch)}

    def _mapped_group(self, group_id: str, region: Region, known: Known, leave: Callable[[Known], Exit]) -> States:
        """The group's `Map`, or one for each stage, with its members in it as anywhere else."""
        group = next(each for each in self.dag.mapped_groups if each.group_id == group_id)
        name, ending = self.names.name(group_id), self.names.name(group_id, "record")
        inner_known = mapped_groups.entering(group, self.dag, known)
        # A `Fail` would end one instance alone, and as one that Step Functions counts against the whole.
        # In a re-run, instances that are kept say so themselves when they are asked.
        inside = replace(self, place=INSTANCE, stops=False, rerun=False)
        bodies: list[mapped_groups.Body] = []
        stages = regions.stages_of(region)
        for number, (judged, steps) in enumerate(stages):
            end = ending if number + 1 == len(stages) else self.names.name(group_id, "gather")
            inner = inside.sequence(steps, group_stages.entering_next(inner_known, judged), end)
            inner_known = {**inner_known, **inner.known}
            bodies.append(mapped_groups.Body(inner.entry, inner.states, end, inner_known, steps, judged))
        states = mapped_groups.lower(group, self.dag, self.names, name, bodies, known, leave)
        if not self.rerun:
            return states
        kept = leave({**known, **dict.fromkeys(group.members, ANY)})
        return {self.names.name(group_id, "kept"): mapped_groups.passing(group, next(iter(states)), kept)} | states

    def _part(self, number: int, inner: Region, known: Known, leave: Callable[[Known], Exit]) -> States:
        lowered = self.sequence(regions.steps_of(inner), known, None)
        way = leave(_behind((inner,), [lowered.known], known))
        machine = asl.Machine(lowered.entry, lowered.states)
        return parts.nested(number, inner, machine, known, self.names, way, rerun=self.rerun)

    def _title(self, branches: tuple[Region, ...]) -> str:
        """The task group that the branches make up, or what each of them begins with."""
        inside = {task_id for branch in branches for task_id in regions.tasks_in(branch)}
        groups = {self.dag.by_id[task_id].group for task_id in inside}
        mapped_ids = {each.group_id for each in self.dag.mapped_groups}  # such a group's name is its `Map`'s
        if len(groups) == 1 and (group := groups.pop()) is not None and group not in mapped_ids:
            members = {task.task_id for task in self.dag.tasks if task.group == group}
            if members == inside:
                return group
        heads = [regions.first_task(branch) for branch in branches]
        shown = heads if len(heads) <= 4 else [*heads[:3], f"{len(heads) - 3} more"]
        return " ∥ ".join(shown)

    def _task(self, task: Task, known: Known, leave: Callable[[Known], Exit]) -> States:
        self.done.add(task.task_id)
        can_say = verdicts(task, known)
        states: States = {}
        if "run" in can_say:
            states = self._unguarded(task, known, leave)
        if not self.rerun and not guards.needed(task, known, can_say):
            return states

        def past(state: str | None) -> Exit:
            if state is None:
                return leave(dict(known) | {task.task_id: guards.decided(task, known)})
            way = leave(dict(known) | {task.task_id: frozenset({state})})
            return Exit(way.next, {task.task_id: state, **way.jumped})

        kept = (lambda: leave(dict(known) | {task.task_id: ANY})) if self.rerun else None
        guard = guards.choice(task, known, lambda: next(iter(states)), past, kept)
        return {self.names.free(f"{task.task_id}?"): guard} | states

    def _unguarded(self, task: Task, known: Known, leave: Callable[[Known], Exit]) -> States:
        lowering = LOWERINGS[task.lowering]

        def ends(state: str) -> Callable[[], Exit]:
            return lambda: leave(self._after(task, known, state))

        if task.expansion is None:
            stop: States = {}
            failed = (lambda: self._stop(task, stop)) if self.stops else ends("failed")
            exits = Exits(ends("success"), ends("skipped"), failed)
            return admission.lower(task, lowering, Site(self.names, exits, place=self.place)) | stop
        ended = {**known, task.task_id: mapped.ENDED}
        telling: States = {}
        several = mapped.MappedExits(
            admission.telling(task, self.names, telling, lambda: leave(ended)),
            admission.telling(task, self.names, telling, ends("skipped")),
            ends("upstream_failed"),
        )
        states = mapped.lower(task, lowering, self.names, several)
        return admission.awaiting(task, self.names, states | telling)

    def _stop(self, task: Task, states: States) -> Exit:
        """The way out of a failed task that stops the run: past everything, or out of every Parallel around it."""
        if not self.depth:
            return Exit(FINISH)
        name = self.names.name(task.task_id, "stop")
        states[name] = asl.Fail(STOPPED, f"{task.task_id} failed, and the DAG is fail_fast".replace("${", "{"))
        return Exit(name)

    def _after(self, task: Task, known: Known, state: str) -> Known:
        """What is known after the task ended so; a successful branch or short circuit may have skipped others."""
        after: dict[str, PossibleStates] = {**known, task.task_id: frozenset({state})}
        if state == "success" and task.skips != "nothing":
            children = task.skips == "children"
            below = self.dag.downstream[task.task_id] if children else self.dag.descendants(task.task_id)
            after |= {task_id: after.get(task_id, frozenset()) | MAYBE_SKIPPED for task_id in below}
        return after


def _behind(branches: tuple[Region, ...], several: list[Known], before: Known) -> dict[str, PossibleStates]:
    """What is known after branches that ran side by side: each task's states as the branches know them."""
    merged: dict[str, PossibleStates] = {}
    for known in several:
        for task_id, states in known.items():
            merged[task_id] = merged.get(task_id, frozenset()) | states
    for task_id in (task_id for branch in branches for task_id in regions.tasks_in(branch)):
        if task_id in merged:
            merged[task_id] -= {None}
    return {**before} | merged
