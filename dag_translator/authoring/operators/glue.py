"""GlueJobOperator: a run of a Glue job.

Step Functions runs it natively, once a Lambda has made the job, where the operator says what of; `execute` is for
subclasses: it starts the job and asks for its state.
"""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.glue import GlueJobHook
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields

# Arguments that say what the job is made of; without any of them it exists.
MAKING = (
    *("script_location", "create_job_kwargs", "update_config", "num_of_dpus", "retry_limit", "s3_bucket"),
    *("iam_role_name", "iam_role_arn", "replace_script_file"),
)
SCRIPTS = "artifacts/glue-scripts/"


class GlueJobOperator(AwsBaseOperator):
    """Runs the Glue job `job_name`; the XCom is the run's id. (Airflow 1, 2: AwsGlueJobOperator.)

    script_args are the run's arguments, run_job_kwargs more of StartJobRun's. A job that does not exist is made of
    script_location (on S3, or a file beside the DAG file, which goes to s3_bucket), iam_role_name or iam_role_arn,
    num_of_dpus, retry_limit and create_job_kwargs; with update_config one that exists becomes so. The intervals have no
    effect on Step Functions, which is told when the run ends.
    """

    template_fields: Any = aws_template_fields(
        *("job_name", "script_location", "script_args", "create_job_kwargs", "run_job_kwargs", "s3_bucket"),
        *("iam_role_name", "iam_role_arn"),
    )
    template_fields_renderers: Any = {  # noqa: RUF012
        "script_args": "json",
        "create_job_kwargs": "json",
        "run_job_kwargs": "json",
    }
    ui_color = "#ededed"
    aws_hook_class: Any = GlueJobHook

    def __init__(
        self,
        *,
        job_name: str = "aws_glue_default_job",
        job_desc: str = "AWS Glue Job with Airflow",
        script_location: str | None = None,
        concurrent_run_limit: int | None = None,
        script_args: dict[str, Any] | None = None,
        retry_limit: int = 0,
        num_of_dpus: float | None = None,
        s3_bucket: str | None = None,
        iam_role_name: str | None = None,
        iam_role_arn: str | None = None,
        create_job_kwargs: dict[str, Any] | None = None,
        run_job_kwargs: dict[str, Any] | None = None,
        wait_for_completion: bool = True,
        deferrable: bool = False,
        verbose: bool = False,
        replace_script_file: bool = False,
        update_config: bool = False,
        stop_job_run_on_kill: bool = False,
        sleep_before_return: int = 0,
        job_poll_interval: float = 6,
        waiter_delay: int = 60,
        waiter_max_attempts: int = 75,
        resume_glue_job_on_retry: bool | None = None,
        durable: bool | None = None,
        openlineage_inject_parent_job_info: bool = False,
        openlineage_inject_transport_info: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.job_desc = job_desc
        self.script_location = script_location
        self.concurrent_run_limit = concurrent_run_limit or 1
        self.script_args = script_args or {}
        self.retry_limit = retry_limit
        self.num_of_dpus = num_of_dpus
        self.s3_bucket = s3_bucket
        self.iam_role_name = iam_role_name
        self.iam_role_arn = iam_role_arn
        self.create_job_kwargs = create_job_kwargs
        self.run_job_kwargs = run_job_kwargs or {}
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.verbose = verbose
        self.replace_script_file = replace_script_file
        self.update_config = update_config
        self.stop_job_run_on_kill = stop_job_run_on_kill
        self.sleep_before_return = sleep_before_return
        self.job_poll_interval = job_poll_interval
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        self.durable = durable if durable is not None else resume_glue_job_on_retry
        self.openlineage_inject_parent_job_info = openlineage_inject_parent_job_info
        self.openlineage_inject_transport_info = openlineage_inject_transport_info

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {
            **super()._hook_parameters,
            "job_name": self.job_name,
            "desc": self.job_desc,
            "concurrent_run_limit": self.concurrent_run_limit,
            "script_location": self._script_on_s3(),
            "retry_limit": self.retry_limit,
            "num_of_dpus": self.num_of_dpus,
            "s3_bucket": self.s3_bucket,
            "iam_role_name": self.iam_role_name,
            "iam_role_arn": self.iam_role_arn,
            "create_job_kwargs": self.create_job_kwargs,
            "update_config": self.update_config,
        }

    def _script_on_s3(self) -> str | None:
        if not self.is_local(self.script_location):
            return self.script_location
        return f"s3://{self.s3_bucket}/{SCRIPTS}{PurePosixPath(str(self.script_location)).name}"

    @staticmethod
    def is_local(script: Any) -> bool:
        """Whether a script is a file beside the DAG file."""
        return bool(script) and not str(script).startswith("s3://")

    def make_job(self) -> None:
        """Make the job, or change it, if the operator says what of. Doing it again changes nothing."""
        if not any(getattr(self, name) for name in MAKING):
            return
        if self.is_local(self.script_location):
            key = SCRIPTS + PurePosixPath(str(self.script_location)).name
            bucket = S3Hook(self.aws_conn_id)
            # What an earlier try has brought there stays; Airflow's next try would fail over it.
            if self.replace_script_file or not bucket.check_for_key(key, self.s3_bucket):
                bucket.load_file(str(self.script_location), key, self.s3_bucket, replace=self.replace_script_file)
        if self.update_config:
            self.hook.create_or_update_glue_job()
        else:
            self.hook.get_or_create_glue_job()

    def request(self) -> dict[str, Any]:
        """StartJobRun's request, once templates are rendered."""
        return {"JobName": self.job_name, "Arguments": self.script_args, **self.run_job_kwargs}

    def execute(self, context: Any) -> str:
        self.make_job()
        client = self.hook.conn
        run_id = str(client.start_job_run(**self.request())["JobRunId"])
        context["ti"].xcom_push(key="glue_job_run_id", value=run_id)
        while self.wait_for_completion or self.deferrable:
            state = client.get_job_run(JobName=self.job_name, RunId=run_id)["JobRun"]["JobRunState"]
            if state == "SUCCEEDED":
                time.sleep(self.sleep_before_return)
                break
            if state in ("FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"):
                raise AirflowException(f"Exiting Job {run_id} Run State: {state}")
            time.sleep(self.job_poll_interval)
        return run_id
