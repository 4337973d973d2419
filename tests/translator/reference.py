"""A small, readable reference of Airflow's scheduler: which task starts when, and how it ends.

Written from Airflow 3.3.2's rules, independent of the translator: no regions, no guards; `test_reference.py` holds it
against what Airflow did. It shares with the translator nothing but the model of a DAG. A task's fate is decided when
all its upstream tasks have ended, or earlier where its rule allows; `always` decides at once. The setups that a task
belongs to come before its rule. A teardown waits for all that stands between its setups and itself, and asks how its
setups ended. A branch or short circuit skips others when it succeeds, unless they have begun: at once, as in Airflow,
or (`at_once=False`) each when its turn comes, as the machine does where nobody tells it earlier.

A mapped group begins when all that its members wait for has ended, and ends as a whole (in Airflow its tasks come and
go one by one, which shows in the times alone); in it, each instance is a run of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from dag_translator.model import Dag, Expansion, MappedGroup, Task

States = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task's body does: how long a try takes, how the last one ends, whom it skips then; each: how the instances
    of a mapped task, or of a task in a mapped group, end, one after the other in the order of their indexes; tries: how
    many there are, of which all but the last fail."""

    seconds: float
    state: str = "success"
    skips: frozenset[str] = frozenset()
    each: tuple[str, ...] = ()
    tries: int = 1


@dataclass(slots=True)
class Result:
    """states: of a mapped task that was expanded, those of its instances. No starts and ends inside mapped groups.

    too_late: tasks that had begun, or ended, before somebody could skip them.
    """

    states: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    too_late: set[str] = field(default_factory=set)

    @property
    def makespan(self) -> float:
        return max(self.ends.values(), default=0.0)


def schedule(
    dag: Dag,
    outcomes: Mapping[str, Outcome],
    above: States | None = None,
    skipped: frozenset[str] = frozenset(),
    *,
    at_once: bool = True,
) -> Result:
    """above: how tasks ended that are not among the DAG's, or that a re-run keeps (mapped groups as a whole).

    skipped: those that a branch has skipped already.
    """
    result, now = Result(dict(above or {})), 0.0
    running: list[tuple[float, str]] = []
    started: set[str] = set()
    doomed = set(skipped)
    instances: dict[str, list[dict[str, str]]] = {}
    groups = {group.group_id: group for group in dag.mapped_groups}
    scopes = _scopes(dag)
    while True:
        changed = True
        while changed:
            changed = False
            for group in dag.mapped_groups:
                if group.group_id in started or result.states.keys() >= {*group.members}:
                    continue
                if all(each in result.states for each in _waited(dag, group)):
                    started.add(group.group_id)
                    ended, spent = _instances(dag, group, outcomes, result.states, frozenset(doomed), at_once)
                    instances[group.group_id] = ended
                    heapq.heappush(running, (now + spent, group.group_id))
            for task in dag.tasks:
                if task.task_id in started or task.task_id in result.states or task.task_id in dag.group_of:
                    continue
                verdict = _verdict(task, result.states, scopes.get(task.task_id, ()))
                if task.task_id in doomed and (at_once or verdict is not None or task.fires_early):
                    verdict = "skipped"
                if verdict == "run" and task.expansion is not None:
                    verdict = _unexpanded(dag, task.expansion, result.states)
                    verdict = verdict or ("run" if outcomes[task.task_id].each else "skipped")  # over nothing
                if verdict == "run":
                    started.add(task.task_id)
                    result.starts[task.task_id] = now
                    heapq.heappush(running, (now + _spent(task, outcomes[task.task_id]), task.task_id))
                elif verdict is not None:
                    result.states[task.task_id] = verdict
                    result.ends[task.task_id] = now
                    changed = True
        if not running:
            return result
        now, task_id = heapq.heappop(running)
        if task_id in groups:
            nothing = _without_instances(dag, groups[task_id], result.states, doomed)
            for member in groups[task_id].members:
                result.states[member] = tuple(each[member] for each in instances[task_id]) or nothing[member]
            continue
        result.states[task_id] = outcomes[task_id].each or outcomes[task_id].state
        result.ends[task_id] = now
        if outcomes[task_id].state == "success":
            begun = started.union(*(groups[each].members for each in started & groups.keys()))
            in_time = outcomes[task_id].skips - begun - result.states.keys()
            others = outcomes[task_id].skips - in_time
            result.too_late |= {each for each in others if result.states.get(each) != "skipped"}
            doomed |= in_time


