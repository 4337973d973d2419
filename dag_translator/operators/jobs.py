"""Jobs that Step Functions runs to their end (`.sync`): Glue, ECS, Batch. Prepare → the job → record.

A row says how the job starts, what its role needs, and what is otherwise than in Airflow. Stopping the run, or a
timeout, stops the job. Sources: Step Functions developer guide, the pages "Run … with Step Functions" and "IAM policies
for calling …" of each service; `apache-airflow-providers-amazon` 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dag_translator import asl
from dag_translator.authoring.operators.glue import MAKING, SCRIPTS
from dag_translator.model import Task
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.service import ARN, HERE, judged, literal, lower_call, note, unused_arguments

Grants = Callable[[Task, str], tuple[Permission, ...]]


@dataclass(frozen=True, slots=True)
class Job:
    """start: the integration without `.sync`. transient: errors of the start that don't use up the user's retries.
    rule: the managed rule by which Step Functions hears of the end, if there is one."""

    start: str
    transient: tuple[str, ...]
    permissions: Grants
    settings: Callable[[Any], Mapping[str, Any]] = lambda _operator: {}
    task_permissions: Callable[[Task], tuple[Permission, ...]] = lambda _task: ()

    def lowering(self) -> Lowering:
        def settings(operator: Any) -> Mapping[str, Any]:
            waits = bool(getattr(operator, "wait_for_completion", True) or getattr(operator, "deferrable", False))
            return {"waits": waits, **unused_arguments(operator), **self.settings(operator)}

        def lower(task: Task, site: Site) -> States:
            resource = f"arn:aws:states:::{self.start}" + (".sync" if task.settings["waits"] else "")
            retrier = asl.Retrier(self.transient, 5, interval=1, backoff=2, full_jitter=True)
            return lower_call(
                task,
                site,
                resource,
                retry=(retrier,),
                caught=judged if task.settings.get("judged") else lambda _record: (),
                limit=task.settings.get("limit"),
            )

        return Lowering(
            lower,
            settings,
            self.permissions,
            self.task_permissions,
            native=True,
            becomes=f"`{self.start}.sync`; without waiting `{self.start}`",
        )


def _listens(rule: str, reason: str) -> Permission:
    """For the rule that Step Functions manages."""
    arn = f"{ARN}:events:{HERE}:rule/{rule}"
    return Permission(("events:PutTargets", "events:PutRule", "events:DescribeRule"), (arn,), reason)


# --- Glue ----------------------------------------------------------------------------------------------------------


# Arguments that change nothing on Step Functions, and why.
_GLUE_UNUSED: Mapping[str, str] = {
    "verbose": "the run's log stays in its log group",
    "sleep_before_return": "Step Functions is told of the end once Glue has finished; let the next job retry",
    "durable": "a try that was lost leaves no run to come back to, the next starts its own",
    "openlineage_inject_parent_job_info": "nothing reports to OpenLineage",
    "openlineage_inject_transport_info": "nothing reports to OpenLineage",
}


def _glue_settings(operator: Any) -> Mapping[str, Any]:
    given = [name for name in _GLUE_UNUSED if getattr(operator, name, None)]
    notes = [note("unused-argument", f"{name} has no effect: {_GLUE_UNUSED[name]}", "leave it out") for name in given]
    deferred = getattr(operator, "deferrable", False)
    return {
        "job": literal(getattr(operator, "job_name", None)),
        # As in the provider the attempts count where it is deferrable.
        **({"limit": min(99_999_999, operator.waiter_delay * operator.waiter_max_attempts)} if deferred else {}),
        **({"notes": notes} if notes else {}),
        **({"makes": _glue_making(operator)} if any(getattr(operator, name, None) for name in MAKING) else {}),
    }


def _glue_making(operator: Any) -> Mapping[str, Any]:
    """What the job is made of, as far as the Lambda's role has to know."""
    script = getattr(operator, "script_location", None)
    return {
        "role": literal(getattr(operator, "iam_role_arn", None)),
        "role_name": literal(getattr(operator, "iam_role_name", None)),
        "bucket": (literal(operator.s3_bucket) or "*") if operator.is_local(script) else None,
        "tags": "Tags" in (getattr(operator, "create_job_kwargs", None) or {}),
        "updates": bool(getattr(operator, "update_config", False)),
    }


def _glue_permissions(task: Task, _machine_name: str) -> tuple[Permission, ...]:
    arn = f"{ARN}:glue:{HERE}:job/{task.settings['job'] or '*'}"
    waiting = ("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun") if task.settings["waits"] else ()
    return (Permission(("glue:StartJobRun", *waiting), (arn,), f"Glue job of task {task.task_id}"),)


def _glue_task_permissions(task: Task) -> tuple[Permission, ...]:
    """Of the Lambda that makes the job. Source: Service Authorization Reference, "Actions … for AWS Glue"."""
    makes = task.settings.get("makes")
    if makes is None:
        return ()
    reason = f"makes the Glue job of task {task.task_id}"
    arn = f"{ARN}:glue:{HERE}:job/{task.settings['job'] or '*'}"
    role = makes["role"] or f"{ARN}:iam::${{AWS::AccountId}}:role/{makes['role_name'] or '*'}"
    tagging = ("glue:TagResource", "glue:GetTags", "glue:UntagResource") if makes["tags"] else ()
    updating = ("glue:UpdateJob",) if makes["updates"] else ()
    found = [
        Permission(("glue:GetJob", "glue:CreateJob", *updating, *tagging), (arn,), reason),
        Permission(("iam:PassRole",), (role,), reason, {"StringLike": {"iam:PassedToService": "glue.amazonaws.com"}}),
    ]
    if not makes["role"]:
        found.append(Permission(("iam:GetRole",), (role,), reason))
    if makes["bucket"]:
        objects = f"{ARN}:s3:::{makes['bucket']}/{SCRIPTS}*"
        found.append(Permission(("s3:PutObject", "s3:GetObject"), (objects,), reason))
        found.append(Permission(("s3:ListBucket",), (f"{ARN}:s3:::{makes['bucket']}",), reason))
    return tuple(found)


