"""The validation pass: model -> problems. Each rule is a small function with its message.

Purpose: what Airstep can't do, or does slightly otherwise, is said here, with a code and what to do; a DAG with a
refused problem goes no further. All problems of a DAG are found, not the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from dag_translator.compute import MOST_LAYERS
from dag_translator.contract import interrupted
from dag_translator.errors import Problem, Severity
from dag_translator.lowering.mapped_groups import max_length
from dag_translator.model import Dag, Task
from dag_translator.operators import LOWERINGS
from dag_translator.operators.mapped import MAX_LENGTH
from dag_translator.trigger_rules import RULES

# Lambda ends a function after its time (15 minutes at most); half a minute of it is for recording what happened.
LAST_SECONDS = 30.0
LONGEST_TASK = 870.0


# What a task may ask for that is not there: argument -> severity, what is so, what to do.
TASK_ASKS: Mapping[str, tuple[Severity, str, str]] = {
    "deferrable": (
        "approximated",
        "what the operator defers to is waited for inside its Lambda, which has 15 minutes at most",
        "wait in a sensor that can poke, which costs nothing meanwhile, or give the task compute 'fargate'",
    ),
    "nested_mapped_group": (
        "refused",
        (
            "a mapped task group inside a mapped task group is not supported: "
            "Airflow 3.3.2 hands its instances the wrong items"
        ),
        "map one group over every combination, expand(x=…, y=…), or put the inner group's steps into one task",
    ),
    "mapped_branch": (
        "approximated",
        "a mapped branch or short circuit skips nothing, in a mapped task group neither: so it is in Airflow 3.3.2",
        "map over what is to be done only, or raise AirflowSkipException where nothing is to be done",
    ),
    "mapped_argument": (
        "refused",
        "an argument that says how a task runs can't be mapped over",
        "give it to partial(); map over the operator's own arguments, or make the tasks in a Python loop",
    ),
    "too_many_instances": (
        "refused",
        f"a task can be mapped over {MAX_LENGTH:,} items at most",
        "map over batches of items, and loop over a batch inside the task",
    ),
    "wait_for_past_depends_before_skipping": (
        "approximated",
        "wait_for_past_depends_before_skipping has no effect: so it is in Airflow 3.3.2, where nothing reads it",
        "remove it; a task that has to wait for the past before it is skipped can raise AirflowSkipException itself",
    ),
    "pool_slots": (
        "approximated",
        "pool_slots has no effect in default_pool: its 128 slots are not counted",
        "give the task a pool of its own, and make it with `airstep pools set`",
    ),
    "weight_rule": (
        "refused",
        "a priority weight strategy of one's own is not supported",
        "use downstream, upstream or absolute",
    ),
    "slots_between_tries": (
        "approximated",
        "a limited task keeps its slots between its tries: Step Functions itself repeats it",
        "keep retry_delay short",
    ),
}
# Those of them that are not about one argument.
NOT_ARGUMENTS = (
    "nested_mapped_group",
    "mapped_branch",
    "mapped_argument",
    "too_many_instances",
    "wait_for_past_depends_before_skipping",
    "slots_between_tries",
    "weight_rule",
)

Rule = Callable[[Dag], Iterator[Problem]]


def validate(dag: Dag) -> tuple[Problem, ...]:
    """Every problem of the DAG, each with its place."""
    return tuple(replace(problem, path=dag.file, dag_id=dag.dag_id) for rule in RULES_OF_A_DAG for problem in rule(dag))


def asks_of_tasks(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        for name in task.asks:
            severity, message, hint = TASK_ASKS[name]
            yield _about(task, f"unsupported-{name.replace('_', '-')}", message, hint, severity)


def the_schedule_is_allowed(dag: Dag) -> Iterator[Problem]:
    if dag.schedule is not None and dag.allowed_run_types is not None and "scheduled" not in dag.allowed_run_types:
        yield Problem(
            "schedule-not-allowed",
            f"the DAG has a schedule, but allowed_run_types is {', '.join(dag.allowed_run_types)}",
            "add DagRunType.SCHEDULED, or give schedule=None",
            line=dag.line,
        )


def mapped_groups_run_as_a_whole(dag: Dag) -> Iterator[Problem]:
    for group in interrupted(dag):
        yield Problem(
            "mapped-group-interrupted",
            f"a task outside the mapped task group {group.group_id} stands between two of its tasks",
            "take that task into the group, or make two mapped groups",
            line=group.line,
        )


def mapped_groups_look_at_their_own_run(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        if task.task_id in dag.group_of and (task.past or task.is_awaited):
            yield _about(
                task,
                "unsupported-depends-on-past",
                "a task in a mapped task group can't wait for the run before, nor be waited for",
                "let a task before or after the group depend on the past",
            )


def mapped_groups_are_not_too_long(dag: Dag) -> Iterator[Problem]:
    for group in dag.mapped_groups:
        longest = max_length(len(group.members))
        if (group.expansion.length or 0) > longest:
            yield Problem(
                "unsupported-too-many-instances",
                f"a mapped task group of {len(group.members)} tasks can have {longest:,} instances at most",
                "map over batches of items, and loop over a batch inside the tasks",
                line=group.line,
            )


def trigger_rules_exist(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        if task.trigger_rule not in RULES:
            yield _about(
                task,
                "unknown-trigger-rule",
                f"there is no trigger rule {task.trigger_rule!r}",
                f"use one of {', '.join(RULES)}",
            )


def setups_are_followed_by_all_success(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        setups = [each for each in task.upstream if dag.by_id[each].is_setup]
        if setups and not task.is_teardown and task.trigger_rule != "all_success":
            yield _about(
                task,
                "setup-needs-all-success",
                f"it follows the setup task {setups[0]} with trigger rule {task.trigger_rule}; Airflow refuses that",
                "use all_success, or put a task between the two",
            )


def python_fits_a_lambda(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        lowering = LOWERINGS[task.lowering]
        native = lowering.native or lowering.sensor or task.compute.on == "fargate"
        longest = task.compute.timeout - LAST_SECONDS
        if task.timeout is not None and longest < task.timeout <= LONGEST_TASK and not native:
            yield _about(
                task,
                "task-too-long",
                f"execution_timeout is {task.timeout:g} s, its function ends after {task.compute.timeout} s",
                f"give executor_config a timeout of at least {math.ceil(task.timeout + LAST_SECONDS)} s",
            )
        if task.timeout is not None and task.timeout > LONGEST_TASK and not native:
            yield _about(
                task,
                "task-too-long",
                f"execution_timeout is {task.timeout / 60:g} minutes, a Lambda runs for at most {LONGEST_TASK / 60:g}",
                'run it in a container, executor_config={"airstep": {"compute": "fargate"}}; or split the task, '
                "hand the work to a service (Athena, Glue, ECS, Batch), or lower execution_timeout",
            )


def sensors_have_an_interval(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        if LOWERINGS[task.lowering].sensor and task.settings["interval"] < 0:
            yield _about(task, "invalid-argument", "a sensor's interval is negative", "give seconds from 0 up")


def native_sensors_ask_once_more(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        lowering = LOWERINGS[task.lowering]
        if lowering.native and lowering.sensor and task.retry.attempts and not lowering.tries:
            yield _about(
                task,
                "sensor-retries",
                "retries have no effect: a query that has failed stays failed",
                "give the retries to the task that runs the query",
                "approximated",
            )


def services_are_called_by_step_functions(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        for name in task.settings.get("unused", ()):
            yield _about(
                task,
                "unused-argument",
                f"{name} has no effect: Step Functions calls the service, with the state machine's role and region",
                "leave it out, or do the work in a @task with boto3",
                "approximated",
            )


def operators_say_what_is_otherwise(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        for code, message, hint in task.settings.get("refusals", ()):
            yield _about(task, code, message, hint)
        for code, message, hint in task.settings.get("notes", ()):
            yield _about(task, code, message, hint, "approximated")


def what_tasks_run_on_is_possible(dag: Dag) -> Iterator[Problem]:
    free = MOST_LAYERS - any(task.environment is not None and task.environment.requirements for task in dag.tasks)
    for task in dag.tasks:
        for code, message, hint, severity in task.compute.problems:
            yield _about(task, code, message, hint, severity)
        lowering = LOWERINGS[task.lowering]
        if task.compute.on == "fargate" and (lowering.native or lowering.sensor or task.lowering == "EmptyOperator"):
            yield _about(
                task,
                "unsupported-compute",
                f"compute 'fargate' is for Python tasks; of {task.operator} there is no Python that takes long",
                "leave it out",
            )
        if len(task.compute.layers) > free:
            yield _about(
                task,
                "invalid-compute",
                f"executor_config: {len(task.compute.layers)} layers; of a function's five layers {free} are free",
                "put what you need into fewer layers",
            )


def environments_are_known(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        for code, message, hint in task.environment.problems if task.environment is not None else ():
            yield _about(task, code, message, hint)


def retries_are_possible(dag: Dag) -> Iterator[Problem]:
    for task in dag.tasks:
        if task.retry.attempts < 0:
            yield _about(task, "invalid-argument", f"retries is {task.retry.attempts}", "give a number from 0 up")
        if task.retry.backoff < 1:
            yield _about(
                task, "invalid-argument", "retry_exponential_backoff is below 1", "give True or a factor from 1 up"
            )


RULES_OF_A_DAG: tuple[Rule, ...] = (
    asks_of_tasks,
    the_schedule_is_allowed,
    mapped_groups_run_as_a_whole,
    mapped_groups_look_at_their_own_run,
    mapped_groups_are_not_too_long,
    trigger_rules_exist,
    setups_are_followed_by_all_success,
    python_fits_a_lambda,
    sensors_have_an_interval,
    native_sensors_ask_once_more,
    services_are_called_by_step_functions,
    operators_say_what_is_otherwise,
    what_tasks_run_on_is_possible,
    environments_are_known,
    retries_are_possible,
)


def _about(task: Task, code: str, message: str, hint: str, severity: Severity = "refused") -> Problem:
    return Problem(code, message, hint, line=task.line, task_id=task.task_id, severity=severity)


def refused(problems: Any) -> bool:
    """Whether any of the problems stops the translation."""
    return any(problem.severity == "refused" for problem in problems)
