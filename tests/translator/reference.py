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
from dataclasses import dataclass, field

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
    """states: of a mapped task that was expanded, those of its instances. No starts and ends inside mapped groups."""

    states: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)

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
    instances: dict[str, list[Result]] = {}
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
                    instances[group.group_id] = _instances(dag, group, outcomes, result.states, frozenset(doomed))
                    spent = max((each.makespan for each in instances[group.group_id]), default=0.0)
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
                ended = tuple(str(each.states[member]) for each in instances[task_id])
                result.states[member] = ended or nothing[member]
            continue
        result.states[task_id] = outcomes[task_id].each or outcomes[task_id].state
        result.ends[task_id] = now
        if outcomes[task_id].state == "success":
            doomed |= outcomes[task_id].skips - started - result.states.keys()


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
    dag: Dag, group: MappedGroup, outcomes: Mapping[str, Outcome], states: States, skipped: frozenset[str]
) -> list[Result]:
    if _unexpanded(dag, group.expansion, states):
        return []
    members = Dag(dag.dag_id, dag.file, tuple(dag.by_id[task_id] for task_id in group.members))
    own = [
        {
            task_id: Outcome(outcomes[task_id].seconds, outcomes[task_id].each[index], tries=outcomes[task_id].tries)
            for task_id in group.members
        }
        for index in range(len(outcomes[group.members[0]].each))
    ]
    lost: dict[str, str] = {}
    while True:
        found = [schedule(members, each, {**states, **lost}, skipped) for each in own]
        more = _lost_together(members, group, found) - lost.keys() - skipped
        if not more:
            return found
        lost |= dict.fromkeys(more, "upstream_failed")


def _lost_together(members: Dag, group: MappedGroup, instances: Collection[Result]) -> set[str]:
    """Over XComs Airflow has one task instance of a member until its rule lets it run, and this rule looks at all
    instances of the members above: one that failed takes all others along."""
    if group.expansion.length is not None:
        return set()
    bad = {
        each for result in instances for each in members.by_id if result.states[each] in ("failed", "upstream_failed")
    }
    ruled = (task for task in members.tasks if task.trigger_rule == "none_failed_min_one_success")
    return {task.task_id for task in ruled if bad & {*task.upstream}}


def _without_instances(dag: Dag, group: MappedGroup, states: States, doomed: set[str]) -> dict[str, str]:
    """How the members of a group end that has no instances: each by its rule, where one that would run is skipped."""
    unexpanded = _unexpanded(dag, group.expansion, states)
    if unexpanded == "upstream_failed":
        return dict.fromkeys(group.members, unexpanded)
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
