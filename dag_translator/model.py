"""The first IR: a DAG as frozen data, in Airflow's words. User code ran before it and never runs after it.

`dump` gives the text form that goldens and `airstep dags translate --dump model` show:

>>> print(dump(Dag("d", "d.py", tasks=(Task("a", "PythonOperator"), Task("b", "EmptyOperator", upstream=("a",))))))
dag d (d.py)
  a: PythonOperator
  b: EmptyOperator <- a
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from dag_translator.errors import Severity
from dag_translator.trigger_rules import EARLY_FIRING

# How a task skips others: a branch its direct children, a hard short circuit everything below it.
Skips = Literal["nothing", "children", "descendants"]


@dataclass(frozen=True, slots=True)
class Retry:
    """Airflow's `retries` and its delays, in seconds. `backoff` is the factor between delays (1 = constant).

    asks: whether Lambda is asked before each retry: a retry policy decides, or a service's task calls back.
    """

    attempts: int = 0
    delay: float = 300.0
    backoff: float = 1.0
    max_delay: float | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a mapped task is mapped over.

    length: the number of instances, None if only a run knows. over: ids of the tasks whose output it is mapped over,
    sorted. at_once: `max_active_tis_per_dagrun`.
    """

    length: int | None = None
    over: tuple[str, ...] = ()
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter of its own for a task's function. requirements: as `authoring.environments.lines` gives them;
    problems: (code, message, hint)."""

    requirements: tuple[str, ...] = ()
    python_version: str | None = None
    problems: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Compute:
    """What a task runs on: a Lambda function, or a container, of so much memory and disk (MB), time (seconds) and with
    these layers.

    problems: (code, message, hint, severity).
    """

    memory: int = 512
    timeout: int = 900
    ephemeral_storage: int = 512
    layers: tuple[str, ...] = ()
    on: Literal["lambda", "fargate"] = "lambda"
    problems: tuple[tuple[str, str, str, Severity], ...] = ()

    @property
    def function(self) -> str:
        """The function in the manifest, which tasks that want the same share; its placeholder in the definition.

        >>> Compute().function, Compute(memory=2048, timeout=60).function
        ('TaskFunction', 'TaskFunction2048MB60s')
        """
        if self.on == "fargate":
            return "TaskFunction"
        usual = Compute()
        parts = (
            f"{self.memory}MB" if self.memory != usual.memory else "",
            f"{self.timeout}s" if self.timeout != usual.timeout else "",
            f"{self.ephemeral_storage}MBDisk" if self.ephemeral_storage != usual.ephemeral_storage else "",
            f"Layers{hashlib.sha256(' '.join(self.layers).encode()).hexdigest()[:8]}" if self.layers else "",
        )
        return f"TaskFunction{''.join(parts)}"

    @property
    def container(self) -> str:
        """The container in the manifest, if the task runs in one; its placeholder in the definition."""
        disk = f"{self.ephemeral_storage}MBDisk" if self.ephemeral_storage != Compute().ephemeral_storage else ""
        return f"Container{self.memory}MB{disk}"


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a DAG.

    upstream: ids of its direct upstream tasks, sorted. setups: the upstream setup tasks it belongs to. skips: what it
    may skip when it succeeds. lowering: which entry of `operators.LOWERINGS` translates it. settings: what that entry
    needs (JSON). timeout: `execution_timeout` in seconds. expansion: what a mapped task is mapped over. waits: whether
    it waits for all its upstream tasks, although its rule could be decided earlier: they, or it, belong to a mapped
    task group. below_group: whether it stands below a mapped group, whose instances end at once. limits: `pool`,
    `pool_slots`, `max_active_tis_per_dag`, `max_active_tasks` as far as they bind, with `priority_weight`; {} for most.
    takes_slots: whether it counts where slots are counted (what only waits does not). yields: whether it gives its
    slots back between pokes. past: what it waits for in the DagRun before, {} for most. is_awaited: whether the next
    DagRun may wait for it. asks: other arguments that were given and are not Airflow's defaults, for the validation
    pass to judge. line: where the DAG file makes it.
    """

    task_id: str
    operator: str
    upstream: tuple[str, ...] = ()
    trigger_rule: str = "all_success"
    lowering: str = "BaseOperator"
    settings: Mapping[str, Any] = field(default_factory=dict)
    retry: Retry = Retry()
    timeout: float | None = None
    skips: Skips = "nothing"
    setups: tuple[str, ...] = ()
    is_setup: bool = False
    is_teardown: bool = False
    on_failure_fail_dagrun: bool = False
    group: str | None = None
    doc: str = ""
    compute: Compute = Compute()
    expansion: Expansion | None = None
    waits: bool = False
    below_group: bool = False
    environment: Environment | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    priority_weight: int = 1
    takes_slots: bool = True
    yields: bool = False
    past: Mapping[str, Any] = field(default_factory=dict)
    is_awaited: bool = False
    asks: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None

    @property
    def rule_upstream(self) -> tuple[str, ...]:
        """The tasks whose states the trigger rule looks at: a teardown's looks at its setups alone."""
        if self.trigger_rule == "all_done_setup_success":
            return self.setups
        return self.upstream

    @property
    def fires_early(self) -> bool:
        """Whether the task may start before all its upstream tasks have ended.

        A mapped one may not: it has to know what it is mapped over. One between setup and teardown may not: the setups
        come before its rule.
        """
        early = self.trigger_rule in EARLY_FIRING and len(self.upstream) > 1
        return early and self.expansion is None and not self.waits and not self.setups


