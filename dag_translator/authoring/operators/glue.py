"""GlueJobOperator: a run of a Glue job.

Step Functions runs it natively; `execute` is for subclasses: it starts the job and asks for its state.
"""

from __future__ import annotations

import time
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields, refuse


class GlueJobOperator(AwsBaseOperator):
    """Runs the Glue job `job_name`, which exists; the XCom is the run's id. (Airflow 1, 2: AwsGlueJobOperator.)

    script_args are the run's arguments, run_job_kwargs more of StartJobRun's. What would make or change the job is
    refused. deferrable, verbose and the intervals have no effect on Step Functions, which is told when the run ends.
    """

    template_fields: Any = aws_template_fields("job_name", "script_args", "run_job_kwargs")
    template_fields_renderers: Any = {"script_args": "json", "run_job_kwargs": "json"}  # noqa: RUF012
    ui_color = "#ededed"

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.job_desc = job_desc
        self.concurrent_run_limit = concurrent_run_limit or 1
        self.script_args = script_args or {}
        self.run_job_kwargs = run_job_kwargs or {}
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.verbose = verbose
        self.stop_job_run_on_kill = stop_job_run_on_kill
        self.sleep_before_return = sleep_before_return
        self.job_poll_interval = job_poll_interval
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        making = {
            "script_location": script_location,
            "create_job_kwargs": create_job_kwargs,
            "update_config": update_config,
            "replace_script_file": replace_script_file,
            "num_of_dpus": num_of_dpus,
            "retry_limit": retry_limit,
            "s3_bucket": s3_bucket,
            "iam_role_name": iam_role_name,
            "iam_role_arn": iam_role_arn,
        }
        for name, value in making.items():
            if value:
                hint = "make the Glue job with CDK, CloudFormation or Terraform, and name it in job_name"
                refuse(f"GlueJobOperator: {name}, which makes or changes the job,", hint)

    def request(self) -> dict[str, Any]:
        """StartJobRun's request, once templates are rendered."""
        return {"JobName": self.job_name, "Arguments": self.script_args, **self.run_job_kwargs}

    def execute(self, context: Any) -> str:
        client = AwsBaseHook(**self._hook_parameters, client_type="glue").get_conn()
        run_id = str(client.start_job_run(**self.request())["JobRunId"])
        context["ti"].xcom_push(key="glue_job_run_id", value=run_id)
        while self.wait_for_completion or self.deferrable:
            state = client.get_job_run(JobName=self.job_name, RunId=run_id)["JobRun"]["JobRunState"]
            if state == "SUCCEEDED":
                break
            if state in ("FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"):
                raise AirflowException(f"Exiting Job {run_id} Run State: {state}")
            time.sleep(self.job_poll_interval)
        return run_id
