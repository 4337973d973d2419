"""EcsRunTaskOperator: a task on an ECS cluster.

Step Functions runs it natively; `execute` is for subclasses: it starts the job and asks for its state.
"""

from __future__ import annotations

import time
from collections.abc import Container
from datetime import timedelta
from typing import Any

from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.operators.aws import AwsBaseOperator, must_be_known


class EcsRunTaskOperator(AwsBaseOperator):
    """Runs a task of `task_definition` on an ECS cluster. (Airflow 1, 2: ECSOperator.)

    The XCom `ecs_task_arn` is the task's ARN; with awslogs_group and awslogs_stream_prefix the return value is the last
    line of its log. skip_on_exit_code: exit codes that skip instead of failing.
    """

    template_fields: Any = (
        *("task_definition", "cluster", "overrides", "launch_type", "capacity_provider_strategy"),
        *("volume_configurations", "group", "placement_constraints", "placement_strategy", "platform_version"),
        *("network_configuration", "tags", "awslogs_group", "awslogs_region", "awslogs_stream_prefix"),
        *("awslogs_fetch_interval", "propagate_tags", "reattach", "number_logs_exception", "wait_for_completion"),
        *("container_name", "deferrable"),
    )
    template_fields_renderers: Any = {"overrides": "json", "network_configuration": "json"}  # noqa: RUF012
    ui_color = "#f0ede4"

    def __init__(
        self,
        *,
        task_definition: str,
        cluster: str,
        overrides: dict[str, Any],
        launch_type: str = "EC2",
        capacity_provider_strategy: list[Any] | None = None,
        volume_configurations: list[Any] | None = None,
        group: str | None = None,
        placement_constraints: list[Any] | None = None,
        placement_strategy: list[Any] | None = None,
        platform_version: str | None = None,
        network_configuration: dict[str, Any] | None = None,
        tags: dict[str, Any] | None = None,
        awslogs_group: str | None = None,
        awslogs_region: str | None = None,
        awslogs_stream_prefix: str | None = None,
        awslogs_fetch_interval: timedelta = timedelta(seconds=30),
        container_name: str | None = None,
        propagate_tags: str | None = None,
        quota_retry: dict[str, Any] | None = None,
        reattach: bool = False,
        number_logs_exception: int = 10,
        wait_for_completion: bool = True,
        waiter_delay: int = 6,
        waiter_max_attempts: int = 1_000_000,
        deferrable: bool = False,
        skip_on_exit_code: int | Container[int] | None = None,
        stop_task_on_failure: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.task_definition = task_definition
        self.cluster = cluster
        self.overrides = overrides
        self.launch_type = launch_type
        self.capacity_provider_strategy = capacity_provider_strategy
        self.volume_configurations = volume_configurations
        self.group = group
        self.placement_constraints = placement_constraints
        self.placement_strategy = placement_strategy
        self.platform_version = platform_version
        self.network_configuration = network_configuration
        self.tags = tags
        self.awslogs_group = awslogs_group
        self.awslogs_region = awslogs_region
        self.awslogs_stream_prefix = awslogs_stream_prefix
        self.awslogs_fetch_interval = awslogs_fetch_interval
        self.container_name = container_name
        self.propagate_tags = propagate_tags
        self.quota_retry = quota_retry
        self.reattach = reattach
        self.number_logs_exception = number_logs_exception
        self.wait_for_completion: Any = wait_for_completion
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        self.deferrable = deferrable
        single = skip_on_exit_code is None or isinstance(skip_on_exit_code, int)
        codes: Any = ([] if skip_on_exit_code is None else [skip_on_exit_code]) if single else skip_on_exit_code
        self.skip_on_exit_code: Container[int] = codes
        self.stop_task_on_failure = stop_task_on_failure
        must_be_known(self, "wait_for_completion")

    def request(self) -> dict[str, Any]:
        """RunTask's request, once templates are rendered."""
        strategy = self.capacity_provider_strategy
        given = {
            "cluster": self.cluster,
            "taskDefinition": self.task_definition,
            "overrides": self.overrides,
            "startedBy": self.owner,
            "capacityProviderStrategy": strategy or None,
            "launchType": self.launch_type if self.launch_type and not strategy else None,
            "volumeConfigurations": self.volume_configurations,
            "platformVersion": self.platform_version,
            "group": self.group,
            "placementConstraints": self.placement_constraints,
            "placementStrategy": self.placement_strategy,
            "networkConfiguration": self.network_configuration,
            "tags": [{"key": key, "value": value} for key, value in self.tags.items()] if self.tags else None,
            "propagateTags": self.propagate_tags,
        }
        return {name: value for name, value in given.items() if value is not None}

    def check(self, task: dict[str, Any]) -> None:
        """Raise for a stopped task (as DescribeTasks tells of it) that failed, or is to be skipped."""
        for container in task.get("containers", ()):
            code = container.get("exitCode")
            if code is not None and code in self.skip_on_exit_code:
                raise AirflowSkipException(f"ECS task returned exit code {code}. Skipping.")
            if code is None or code != 0:
                raise AirflowException(f"This task is not in success state {task}")

    def last_log_line(self, arn: str) -> str | None:
        """The last line of the task's log, if it is known where that is."""
        if not (self.awslogs_group and self.awslogs_stream_prefix):
            return None
        prefix = self.awslogs_stream_prefix
        if self.container_name and not prefix.endswith(f"/{self.container_name}"):
            prefix = f"{prefix}/{self.container_name}"
        parameters = {**self._hook_parameters, "region_name": self.awslogs_region or self.region_name}
        client = AwsBaseHook(**parameters, client_type="logs").get_conn()
        stream = f"{prefix}/{arn.rsplit('/', 1)[-1]}"
        events = client.get_log_events(
            logGroupName=self.awslogs_group, logStreamName=stream, startFromHead=False, limit=1
        )["events"]
        return str(events[0]["message"]) if events else None

    def execute(self, context: Any) -> str | None:
        client = AwsBaseHook(**self._hook_parameters, client_type="ecs").get_conn()
        answer = client.run_task(**self.request())
        if answer.get("failures"):
            raise AirflowException(answer["failures"])
        arn = str(answer["tasks"][0]["taskArn"])
        context["ti"].xcom_push(key="ecs_task_arn", value=arn)
        while self.wait_for_completion or self.deferrable:
            (task,) = client.describe_tasks(cluster=self.cluster, tasks=[arn])["tasks"]
            if task["lastStatus"] == "STOPPED":
                self.check(task)
                return self.last_log_line(arn)
            time.sleep(self.waiter_delay)
        return None
