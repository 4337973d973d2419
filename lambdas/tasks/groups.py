"""Mapped task groups while they run: how many instances, and what an instance leaves behind.

    {"kind": "expand_group", "run": $run, "group": "g", "states": {upstream task: state, …}} -> {"length": 3}
    {"kind": "record_instance", "run": $run, "map_index": 0, "group": "g", "states": {task: state, …}}
        -> {"letters": "ssk"}   (one for each member, in the DAG's order)

`states` of `expand_group` is there if what the group is mapped over may not have succeeded. It raises as `expand_task`
does: AirflowSkipException for zero length, else CannotExpand; all members then end so, whatever their trigger rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import CLEARED, TaskKey, TaskRecord, changed
from lambdas.tasks.expand_task import MAX_LENGTH, CannotExpand, check_states, measured, remove_others
from lambdas.tasks.opening import map_index_of
from lambdas.tasks.tries import log

# An instance's output is a letter for each member, quotes and a comma; the list of all is a payload.
_MAX_RESULT = 262_144


def expand_group(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """The number of instances, at least one."""
    from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException

    run = RunInfo.from_json(event["run"], runtime.store)
    group = runtime.dag.task_group_dict[event["group"]]
    tasks = members(runtime.dag, group)
    length, longest = 0, max_length(len(tasks))
    if any(looks_at_all_instances(task, tasks) for task in tasks):
        longest //= 2  # between its stages the letters of all instances are in the payload, beside the states
    try:
        check_states(runtime, run, event.get("states") or {})
        mapped = measured(runtime, run, tasks[0], group.expand_input, longest)
        runtime.store.save_mapped(run.key, group.group_id, mapped)
        length = mapped.length
    except AirflowSkipException:
        raise
    except (CannotExpand, AirflowException, TypeError, ValueError, LookupError) as error:
        log.exception("Cannot expand task group %s", group.group_id)
        raise CannotExpand(f"{group.group_id}: {error}") from None
    finally:
        for task in tasks:
            remove_others(runtime, run, task, length)
    return {"length": length}


def max_length(size: int) -> int:
    """How many instances a group of so many tasks may have."""
    return min(MAX_LENGTH, _MAX_RESULT // (size + 3))


def members(dag: Any, group: Any) -> list[Any]:
    """The tasks of a mapped group, nested groups' included, in the DAG's order."""
    return [task for task in dag.topological_sort() if task.get_closest_mapped_task_group() is group]


def looks_at_all_instances(task: Any, tasks: list[Any]) -> bool:
    """Whether the member of a group over XComs is judged before it is expanded: see `contract.judged_as_a_whole`."""
    inside = {each.task_id for each in tasks}
    return task.trigger_rule == "none_failed_min_one_success" and not inside.isdisjoint(task.upstream_task_ids)


def record_instance(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Write down the members that never ran in this instance, and say how all of them ended."""
    from dag_translator.trigger_rules import LETTERS

    run = RunInfo.from_json(event["run"], runtime.store)
    tasks = members(runtime.dag, runtime.dag.task_group_dict[event["group"]])
    states: Mapping[str, str] = event["states"]
    runtime.store.save_tasks(_never_ran(runtime, run, tasks, states, map_index_of(event)))
    return {"letters": "".join(LETTERS[states[task.task_id]] for task in tasks)}


def _never_ran(
    runtime: Runtime, run: RunInfo, tasks: list[Any], states: Mapping[str, str], map_index: int
) -> Iterator[TaskRecord]:
    for task in tasks:
        state = states[task.task_id]
        if state == "failed" or (state == "success" and not task.inherits_from_empty_operator):
            continue
        found = runtime.store.get_task(TaskKey(run.dag_id, run.run_id, task.task_id, map_index))
        record = without_running(runtime, run, task, state, map_index)
        if found is None:
            yield record
        elif found.execution != run.execution:  # of an earlier execution of the run
            tries = found.try_number + (found.state == CLEARED and state == "success")
            yield changed(record, try_number=tries, max_tries=found.max_tries)


def without_running(runtime: Runtime, run: RunInfo, task: Any, state: str, map_index: int = -1) -> TaskRecord:
    """The record of a task that ended so without running; one that succeeded is an empty operator."""
    now, ran = runtime.timestamp(), state == "success"
    return TaskRecord(
        run.dag_id,
        run.run_id,
        task.task_id,
        state,
        map_index,
        try_number=1 if ran else 0,
        max_tries=task.retries,
        execution=run.execution,
        operator=task.task_type,
        start_date=now if ran else None,
        end_date=now,
    )


def literal_length(task: Any) -> int:
    """How many instances of a mapped task exist from the run's start, because the file says so; else 0."""
    if not task.is_mapped or task.get_closest_mapped_task_group() is not None:
        return 0
    length: int | None = task.expand_input.parse_time_length()
    return length or 0


def instances_without_running(
    runtime: Runtime, run: RunInfo, task: Any, state: str, records: Iterable[TaskRecord]
) -> Iterator[TaskRecord]:
    """The records of a task mapped over literals that did not run: Airflow makes its instances before it decides.

    records: of the run, among them those of instances that did run.
    """
    known = {record.map_index: record for record in records if record.task_id == task.task_id}
    for index in range(literal_length(task)):
        record = known.get(index)
        if record is None or not record.execution:  # not even begun; maybe watched
            yield without_running(runtime, run, task, state, index)
        elif record.execution != run.execution and record.state != state:  # left over from an earlier execution
            yield changed(record, state=state, execution=run.execution, end_date=runtime.timestamp(), states={})