def _spent(task: Task, outcome: Outcome) -> float:
    return outcome.tries * outcome.seconds + (outcome.tries - 1) * task.retry.delay


def _scopes(dag: Dag) -> dict[str, set[str]]:
    """What stands between each teardown and its setups."""
    above: dict[str, set[str]] = {}
    for task in dag.tasks:
        direct = {each for each in task.upstream if each in dag.by_id}
        above[task.task_id] = direct.union(*(above[each] for each in direct))
    return {
        task.task_id: {each for each in above[task.task_id] if above[each] & {*task.setups}}
        for task in dag.tasks
        if task.is_teardown
    }


def _waited(dag: Dag, group: MappedGroup) -> set[str]:
    """What the group waits for."""
    members = [dag.by_id[task_id] for task_id in group.members if dag.by_id[task_id].trigger_rule != "always"]
    return {each for task in members for each in (*task.upstream, *task.setups)} - set(group.members)


def _instances(
    dag: Dag,
    group: MappedGroup,
    outcomes: Mapping[str, Outcome],
    states: States,
    skipped: frozenset[str],
    at_once: bool,
) -> tuple[list[dict[str, str]], float]:
    """How the members end in each instance, and how long all of that takes."""
    length = 0 if _unexpanded(dag, group.expansion, states) else len(outcomes[group.members[0]].each)
    ended: list[dict[str, str]] = [{} for _ in range(length)]
    spent = 0.0
    for tasks in _stages(dag, group):
        lost = dict.fromkeys(_lost_together(group, tasks, ended) - skipped, "upstream_failed")
        members, longest = Dag(dag.dag_id, dag.file, tasks), 0.0
        for index, known in enumerate(ended):
            own = {
                task.task_id: replace(outcomes[task.task_id], state=outcomes[task.task_id].each[index], each=())
                for task in tasks
            }
            result = schedule(members, own, {**states, **known, **lost}, skipped, at_once=at_once)
            known |= {task.task_id: str(result.states[task.task_id]) for task in tasks}
            longest = max(longest, result.makespan)
        spent += longest
    return ended, spent


def _stages(dag: Dag, group: MappedGroup) -> list[tuple[Task, ...]]:
    """The members in stages: one that is judged over all instances waits for all that runs before its stage."""
    stage: dict[str, int] = {}
    for task in (dag.by_id[task_id] for task_id in group.members):
        above = [stage[each] for each in (*task.upstream, *task.setups) if each in stage]
        stage[task.task_id] = max(above, default=0) + _looks_at_all(group, task)
    return [
        tuple(dag.by_id[task_id] for task_id in group.members if stage[task_id] == number)
        for number in range(max(stage.values()) + 1)
    ]


def _looks_at_all(group: MappedGroup, task: Task) -> bool:
    """Over XComs Airflow has one task instance of a member until its rule lets it run; this rule looks at all instances
    of the members above it."""
    ruled = task.trigger_rule == "none_failed_min_one_success" and group.expansion.length is None
    return ruled and not {*task.upstream}.isdisjoint(group.members)


def _lost_together(group: MappedGroup, tasks: Collection[Task], ended: Collection[States]) -> set[str]:
    """The members that one failed instance above takes along, all instances of them."""
    bad = {each for known in ended for each, state in known.items() if state in ("failed", "upstream_failed")}
    return {task.task_id for task in tasks if _looks_at_all(group, task) and bad & {*task.upstream}}


