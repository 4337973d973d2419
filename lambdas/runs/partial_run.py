"""Runs of a part of their DAG: what a backfill with `task_regex` makes, as Airflow 2's `dags backfill -t` did.

The DAG's second machine executes them, the one for runs of which some tasks are kept: to it a task that is left out is
one that is kept as success, so nobody waits for it. It has no task instance, and no say in how the run ends: the leaves
are those of what is left of the DAG. A later clear that chooses it, or one of the whole run, runs it.

    pk "{dag_id}/{run_id}"  sk "left-out"   {"absent": [task_id, …], "as_recorded": [task_id, …]}

absent: not in the run. as_recorded: these ran before, and were not to hold up anything this time
(`ignore_dependencies`), so the machine took them for success; the run ends as their records say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.runs.part_of_dag import NothingMatches, groups_as_a_whole, mapped_groups, matching, subset
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import CLEARED, RunKey, TaskRecord
from lambdas.storage.store import Delete, Put, Store

_SK = "left-out"
# Rules that an upstream task which is left out, and so counts as success, can't make wrong.
_INDIFFERENT = frozenset({"all_success", "all_done", "none_failed", "none_skipped", "always"})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The tasks that a run does without; see the module."""

    absent: frozenset[str] = frozenset()
    as_recorded: frozenset[str] = frozenset()


NOTHING = LeftOut()


@dataclass(frozen=True, slots=True)
class Part:
    """What an execution begins with. states: as its machine takes them; kept: as the records are kept."""

    states: Mapping[str, Any]
    kept: Mapping[str, Any]
    left_out: LeftOut


def match_tasks(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """{"task_regex", "ignore_dependencies"} -> {"task_ids": [id, …]} or {"refused": why}."""
    try:
        return {"task_ids": sorted(part_of(runtime.dag, event["task_regex"], bool(event.get("ignore_dependencies"))))}
    except NothingMatches as nothing:
        return {"refused": str(nothing)}


def part_of(dag: Any, regex: str, ignore_dependencies: bool) -> set[str]:
    """The tasks of such a run: those that match, with all above them unless that is ignored. Raises NothingMatches,
    also for a part that can't run by itself."""
    chosen = subset(dag, matching(dag, regex), upstream=not ignore_dependencies, downstream=False)
    for group_id, members in mapped_groups(dag).items():
        if 0 < len(members & chosen) < len(members):
            raise NothingMatches(
                f"{regex!r} finds some tasks of the mapped task group {group_id}, which run together: let it find "
                f"all of them, {', '.join(sorted(members))}, or none"
            )
    for task in (dag.task_dict[task_id] for task_id in sorted(chosen)):
        rule, outside = str(task.trigger_rule), sorted(task.upstream_task_ids - chosen)
        if outside and rule not in _INDIFFERENT:
            raise NothingMatches(
                f"{task.task_id} has the trigger rule {rule}, and {', '.join(outside)} above it is left out: let the "
                "regular expression find that too, or don't ignore dependencies"
            )
    return chosen


def begin(runtime: Runtime, run: RunKey, given: Mapping[str, Any], states: Mapping[str, Any]) -> Part:
    """What the execution of a run begins with that leaves tasks out, by its input. states: the input's."""
    dag = runtime.dag
    if not given.get("task_regex"):
        absent = frozenset(given.get("left_out") or ()) & dag.task_dict.keys()
        return Part({**states, **dict.fromkeys(absent, "success")}, states, LeftOut(absent))
    ignores = bool(given.get("ignore_dependencies"))
    chosen = part_of(dag, given["task_regex"], ignores)
    kept = recorded(runtime.store.list_tasks(run), dag.task_dict.keys() - chosen)
    absent = frozenset(dag.task_dict) - chosen - kept.keys()
    free = dict.fromkeys({*absent, *(kept if ignores else ())}, "success")
    return Part({**kept, **free}, kept, LeftOut(absent, frozenset(kept if ignores else ())))


def recorded(records: Iterable[TaskRecord], task_ids: Iterable[str]) -> dict[str, Any]:
    """The states that the tasks ended in, of a mapped task the distinct ones; without those that did not run."""
    wanted, found = set(task_ids), dict[str, dict[str, None]]()
    for record in records:
        if record.task_id in wanted and record.is_final and record.state not in ("removed", CLEARED):
            found.setdefault(record.task_id, {})[record.state] = None
    return {task_id: list(several) if len(several) > 1 else next(iter(several)) for task_id, several in found.items()}


def still_absent(dag: Any, absent: Iterable[str], chosen: Iterable[str]) -> frozenset[str]:
    """What a clear leaves out as before."""
    return frozenset(groups_as_a_whole(dag, set(absent) - set(chosen)))


def read(store: Store, run: RunKey) -> LeftOut:
    """What a run leaves out."""
    item = store.read(run.pk, _SK) or {}
    return LeftOut(*(frozenset(item.get(name, ())) for name in ("absent", "as_recorded")))


def write(store: Store, run: RunKey, left_out: LeftOut) -> None:
    """Keep what a run leaves out from now on."""
    both = {"absent": left_out.absent, "as_recorded": left_out.as_recorded}
    lists = {name: sorted(task_ids) for name, task_ids in both.items() if task_ids}
    store.write_many([Put(run.pk, _SK, {**lists, **store.expires()}) if lists else Delete(run.pk, _SK)])


def at_the_end(runtime: Runtime, run: RunInfo, states: Mapping[str, Any]) -> tuple[Mapping[str, Any], frozenset[str]]:
    """How the tasks of the run ended, given what its machine took them for; and which are not in it."""
    left_out = read(runtime.store, run.key)
    known = {task_id: state for task_id, state in states.items() if task_id not in left_out.absent}
    told = recorded(runtime.store.list_tasks(run.key), left_out.as_recorded) if left_out.as_recorded else {}
    return {**known, **told}, left_out.absent