@dataclass(frozen=True, slots=True)
class MappedGroup:
    """A task group that runs once per item. members: the ids of its tasks, nested groups' included, in the DAG's order.

    expansion: as a task's; `at_once` is the smallest of its members' `max_active_tis_per_dagrun`.
    """

    group_id: str
    members: tuple[str, ...]
    expansion: Expansion
    doc: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Dag:
    """A DAG: its tasks in a topological order, and what the run as a whole needs. Times in seconds.

    mapped_groups: the task groups that are mapped; each is one node of the order in which the tasks outside run.
    messages: IAM action → resources, of what callbacks and mails send. schedule: what the manifest says of it (see
    `dag_translator.schedule`), None without one. max_active_tasks: only if it is not Airflow's default. assets: the
    tasks' outlets and inlets, see `dag_translator.assets`.
    """

    dag_id: str
    file: str
    tasks: tuple[Task, ...] = ()
    mapped_groups: tuple[MappedGroup, ...] = ()
    description: str = ""
    tags: tuple[str, ...] = ()
    run_timeout: float | None = None
    schedule: Mapping[str, Any] | None = None
    catchup: bool = False
    max_active_runs: int = 16
    max_active_tasks: int | None = None
    max_consecutive_failed_dag_runs: int = 0
    start_date: str | None = None
    end_date: str | None = None
    timezone: str = "UTC"
    is_paused_upon_creation: bool | None = None
    assets: Mapping[str, Any] = field(default_factory=dict)
    fail_fast: bool = False
    allowed_run_types: tuple[str, ...] | None = None
    messages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: int | None = None

    @cached_property
    def by_id(self) -> Mapping[str, Task]:
        return {task.task_id: task for task in self.tasks}

    @cached_property
    def group_of(self) -> Mapping[str, MappedGroup]:
        """The mapped task group of each task that is in one."""
        return {task_id: group for group in self.mapped_groups for task_id in group.members}

    def is_mapped(self, task_id: str) -> bool:
        """Whether the task may have several instances."""
        return task_id in self.group_of or self.by_id[task_id].expansion is not None

    def above(self, group: MappedGroup) -> tuple[str, ...]:
        """The tasks outside the group whose states its members ask for, in the DAG's order."""
        members = [self.by_id[task_id] for task_id in group.members]
        asked = {each for task in members for each in (*task.upstream, *task.setups)} - set(group.members)
        return tuple(task.task_id for task in self.tasks if task.task_id in asked)

    @cached_property
    def downstream(self) -> Mapping[str, tuple[str, ...]]:
        """Direct downstream tasks of each task, in the DAG's order."""
        found: dict[str, list[str]] = {task.task_id: [] for task in self.tasks}
        for task in self.tasks:
            for upstream in task.upstream:
                found[upstream].append(task.task_id)
        return {task_id: tuple(below) for task_id, below in found.items()}

    def descendants(self, task_id: str) -> frozenset[str]:
        """Every task below `task_id`, not itself."""
        found: set[str] = set()
        waiting = list(self.downstream[task_id])
        while waiting:
            below = waiting.pop()
            if below not in found:
                found.add(below)
                waiting.extend(self.downstream[below])
        return frozenset(found)


def dump(dag: Dag) -> str:
    """The text form: a line a task, defaults left out."""
    lines = [f"dag {dag.dag_id} ({dag.file})"]
    lines += [f"  {task.task_id}: {task.operator}{''.join(_details(task))}" for task in dag.tasks]
    for group in dag.mapped_groups:
        lines.append(f"  group {group.group_id} of {', '.join(group.members)}{''.join(_mapped(group.expansion))}")
    return "\n".join(lines)


def _details(task: Task) -> Iterator[str]:
    if task.upstream:
        yield f" <- {', '.join(task.upstream)}"
    if task.trigger_rule != "all_success":
        yield f" when {task.trigger_rule}"
    if task.retry.attempts:
        yield f" retries {task.retry.attempts} every {task.retry.delay:g} s"
        yield f" × {task.retry.backoff:g}" if task.retry.backoff != 1 else ""
        yield f" up to {task.retry.max_delay:g} s" if task.retry.max_delay else ""
        yield ", asking first" if task.retry.asks else ""
    if task.timeout is not None:
        yield f" within {task.timeout:g} s"
    if task.skips != "nothing":
        yield f" may skip {task.skips}"
    if task.setups:
        yield f" set up by {', '.join(task.setups)}"
    if task.lowering not in ("BaseOperator", task.operator):
        yield f" as {task.lowering}"
    if task.compute != Compute():
        yield f" on {task.compute.container if task.compute.on == 'fargate' else task.compute.function}"
    if task.environment is not None:
        yield f" with {', '.join(task.environment.requirements) or 'an interpreter of its own'}"
    if task.settings:
        yield f" {dict(task.settings)}"
    if task.expansion is not None:
        yield from _mapped(task.expansion)
    if task.limits:
        yield f" limited {dict(task.limits)}"
    if task.past:
        yield f" after the run before {dict(task.past)}"


def _mapped(expansion: Expansion) -> Iterator[str]:
    over, length = expansion.over, expansion.length
    yield f" mapped over {', '.join(over) or 'literals'}" if length is None else f" mapped {length} times"
    yield f" {expansion.at_once} at once" if expansion.at_once else ""
