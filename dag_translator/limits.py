"""Reading off a live operator what holds its start back besides its upstream tasks: slots, and the DagRun before.

Part of the freeze pass: nothing here is called after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator.authoring.definitions.operator_arguments import DEFAULT_POOL

# Airflow's default for max_active_tasks; no DAG is slowed down by being allowed more.
MAX_ACTIVE_TASKS = 16
WEIGHT_RULES = ("downstream", "upstream", "absolute")


def fixed(operator: Any, name: str) -> Any:
    """An argument of the operator; of a mapped one what is the same for all instances. None without it."""
    return operator.fixed_arguments().get(name) if operator.is_mapped else getattr(operator, name, None)


def takes_slots(operator: Any) -> bool:
    """A deferred task holds no slot of a pool or of max_active_tasks: that is Airflow's include_deferred=False."""
    return not fixed(operator, "deferrable")


def limits_of(operator: Any) -> Mapping[str, Any]:
    """The operator's own limits, and its weight where there are any; {} where nothing binds.

    default_pool binds nobody: what is in no pool starts when its run lets it.
    """
    found: dict[str, Any] = {}
    if operator.pool != DEFAULT_POOL and takes_slots(operator):
        found |= {"pool": operator.pool, "pool_slots": operator.pool_slots}
    per_dag = operator.max_active_tis_per_dag or operator.task_concurrency
    if per_dag:
        found["max_active_tis_per_dag"] = per_dag
    return {**found, "priority_weight": total_weight(operator)} if found else {}


def total_weight(operator: Any) -> int:
    """The priority weight as `weight_rule` adds it up."""
    own = int(operator.priority_weight)
    rule = str(operator.weight_rule)
    dag = operator.get_dag()
    if dag is None or rule not in ("downstream", "upstream"):
        return own
    others = operator.get_flat_relative_ids(upstream=rule == "upstream")
    return own + sum(int(dag.task_dict[task_id].priority_weight) for task_id in others)


def binding_max_active_tasks(dag: Any) -> int | None:
    """max_active_tasks, unless it is Airflow's default."""
    given = dag.max_active_tasks
    return None if given in (None, MAX_ACTIVE_TASKS) else int(given)


def past_of(operator: Any, dag: Any) -> Mapping[str, Any]:
    """What the task waits for in the DagRun before; {} if it does not depend on it.

    downstream: the tasks of wait_for_downstream. scheduled_only: with catchup Airflow looks at no manual runs.
    """
    if not operator.depends_on_past:
        return {}
    return {
        "ignore_first": bool(operator.ignore_first_depends_on_past),
        "downstream": sorted(operator.downstream_task_ids) if operator.wait_for_downstream else [],
        "scheduled_only": bool(dag.catchup),
    }


def is_awaited(operator: Any) -> bool:
    """Whether a task of the next DagRun may wait for this one."""
    return bool(operator.depends_on_past) or any(task.wait_for_downstream for task in operator.upstream_list)


def limit_asks(operator: Any) -> Mapping[str, Any]:
    """What the operator asks for that has no effect here, by the names of `validate.TASK_ASKS`."""
    asks: dict[str, Any] = {}
    limits = limits_of(operator)
    if operator.pool == DEFAULT_POOL and operator.pool_slots != 1:
        asks["pool_slots"] = operator.pool_slots
    if limits and str(operator.weight_rule) not in WEIGHT_RULES:
        asks["weight_rule"] = str(operator.weight_rule)
    if limits and operator.retries:
        asks["slots_between_tries"] = True
    if operator.wait_for_past_depends_before_skipping and operator.depends_on_past:
        asks["wait_for_past_depends_before_skipping"] = True
    return asks
