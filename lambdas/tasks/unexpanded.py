"""Members of a mapped group that Airflow never expands: one record without an index, in the place of one for each.

A group that is mapped over XComs has one task instance for each member until the member's trigger rule lets it run;
only then it is expanded. What it looks at by then: the tasks above the group, members that are not expanded themselves,
and, for the rules that one upstream task may satisfy, all instances of the members above. The machine decides each
instance by itself; this folds the records of those that Airflow decides together, when the run ends.
Source: Airflow 3.3.2's `TriggerRuleDep`, and measurements of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import TaskRecord
from lambdas.storage.writes import Delete
from lambdas.tasks.groups import members, without_running

# The rules that look at all instances of a member above.
_LOOKING_AT_ALL = frozenset({"one_success", "one_failed", "one_done", "none_failed_min_one_success"})
_NEVER_RAN = frozenset({"skipped", "upstream_failed"})


def fold_unexpanded(runtime: Runtime, run: RunInfo, states: Mapping[str, Any], records: Iterable[TaskRecord]) -> None:
    """Give each such member its one record. states: of all tasks; records: of the run, removed ones left out."""
    found = unexpanded(runtime.dag, states)
    if not found:
        return
    instances: dict[str, list[TaskRecord]] = {task_id: [] for task_id in found}
    for record in records:
        if record.task_id in found and record.map_index >= 0:
            instances[record.task_id].append(record)
    for task_id, own in instances.items():
        if own and not any(record.start_date for record in own):
            runtime.store.write_many(Delete(record.key.pk, record.key.sk) for record in own)
            task = runtime.dag.task_dict[task_id]
            runtime.store.save_tasks([without_running(runtime, run, task, found[task_id])])


def unexpanded(dag: Any, states: Mapping[str, Any]) -> dict[str, str]:
    """The members that are not expanded, with their states."""
    from dag_translator.authoring.definitions.taskgroup import MappedTaskGroup

    found: dict[str, str] = {}
    for group in dag.task_group_dict.values():
        if isinstance(group, MappedTaskGroup) and group.expand_input.parse_time_length() is None:
            tasks = members(dag, group)
            inside = frozenset(task.task_id for task in tasks)
            for task in tasks:
                state = _as_a_whole(task, inside, states, found)
                if state is not None and _several(states.get(task.task_id)) <= _NEVER_RAN:
                    found[task.task_id] = state
    return found


def _as_a_whole(task: Any, inside: frozenset[str], states: Mapping[str, Any], found: Mapping[str, str]) -> str | None:
    """How the member ends before it is expanded; None if it is expanded."""
    from dag_translator.trigger_rules import ALIASES, evaluate

    above = [each for each in task.upstream_list if each.task_id not in inside]
    if states.get(task.task_id) == "skipped" and any(
        each.inherits_from_skipmixin and not each.get_needs_expansion() for each in above
    ):
        return "skipped"
    rule = str(task.trigger_rule)
    rule = ALIASES.get(rule, rule)
    seen = list(_seen(task, rule, inside, states, found))
    verdict = evaluate(rule, seen, total=len(seen))
    return None if verdict == "run" else verdict


def _seen(
    task: Any, rule: str, inside: frozenset[str], states: Mapping[str, Any], found: Mapping[str, str]
) -> Iterator[str]:
    """The states that the rule looks at."""
    for each in task.upstream_list:
        if rule == "all_done_setup_success" and not each.is_setup:
            continue
        if each.task_id in found:
            yield found[each.task_id]
        elif each.task_id not in inside or rule in _LOOKING_AT_ALL:
            yield from _several(states.get(each.task_id))


def _several(state: Any) -> frozenset[str]:
    if state is None:
        return frozenset()
    return frozenset(state) if isinstance(state, list) else frozenset({state})
