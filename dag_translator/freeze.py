"""The freeze pass: live objects -> model. The last pass that touches what user code made.

Purpose: everything that the translation needs is read off the live DAG once, in Airflow's words, as frozen data.
Invariant afterwards: no pass and no Lambda argument depends on a live object; what could not be expressed stands in
`asks`, for the validation pass to judge. Nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from dag_translator.account import NOTHING_SAID, Account
from dag_translator.assets import assets_of
from dag_translator.compute import compute_of
from dag_translator.contract import settled
from dag_translator.environments import environment_of
from dag_translator.limits import (
    binding_max_active_tasks,
    fixed,
    is_awaited,
    limit_asks,
    limits_of,
    past_of,
    takes_slots,
    total_weight,
)
from dag_translator.mapping import FixedArguments, expansion_of, mapped_groups, mapping_asks
from dag_translator.model import Dag, Retry, Skips, Task
from dag_translator.operators import LOWERINGS, empty
from dag_translator.operators.lowering import Lowering
from dag_translator.operators.notifying import messages
from dag_translator.provided import is_polled, waits_in_lambda
from dag_translator.trigger_rules import ALIASES


def freeze(dag: Any, file: Path, schedule: Mapping[str, Any] | None, account: Account = NOTHING_SAID) -> Dag:
    """The model of a live DAG.

    file: the DAG file, relative to the dags folder. schedule: what `dag_translator.schedule` made of the DAG's.
    account: what the project says of its AWS account.
    """
    frozen = Dag(
        dag_id=dag.dag_id,
        file=file.as_posix(),
        tasks=tuple(_task(operator, dag, account) for operator in dag.topological_sort()),
        mapped_groups=tuple(mapped_groups(dag, _first_line)),
        description=dag.description or _first_line(dag.doc_md),
        tags=tuple(sorted(dag.tags)),
        run_timeout=_seconds(dag.dagrun_timeout),
        schedule=schedule,
        catchup=bool(dag.catchup),
        max_active_runs=dag.max_active_runs,
        max_active_tasks=binding_max_active_tasks(dag),
        max_consecutive_failed_dag_runs=int(dag.max_consecutive_failed_dag_runs or 0),
        start_date=_instant(dag.start_date),
        end_date=_instant(dag.end_date),
        timezone=str(dag.timezone),
        is_paused_upon_creation=dag.is_paused_upon_creation,
        assets=assets_of(dag),
        fail_fast=bool(dag.fail_fast),
        allowed_run_types=None if dag.allowed_run_types is None else tuple(sorted(dag.allowed_run_types)),
        messages=messages(dag),
        line=dag._airstep_line,
    )
    return settled(frozen)


def _task(operator: Any, dag: Any, account: Account) -> Task:
    lowering, settings = lowering_of(operator, account)
    group = operator.task_group
    rule = str(operator.trigger_rule)
    return Task(
        task_id=operator.task_id,
        operator=operator.operator_name,
        upstream=tuple(sorted(operator.upstream_task_ids)),
        trigger_rule=ALIASES.get(rule, rule),
        lowering=lowering,
        settings=settings,
        retry=_retry(operator, LOWERINGS[lowering]),
        timeout=_seconds(operator.execution_timeout),
        skips=_skips(operator),
        setups=tuple(sorted(_setups(operator))),
        is_setup=operator.is_setup,
        is_teardown=operator.is_teardown,
        on_failure_fail_dagrun=bool(operator.on_failure_fail_dagrun),
        group=group.group_id if group is not None else None,
        doc=_first_line(operator.doc_md or operator.doc),
        compute=compute_of(operator.executor_config),
        expansion=expansion_of(operator),
        environment=environment_of(operator, _seen(operator), dag.folder),
        limits=limits_of(operator),
        priority_weight=1 if binding_max_active_tasks(dag) is None else total_weight(operator),
        takes_slots=takes_slots(operator) and LOWERINGS[lowering].lower is not empty.lower,
        yields=fixed(operator, "mode") == "reschedule" and LOWERINGS[lowering].sensor,
        past=past_of(operator, dag),
        is_awaited=is_awaited(operator),
        asks=dict(_task_asks(operator, lowering)),
        line=operator._airstep_line,
    )


def lowering_of(operator: Any, account: Account = NOTHING_SAID) -> tuple[str, Mapping[str, Any]]:
    """Which entry of `LOWERINGS` translates the operator, and what it needs to know.

    The class that owns the method which would run decides: a user's subclass that overrides `execute` (or `poke`) is
    Python, one that does not is what it inherits from. A provider's sensor that can poke is poked in any case.
    """
    sensor = hasattr(operator.operator_class, "poke")
    seen = _seen(operator)
    for owner in operator.operator_class.__mro__:
        if owner.__name__ in LOWERINGS and owner.__module__.startswith("dag_translator."):
            settings = LOWERINGS[owner.__name__].settings(seen)
            if settings is not None:
                return LOWERINGS[owner.__name__].in_account(seen, account) or (owner.__name__, settings)
            # Python, by the next entry above that has the method: it may know the permissions.
            continue
        if "execute" in vars(owner) and not is_polled(operator.operator_class, owner):
            sensor = False
            break
        if "poke" in vars(owner):
            break
    base = "BaseSensorOperator" if sensor else "BaseOperator"
    return base, LOWERINGS[base].settings(seen) or {}


def _seen(operator: Any) -> Any:
    """The operator, or what is fixed of a mapped one."""
    return FixedArguments(operator) if operator.is_mapped else operator


def _retry(operator: Any, lowering: Lowering) -> Retry:
    backoff = operator.retry_exponential_backoff
    # Python calls back by itself.
    calls_back = lowering.native and bool(operator.on_retry_callback or (operator.email and operator.email_on_retry))
    return Retry(
        attempts=operator.retries or 0,
        delay=_seconds(operator.retry_delay) or 0.0,
        backoff=2.0 if backoff is True else float(backoff or 1.0),
        max_delay=_seconds(operator.max_retry_delay),
        asks=bool(operator.retries) and not lowering.sensor and (operator.retry_policy is not None or calls_back),
    )


def _skips(operator: Any) -> Skips:
    """A soft short circuit and a branch skip direct children; a hard short circuit, or a user's own, any descendant.

    With several instances they skip nothing, as in Airflow 3.3.2.
    """
    if not operator.inherits_from_skipmixin or operator.get_needs_expansion():
        return "nothing"
    if hasattr(operator, "ignore_downstream_trigger_rules"):
        return "descendants" if operator.ignore_downstream_trigger_rules else "children"
    return "children" if hasattr(operator, "choose_branch") or operator.is_branch else "descendants"


def _setups(operator: Any) -> Iterator[str]:
    """The setup tasks that decide, besides the trigger rule, whether the task runs.

    A teardown looks at its direct setups; any other task at every setup above it that has no teardown, or one below it.
    """
    if operator.is_teardown:
        yield from (task.task_id for task in operator.upstream_list if task.is_setup)
        return
    below = {task.task_id for task in operator.get_flat_relatives(upstream=False) if task.is_teardown}
    for task in operator.get_flat_relatives(upstream=True):
        if task.is_setup:
            teardowns = {each.task_id for each in task.downstream_list if each.is_teardown}
            if not teardowns or teardowns & below:
                yield task.task_id


def _task_asks(operator: Any, lowering: str) -> Iterator[tuple[str, Any]]:
    yield from limit_asks(operator).items()
    if waits_in_lambda(operator.operator_class, _seen(operator), lowering):
        yield "deferrable", True
    for name in mapping_asks(operator):
        yield name, True


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value.total_seconds())


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _first_line(text: str | None) -> str:
    """The first line that says something, without Markdown's heading signs.

    It becomes a `Comment` in the definition, where `${…}` would be taken for a placeholder.
    """
    lines = (line.strip(" #\t").replace("${", "{") for line in (text or "").splitlines())
    return next((line for line in lines if line), "")
