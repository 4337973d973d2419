"""Which tasks of a DAG go together: those that a regular expression finds and what Airflow's `partial_subset` adds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any


class NothingMatches(ValueError):
    """The request names no task of the DAG."""


def matching(dag: Any, regex: str) -> set[str]:
    """The tasks whose ids the regular expression finds. Raises NothingMatches."""
    try:
        matched = {task_id for task_id in dag.task_dict if re.search(regex, task_id)}
    except re.error as error:
        raise NothingMatches(f"{regex!r} is not a regular expression: {error}") from None
    if not matched:
        raise NothingMatches(f"DAG {dag.dag_id} has no task whose id matches {regex!r}")
    return matched


def subset(dag: Any, matched: Collection[str], *, upstream: bool, downstream: bool) -> set[str]:
    """The tasks that go with the matched ones, as Airflow's `partial_subset` finds them."""
    found = set(matched)
    for task in (dag.task_dict[task_id] for task_id in matched):
        plain = not task.is_setup and not task.is_teardown
        if downstream:
            below = task.get_flat_relatives()
            found |= {each.task_id for each in below}
            for each in below:
                if each.task_id not in matched and not each.is_setup and not each.is_teardown:
                    found |= _setups_and_teardowns(each)
        if upstream:
            above = task.get_flat_relatives(upstream=True)
            found |= {each.task_id for each in above} | _teardowns(each for each in above if each.is_setup)
        elif plain:
            found |= _setups_and_teardowns(task)
        if task.is_setup and not downstream:
            found |= _teardowns([task])
    return found


def groups_as_a_whole(dag: Any, left_out: Iterable[str]) -> set[str]:
    """Those of the left out tasks that may stay so: the members of a mapped task group run together."""
    found = set(left_out)
    for members in mapped_groups(dag).values():
        if not members <= found:
            found -= members
    return found


def mapped_groups(dag: Any) -> dict[str, set[str]]:
    """The mapped task groups with their members."""
    found: dict[str, set[str]] = {}
    for task in dag.task_dict.values():
        for group in task.iter_mapped_task_groups():
            found.setdefault(group.group_id, set()).add(task.task_id)
    return found


def _setups_and_teardowns(task: Any) -> set[str]:
    setups = list(task.get_upstreams_only_setups())
    return {each.task_id for each in setups} | _teardowns(setups)


def _teardowns(setups: Iterable[Any]) -> set[str]:
    return {each.task_id for setup in setups for each in setup.downstream_list if each.is_teardown}
