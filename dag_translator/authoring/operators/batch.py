"""BatchOperator: a job on AWS Batch.

Step Functions runs it natively; `execute` is for subclasses: it starts the job and asks for its state.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields, must_be_known, refuse


class BatchOperator(AwsBaseOperator):
    """Submits a job to AWS Batch; the XCom is the job's id. (Airflow 1, 2: AwsBatchOperator.)

    max_retries, status_retries, poll_interval and deferrable have no effect on Step Functions, which is told when the
    job ends.
    """

    template_fields: Any = aws_template_fields(
        *("job_id", "job_name", "job_definition", "job_queue", "container_overrides", "array_properties"),
        *("ecs_properties_override", "eks_properties_override", "node_overrides", "parameters", "retry_strategy"),
        *("waiters", "tags", "wait_for_completion", "awslogs_enabled", "awslogs_fetch_interval"),
    )
    template_fields_renderers: Any = {"container_overrides": "json", "parameters": "json"}  # noqa: RUF012
    ui_color = "#c3dae0"

    def __init__(
        self,
        *,
        job_name: str,
        job_definition: str,
        job_queue: str,
        container_overrides: dict[str, Any] | None = None,
        overrides: dict[str, Any] | None = None,
        array_properties: dict[str, Any] | None = None,
        ecs_properties_override: dict[str, Any] | None = None,
        eks_properties_override: dict[str, Any] | None = None,
        node_overrides: dict[str, Any] | None = None,
        share_identifier: str | None = None,
        scheduling_priority_override: int | None = None,
        parameters: dict[str, Any] | None = None,
        retry_strategy: dict[str, Any] | None = None,
        job_id: str | None = None,
        waiters: Any = None,
        max_retries: int = 4200,
        status_retries: int | None = None,
        tags: dict[str, Any] | None = None,
        wait_for_completion: bool = True,
        deferrable: bool = False,
        poll_interval: int = 30,
        awslogs_enabled: bool = False,
        awslogs_fetch_interval: timedelta = timedelta(seconds=30),
        submit_job_timeout: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.job_definition = job_definition
        self.job_queue = job_queue
        self.container_overrides = container_overrides or overrides
        self.array_properties = array_properties
        self.ecs_properties_override = ecs_properties_override
        self.eks_properties_override = eks_properties_override
        self.node_overrides = node_overrides
        self.share_identifier = share_identifier
        self.scheduling_priority_override = scheduling_priority_override
        self.parameters = parameters or {}
        self.retry_strategy = retry_strategy
        self.job_id = job_id
        self.waiters = waiters
        self.max_retries = max_retries
        self.status_retries = status_retries
        self.tags = tags or {}
        self.wait_for_completion: Any = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.awslogs_enabled = awslogs_enabled
        self.awslogs_fetch_interval = awslogs_fetch_interval
        self.submit_job_timeout = submit_job_timeout
        must_be_known(self, "wait_for_completion")
        if waiters is not None:
            refuse("BatchOperator: waiters of your own", "leave it out; Step Functions is told when the job ends")

    def request(self) -> dict[str, Any]:
        """SubmitJob's request, once templates are rendered."""
        limit = self.submit_job_timeout
        given = {
            "jobName": self.job_name,
            "jobQueue": self.job_queue,
            "jobDefinition": self.job_definition,
            "arrayProperties": self.array_properties,
            "parameters": self.parameters,
            "tags": self.tags,
            "containerOverrides": self.container_overrides,
            "ecsPropertiesOverride": self.ecs_properties_override,
            "eksPropertiesOverride": self.eks_properties_override,
            "nodeOverrides": self.node_overrides,
            "retryStrategy": self.retry_strategy,
            "shareIdentifier": self.share_identifier,
            "schedulingPriorityOverride": self.scheduling_priority_override,
            "timeout": {"attemptDurationSeconds": limit} if limit else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def execute(self, context: Any) -> str:  # noqa: ARG002
        client = AwsBaseHook(**self._hook_parameters, client_type="batch").get_conn()
        self.job_id = str(client.submit_job(**self.request())["jobId"])
        while self.wait_for_completion or self.deferrable:
            (job,) = client.describe_jobs(jobs=[self.job_id])["jobs"]
            if job["status"] == "SUCCEEDED":
                break
            if job["status"] == "FAILED":
                raise AirflowException(f"AWS Batch job ({self.job_id}) failed: {job.get('statusReason')}")
            time.sleep(self.poll_interval)
        return self.job_id
