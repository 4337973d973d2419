"""A small, readable reference of Airflow's scheduler: which task starts when, and how it ends.

Written from Airflow 3.3.2's rules, independent of the translator: no regions, no guards.
It shares with the translator nothing but the model of a DAG. A task's fate is decided when all its upstream tasks have
ended, or earlier where its rule allows; `always` decides at once. A branch or short circuit skips others when it
succeeds, unless they have begun; a skipped task has its state when its turn comes (in Airflow: at once, which shows
only in when those below it start, and in races).

A mapped group begins when all that its members wait for has ended, and ends as a whole (in Airflow its tasks come and
go one by one, which shows in the times alone); in it, each instance is a run of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from dag_translator.model import Dag, MappedGroup, Task


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task's body does: how long it takes, how it ends, whom it skips; each: how the instances of a mapped task,
    or of a task in a mapped group, end, one after the other in the order of their indexes."""

    seconds: float
    state: str = "success"
    skips: frozenset[str] = frozenset()
    each: tuple[str, ...] = ()


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
    above: Mapping[str, str | tuple[str, ...]] | None = None,
    skipped: frozenset[str] = frozenset(),
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
                verdict = _verdict(task, result.states)
                if task.task_id in doomed and (verdict is not None or task.fires_early):
                    verdict = "skipped"
                if verdict == "run" and task.expansion is not None and not outcomes[task.task_id].each:
                    verdict = "skipped"  # mapped over nothing
                if verdict == "run":
                    started.add(task.task_id)
                    result.starts[task.task_id] = now
                    heapq.heappush(running, (now + outcomes[task.task_id].seconds, task.task_id))
                elif verdict is not None:
                    result.states[task.task_id] = verdict
                    result.ends[task.task_id] = now
                    changed = True
        if not running:
            return result
        now, task_id = heapq.heappop(running)
        if task_id in groups:
            for member in groups[task_id].members:
                ended = tuple(str(each.states[member]) for each in instances[task_id])
                result.states[member] = ended or "skipped"  # mapped over nothing
            continue
        result.states[task_id] = outcomes[task_id].each or outcomes[task_id].state
        result.ends[task_id] = now
        if outcomes[task_id].state == "success":
            doomed |= outcomes[task_id].skips - started - result.states.keys()


def _waited(dag: Dag, group: MappedGroup) -> set[str]:
    """What the group waits for."""
    members = [dag.by_id[task_id] for task_id in group.members]
    return {each for task in members if task.trigger_rule != "always" for each in task.upstream} - set(group.members)


def _instances(
    dag: Dag,
    group: MappedGroup,
    outcomes: Mapping[str, Outcome],
    states: Mapping[str, str | tuple[str, ...]],
    skipped: frozenset[str],
) -> list[Result]:
    members = Dag(dag.dag_id, dag.file, tuple(dag.by_id[task_id] for task_id in group.members))
    found = []
    for index in range(len(outcomes[group.members[0]].each)):
        own = {task_id: Outcome(outcomes[task_id].seconds, outcomes[task_id].each[index]) for task_id in group.members}
        found.append(schedule(members, own, states, skipped))
    return found


def _several(state: str | tuple[str, ...]) -> tuple[str, ...]:
    return (state,) if isinstance(state, str) else state


def _verdict(task: Task, states: Mapping[str, str | tuple[str, ...]]) -> str | None:
    """run, skipped, upstream_failed, or None: not decided yet. Counts, as `TriggerRuleDep` does."""
    if task.trigger_rule == "always" or not task.upstream:
        return "run"
    known = [state for each in task.upstream if each in states for state in _several(states[each])]
    done = all(each in states for each in task.upstream)
    if (task.expansion is not None or task.waits) and not done:
        return None
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