def _without_instances(dag: Dag, group: MappedGroup, states: States, doomed: set[str]) -> dict[str, str]:
    """How the members of a group end that has no instances: each by its rule, where one that would run is skipped."""
    unexpanded = _unexpanded(dag, group.expansion, states)
    if unexpanded == "upstream_failed":
        return {task_id: "skipped" if task_id in doomed else unexpanded for task_id in group.members}
    found: dict[str, str] = {}
    for task_id in group.members:
        verdict = _verdict(dag.by_id[task_id], {**states, **found})
        found[task_id] = "upstream_failed" if verdict == "upstream_failed" and task_id not in doomed else "skipped"
    return found


def _unexpanded(dag: Dag, expansion: Expansion, states: States) -> str | None:
    """How something mapped ends if what it is mapped over did not succeed; what was expanded has pushed what it has.

    Airflow 3.3.2 can't map over the output of a mapped group's tasks.
    """
    over = {state for each in expansion.over if isinstance(state := states[each], str)}
    if over & {"failed", "upstream_failed"} or dag.group_of.keys() & {*expansion.over}:
        return "upstream_failed"
    return "skipped" if "skipped" in over else None


def reached(dag: Dag, by: str, skipped: Collection[str]) -> frozenset[str]:
    """Those of the tasks below `by` that its skip finds: where the file says how many instances there are, they exist
    from the run's start, and only a direct child asks what the task above it has decided."""
    found = set()
    for task_id in skipped:
        mapped = dag.group_of.get(task_id) or dag.by_id[task_id]
        literal = mapped.expansion is not None and mapped.expansion.length
        if not literal or task_id in dag.downstream[by]:
            found.add(task_id)
    return frozenset(found)


def _several(state: str | tuple[str, ...]) -> tuple[str, ...]:
    return (state,) if isinstance(state, str) else state


def _verdict(task: Task, states: States, scope: Collection[str] = ()) -> str | None:
    """run, skipped, upstream_failed, or None: not decided yet. Counts, as `TriggerRuleDep` does."""
    if task.trigger_rule == "always" or not task.upstream:
        return "run"
    known = [state for each in task.upstream if each in states for state in _several(states[each])]
    done = all(each in states for each in (*task.upstream, *task.setups, *scope))
    if (task.expansion is not None or task.waits or task.setups) and not done:
        return None
    setups = [state for each in task.setups for state in _several(states[each])]
    if not task.is_teardown and {"failed", "upstream_failed"} & {*setups}:
        return "upstream_failed"
    if not task.is_teardown and "skipped" in setups:
        return "skipped"
    if task.trigger_rule == "all_done_setup_success":
        known = setups
    success, failed = known.count("success"), known.count("failed")
    skipped, upstream_failed = known.count("skipped"), known.count("upstream_failed")
    bad = failed + upstream_failed
    if task.trigger_rule == "one_success" and success:
        return "run"
    if task.trigger_rule == "one_failed" and bad:
        return "run"
    if task.trigger_rule == "one_done" and success + failed:
        return "run"
    if not done:
        return None
    match task.trigger_rule:
        case "all_success" if task.below_group:
            return "upstream_failed" if bad else "skipped" if skipped else "run"
        case "all_success":
            return "upstream_failed" if failed else "skipped" if skipped else "upstream_failed" if bad else "run"
        case "all_failed":
            return "skipped" if success or skipped else "run"
        case "all_done":
            return "run"
        case "all_done_min_one_success":
            return "skipped" if skipped else "run" if success else "upstream_failed"
        case "all_done_setup_success":
            return "run" if success or not known else "skipped" if not bad else "upstream_failed"
        case "all_skipped":
            return "skipped" if success or bad else "run"
        case "none_failed":
            return "upstream_failed" if bad else "run"
        case "none_failed_min_one_success":
            return "upstream_failed" if bad else "skipped" if not success else "run"
        case "none_skipped":
            return "skipped" if skipped else "run"
        case "one_success":
            return "skipped" if skipped == len(known) else "upstream_failed"
        case "one_failed" | "one_done":
            return "skipped"
    raise AssertionError(task.trigger_rule)
