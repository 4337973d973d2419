"""GlueJobHook: make a Glue job or change it, start its runs, ask for their state."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.hooks.aws import AwsBaseHook

_DPUS = 10  # of a job that says nothing of its size
_LOGS = "logs/glue-logs/"


class GlueJobHook(AwsBaseHook):
    """AWS Glue's jobs. desc, script_location, … iam_role_arn: of the job that is made; create_job_kwargs: more of
    CreateJob's arguments. update_config: a job that exists becomes what these say."""

    service = "glue"

    def __init__(
        self,
        s3_bucket: str | None = None,
        job_name: str | None = None,
        desc: str | None = None,
        concurrent_run_limit: int = 1,
        script_location: str | None = None,
        retry_limit: int = 0,
        num_of_dpus: float | None = None,
        iam_role_name: str | None = None,
        iam_role_arn: str | None = None,
        create_job_kwargs: dict[str, Any] | None = None,
        update_config: bool = False,
        job_poll_interval: float = 6,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.s3_bucket = s3_bucket
        self.job_name = job_name
        self.desc = desc
        self.concurrent_run_limit = concurrent_run_limit
        self.script_location = script_location
        self.retry_limit = retry_limit
        self.num_of_dpus = num_of_dpus
        self.role_name = iam_role_name
        self.role_arn = iam_role_arn
        self.create_job_kwargs = create_job_kwargs or {}
        self.update_config = update_config
        self.job_poll_interval = job_poll_interval
        self._check()

    def _check(self) -> None:
        workers = [name for name in ("WorkerType", "NumberOfWorkers") if name in self.create_job_kwargs]
        if self.role_arn and self.role_name:
            raise ValueError("Cannot set iam_role_arn and iam_role_name simultaneously")
        if len(workers) == 1:
            raise ValueError("WorkerType and NumberOfWorkers need each other")
        if workers and self.num_of_dpus is not None:
            raise ValueError("Cannot specify num_of_dpus with custom WorkerType")

    def create_glue_job_config(self) -> dict[str, Any]:
        """CreateJob's request."""
        config = {
            "Name": self.job_name,
            "Description": self.desc,
            "Role": self.role_arn or self._role(),
            "ExecutionProperty": {"MaxConcurrentRuns": self.concurrent_run_limit},
            "Command": {"Name": "glueetl", "ScriptLocation": self.script_location},
            "MaxRetries": self.retry_limit,
            **self.create_job_kwargs,
        }
        if "WorkerType" not in config:
            config["MaxCapacity"] = _DPUS if self.num_of_dpus is None else self.num_of_dpus
        if self.s3_bucket is not None:
            config["LogUri"] = f"s3://{self.s3_bucket}/{_LOGS}{self.job_name}"
        return config

    def _role(self) -> str:
        return str(self.get_client_type(client_type="iam").get_role(RoleName=self.role_name)["Role"]["Arn"])

    def has_job(self, job_name: str) -> bool:
        try:
            self.conn.get_job(JobName=job_name)
        except self.conn.exceptions.EntityNotFoundException:
            return False
        return True

    def get_or_create_glue_job(self) -> Any:
        """The job's name."""
        if self.job_name is None:
            raise ValueError("job_name must be set to get or create a Glue job")
        if not self.has_job(self.job_name):
            self.conn.create_job(**self.create_glue_job_config())
        return self.job_name

    def create_or_update_glue_job(self) -> Any:
        """The job's name."""
        if self.job_name is None:
            raise ValueError("job_name must be set to create or update a Glue job")
        config = self.create_glue_job_config()
        if self.has_job(self.job_name):
            self.update_job(**config)
        else:
            self.conn.create_job(**config)
        return self.job_name

    def update_job(self, **job_kwargs: Any) -> bool:
        """Whether there was something to change. job_kwargs: CreateJob's request."""
        name = job_kwargs.pop("Name")
        changed = self.update_tags(name, job_kwargs.pop("Tags")) if "Tags" in job_kwargs else False
        now = self.conn.get_job(JobName=name)["Job"]
        if any(now.get(key) != value for key, value in job_kwargs.items()):
            self.conn.update_job(JobName=name, JobUpdate=job_kwargs)
            return True
        return changed

    def update_tags(self, job_name: str, job_tags: dict[str, str]) -> bool:
        """Whether there was something to change. job_tags: all that the job is to have."""
        arn = f"arn:{self.conn_partition}:glue:{self.conn.meta.region_name}:{self.account_id}:job/{job_name}"
        now = self.conn.get_tags(ResourceArn=arn)["Tags"]
        added = {key: value for key, value in job_tags.items() if now.get(key) != value}
        removed = [key for key in now if key not in job_tags]
        if added:
            self.conn.tag_resource(ResourceArn=arn, TagsToAdd=added)
        if removed:
            self.conn.untag_resource(ResourceArn=arn, TagsToRemove=removed)
        return bool(added or removed)

    def initialize_job(
        self, script_arguments: dict[str, Any] | None = None, run_kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Make the job if need be, and start a run: StartJobRun's answer."""
        name = self.create_or_update_glue_job() if self.update_config else self.get_or_create_glue_job()
        return self.conn.start_job_run(JobName=name, Arguments=script_arguments or {}, **(run_kwargs or {}))

    def get_job_state(self, job_name: str, run_id: str) -> str:
        run = self.conn.get_job_run(JobName=job_name, RunId=run_id, PredecessorsIncluded=True)
        return str(run["JobRun"]["JobRunState"])