# --- ECS -----------------------------------------------------------------------------------------------------------


# How the provider copies the container's log, with its defaults.
_ECS_LOG_DEFAULTS: Mapping[str, Any] = {"awslogs_fetch_interval": timedelta(seconds=30), "number_logs_exception": 10}


def _ecs_settings(operator: Any) -> Mapping[str, Any]:
    notes = []
    if getattr(operator, "quota_retry", None):
        message = "quota_retry has no effect: Step Functions repeats what was throttled"
        notes.append(note("unused-argument", message, "use retries"))
    if getattr(operator, "reattach", False):
        message = "reattach has no effect: a try that was lost leaves no task to come back to, the next starts its own"
        notes.append(note("unused-argument", message, "leave it out"))
    for name, usual in _ECS_LOG_DEFAULTS.items():
        if getattr(operator, name, usual) != usual:
            notes.append(
                note("unused-argument", f"{name} has no effect: the task's log stays in its group", "leave it out")
            )
    codes = getattr(operator, "skip_on_exit_code", None)
    judged = codes not in (None, [])
    if judged and operator.retries:
        message = "an exit code of skip_on_exit_code skips the task only after its retries"
        notes.append(note("skip-after-retries", message, "leave retries out"))
    return {
        "definition": literal(getattr(operator, "task_definition", None)),
        "judged": judged,
        "limit": min(99_999_999, operator.waiter_delay * operator.waiter_max_attempts),
        **({"logs": literal(operator.awslogs_group) or "*"} if getattr(operator, "awslogs_group", None) else {}),
        **({"notes": notes} if notes else {}),
    }


def _ecs_permissions(task: Task, _machine_name: str) -> tuple[Permission, ...]:
    """The ids of tasks are not known beforehand; nor are the roles that the task definition names."""
    reason = f"ECS task of task {task.task_id}"
    definition = task.settings["definition"] or "*"
    name = definition if definition.startswith("arn:") else f"{ARN}:ecs:{HERE}:task-definition/{definition}"
    # Without a revision the newest one runs.
    revisions = (name,) if ":" in definition.rpartition("/")[2].removeprefix("arn:") else (name, f"{name}:*")
    roles = Permission(
        ("iam:PassRole",),
        (f"{ARN}:iam::${{AWS::AccountId}}:role/*",),
        reason,
        {"StringLike": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    )
    run = (Permission(("ecs:RunTask",), revisions, reason), roles)
    if not task.settings["waits"]:
        return run
    follow = Permission(("ecs:StopTask", "ecs:DescribeTasks"), (f"{ARN}:ecs:{HERE}:task/*",), reason)
    return (*run, follow, _listens("StepFunctionsGetEventsForECSTaskRule", reason))


def _ecs_logs(task: Task) -> tuple[Permission, ...]:
    if "logs" not in task.settings:
        return ()
    group = f"{ARN}:logs:*:${{AWS::AccountId}}:log-group:{task.settings['logs']}:*"
    return (Permission(("logs:GetLogEvents",), (group,), f"the last line of the log of task {task.task_id}"),)


# --- Batch ---------------------------------------------------------------------------------------------------------


def _batch_settings(operator: Any) -> Mapping[str, Any]:
    if not getattr(operator, "awslogs_enabled", False):
        return {}
    message = "awslogs_enabled has no effect: the job's log stays in its log group"
    return {"notes": [note("unused-argument", message, "look into /aws/batch/job")]}


def _batch_permissions(task: Task, _machine_name: str) -> tuple[Permission, ...]:
    """The developer guide's policy; Batch's DescribeJobs knows no resources, and job ids are not known beforehand."""
    reason = f"Batch job of task {task.task_id}"
    if not task.settings["waits"]:
        return (Permission(("batch:SubmitJob",), ("*",), reason),)
    actions = ("batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob")
    return (Permission(actions, ("*",), reason), _listens("StepFunctionsGetEventsForBatchJobsRule", reason))


GLUE = Job(
    "glue:startJobRun",
    ("Glue.ConcurrentRunsExceededException", "Glue.ThrottlingException", "Glue.SdkClientException"),
    _glue_permissions,
    _glue_settings,
    _glue_task_permissions,
)
ECS = Job(
    "ecs:runTask",
    ("ECS.ThrottlingException", "ECS.ServerException", "ECS.SdkClientException"),
    _ecs_permissions,
    _ecs_settings,
    _ecs_logs,
)
BATCH = Job(
    "batch:submitJob", ("Batch.ServerException", "Batch.SdkClientException"), _batch_permissions, _batch_settings
)

LOWERINGS: Mapping[str, Lowering] = {
    "GlueJobOperator": GLUE.lowering(),
    "EcsRunTaskOperator": ECS.lowering(),
    "BatchOperator": BATCH.lowering(),
}
