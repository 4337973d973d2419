"""A small, readable reference of Airflow's scheduler: which task starts when, and how it ends.

Written from Airflow 3.3.2's rules, independent of the translator: no regions, no guards.
It shares with the translator nothing but the model of a DAG. A task's fate is decided when all its upstream tasks have
ended, or earlier where its rule allows; `always` decides at once. A branch or short circuit skips others when it
succeeds, unless they have begun; a skipped task has its state when its turn comes (in Airflow: at once, which shows
only in when those below it start, and in races).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from dag_translator.model import Dag, Task


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task's body does: how long it takes, how it ends, whom it skips; each: how the instances of a mapped task
    end, one after the other in the order of their indexes."""

    seconds: float
    state: str = "success"
    skips: frozenset[str] = frozenset()
    each: tuple[str, ...] = ()


@dataclass(slots=True)
class Result:
    """states: of a mapped task that was expanded, those of its instances."""

    states: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)

    @property
    def makespan(self) -> float:
        return max(self.ends.values(), default=0.0)


def schedule(dag: Dag, outcomes: Mapping[str, Outcome], kept: Mapping[str, str] | None = None) -> Result:
    """kept: the tasks that a re-run does not run again, with their states."""
    result, now = Result(states=dict(kept or {})), 0.0
    running: list[tuple[float, str]] = []
    started: set[str] = set()
    doomed: set[str] = set()
    while True:
        changed = True
        while changed:
            changed = False
            for task in dag.tasks:
                if task.task_id in started or task.task_id in result.states:
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
        result.states[task_id] = outcomes[task_id].each or outcomes[task_id].state
        result.ends[task_id] = now
        if outcomes[task_id].state == "success":
            doomed |= outcomes[task_id].skips - started - result.states.keys()


def _several(state: str | tuple[str, ...]) -> tuple[str, ...]:
    return (state,) if isinstance(state, str) else state


def _verdict(task: Task, states: Mapping[str, str | tuple[str, ...]]) -> str | None:
    """run, skipped, upstream_failed, or None: not decided yet. Counts, as `TriggerRuleDep` does."""
    if task.trigger_rule == "always" or not task.upstream:
        return "run"
    known = [state for each in task.upstream if each in states for state in _several(states[each])]
    done = all(each in states for each in task.upstream)
    if task.expansion is not None and not done:
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
