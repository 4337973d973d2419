"""What can be chosen about a deployment, with defaults, and the names that follow from it.

Every setting is plain CDK context (`cdk.json`, or `-c name=value`). Names of what a person or the command looks for are
fixed, so nothing has to be looked up and no stack exports anything to another:

    table              <prefix>                        stacks             <prefix>-platform, <prefix>-<dag>
    bucket             <prefix>-<account>-<region>     state machine      the manifest's machine_name
    platform functions <prefix>-<part>                 task function      <prefix>-<machine_name>
    backfill machine   <prefix>-backfill              timetable          parameter /<prefix>/dags/<machine_name>
    log groups         /aws/lambda/<function>, /aws/vendedlogs/states/<prefix>-<machine_name>

>>> Settings.read({"prefix": "dev", "architecture": "x86_64"}.get).stack_name("my_dag")
'dev-my-dag'
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from dag_translator.account import Account, HttpConnection
from dag_translator.errors import UsageError
from dag_translator.import_path import PLUGINS, import_folders
from dag_translator.names import machine_name, shorten
from dag_translator.schedule import IntervalSettings
from infra.setting_values import convert

Architecture = Literal["arm64", "x86_64"]

# The event that asks for a backfill.
BACKFILL_SOURCE, BACKFILL_DETAIL_TYPE = "airstep", "BackfillRequested"

_FUNCTION_NAME_LIMIT = 64
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REQUIREMENTS = "requirements.txt"
# The local AWS's containers are processes of this machine: they have no network of their own.
_LOCAL_FARGATE: Mapping[str, Any] = {
    "fargate_cluster": "local",
    "fargate_subnets": ("subnet-local",),
    "fargate_security_groups": ("sg-local",),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one deployment, checked. Fields are called as in `cdk.json`, in snake case.

    prefix: begins the names of everything but state machines, which are called as their manifest says (so two
    environments need two accounts or regions). dags_folder: where the DAG files are. requirements: the DAGs' own pip
    requirements, as a rule in the DAG folder or beside it; None = no such file. without_packages: what is not
    installed, although a requirement asks for it.
    memory: MB of a task function whose manifest names none. log_retention_days: of
    every log group. run_retention_days: a run's records and XComs, 0 for ever. log_level, log_execution_data: what
    Step Functions writes to CloudWatch Logs. alarm_topic: ARN of an SNS topic that alarms go to; without it there are
    neither alarms nor a dashboard, as both are billed at rest. mail_from: whom Airflow's mails come from, an address
    that is verified in SES. skip_refused: leave
    out DAGs that can't be translated. create_cron_data_intervals, create_delta_data_intervals: Airflow's settings
    of these names, whether a plain cron or timedelta makes data intervals (Airflow 2) or not (Airflow 3).
    fargate_cluster, fargate_subnets, fargate_security_groups, fargate_public_ip: where tasks with compute "fargate"
    run: an ECS cluster (name or ARN), and the network of their containers, which have to reach AWS's services.
    docker_role: ARN of the role that the containers of DockerOperator run as; without it they may do nothing on AWS.
    docker_credentials: docker_conn_id → ARN of a secret {"username": …, "password": …} for the images' registry.
    eks_cluster: name of the EKS cluster of KubernetesPodOperator's pods. eks_access_entry: whether each DAG's stack
    lets its machine into the clusters that it names; else somebody else has to.
    docker_architecture: what their images are built for.
    vpc_subnets, vpc_security_groups: where Lambda runs the DAGs' tasks, private subnets that have to reach AWS's
    services too (by a NAT gateway, or VPC endpoints); vpc_dags: ids of the DAGs that this is for, none = for every DAG.
    s3_event_buckets: names of S3 buckets that send all their events to EventBridge; sensors on them are woken by these.
    (Each new object calls a small Lambda: $0.20 a million.)
    http_connections: conn_id → {"connection": ARN of an EventBridge connection, "url": of the server}; Step Functions
    makes these requests, with the credentials that EventBridge keeps.
    environment: variables that the DAG files find in `os.environ`, here and in Lambda.
    task_permissions: what the DAGs' own Python may do besides, as dag_id ("*" =
    every DAG) → [{"actions": [...], "resources": [...]}].
    """

    target: Literal["aws", "local"] = "aws"
    prefix: str = "airstep"
    dags_folder: Path = Path("dags")
    requirements: Path | None = None
    without_packages: tuple[str, ...] = ()
    architecture: Architecture = "arm64"
    python_version: str = "3.13"
    memory: int = 512
    log_retention_days: int = 30
    run_retention_days: int = 90
    log_level: Literal["OFF", "ERROR", "ALL"] = "ERROR"
    log_execution_data: bool = False
    alarm_topic: str | None = None
    mail_from: str | None = None
    skip_refused: bool = False
    create_cron_data_intervals: bool = True
    create_delta_data_intervals: bool = True
    fargate_cluster: str | None = None
    fargate_subnets: tuple[str, ...] = ()
    fargate_security_groups: tuple[str, ...] = ()
    fargate_public_ip: bool = False
    docker_role: str | None = None
    docker_credentials: Mapping[str, str] = field(default_factory=dict)
    eks_cluster: str | None = None
    eks_access_entry: bool = True
    docker_architecture: Architecture = "x86_64"
    vpc_subnets: tuple[str, ...] = ()
    vpc_security_groups: tuple[str, ...] = ()
    vpc_dags: tuple[str, ...] = ()
    s3_event_buckets: tuple[str, ...] = ()
    http_connections: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    task_permissions: Mapping[str, Any] = field(default_factory=dict)
    cache_folder: Path = Path(".airstep/cache")

    @classmethod
    def read(cls, context: Callable[[str], Any]) -> Settings:
        """Read the settings from `context(name)`, which answers None for what is not set.

        Raises UsageError naming every setting that does not fit, and what would.
        """
        mistakes: list[str] = []
        given = {}
        for each in fields(cls):
            name = _camel(each.name)
            value = context(name)
            if value in (None, ""):
                continue
            try:
                given[each.name] = convert(name, value, each.default)
            except ValueError as error:
                mistakes.append(f"setting {name}: {error}")
        if mistakes:
            raise UsageError("\n".join(mistakes) + "\n    → settings are in cdk.json under `context`, or -c name=value")
        return cls(**given)._completed("requirements" in given)

    def _completed(self, requirements_given: bool) -> Settings:
        """Fill in what depends on other settings or on this machine."""
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", self.prefix):
            raise UsageError(f"setting prefix: {self.prefix!r} must be 1-20 of a-z, 0-9 and -, and begin with a letter")
        if self.prefix.startswith(("aws", "ssm")):
            raise UsageError(f"setting prefix: {self.prefix!r} begins with aws or ssm, which Parameter Store keeps")
        if odd := [name for name in self.s3_event_buckets if not _BUCKET.fullmatch(name)]:
            raise UsageError(f"setting s3EventBuckets: {odd[0]!r} is not the name of a bucket")
        if bool(self.vpc_subnets) != bool(self.vpc_security_groups):
            raise UsageError("settings vpcSubnets, vpcSecurityGroups: one is set, Lambda needs both")
        if self.vpc_dags and not self.vpc_subnets:
            raise UsageError("setting vpcDags: needs vpcSubnets and vpcSecurityGroups")
        if self.requirements is not None and not self.requirements.exists() and requirements_given:
            raise UsageError(f"setting requirements: there is no file {self.requirements}")
        done = replace(self, requirements=self.requirements or requirements_beside(self.dags_folder))
        if self.target == "local":  # its Lambda workers run on this machine's Python
            machine: Architecture = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            done = replace(done, architecture=machine, python_version=version)
            done = replace(done, **{name: getattr(done, name) or usual for name, usual in _LOCAL_FARGATE.items()})
        return done

    def is_in_vpc(self, dag_id: str) -> bool:
        """Whether Lambda runs the DAG's tasks in the VPC."""
        return bool(self.vpc_subnets) and (not self.vpc_dags or dag_id in self.vpc_dags)

    # -- names ------------------------------------------------------------------------------------------------------

    @property
    def intervals(self) -> IntervalSettings:
        return IntervalSettings(self.create_cron_data_intervals, self.create_delta_data_intervals)

    @property
    def account(self) -> Account:
        given = self.http_connections.items()
        connections = {conn_id: HttpConnection(each["connection"], each["url"]) for conn_id, each in given}
        return Account(self.s3_event_buckets, connections)

    @property
    def platform_stack(self) -> str:
        return f"{self.prefix}-platform"

    @property
    def table(self) -> str:
        return self.prefix

    def function(self, part: str) -> str:
        """Name of the function `part`: "signal", "dispatcher", "run-ended", "backfill", or a DAG's machine_name."""
        return shorten(f"{self.prefix}-{part}", _FUNCTION_NAME_LIMIT)

    def task_function(self, machine: str, placeholder: str) -> str:
        """Name of the function that a definition's placeholder stands for.

        >>> Settings().task_function("etl", "TaskFunction"), Settings().task_function("etl", "TaskFunction3008MB")
        ('airstep-etl', 'airstep-etl-3008MB')
        """
        size = placeholder.removeprefix("TaskFunction")
        return self.function(f"{machine}-{size}" if size else machine)

    def bucket(self, account: str, region: str) -> str:
        return f"{self.prefix}-{account}-{region}"

    def parameter(self, name: str) -> str:
        """SSM parameter through which the platform stack tells DAG stacks what each deployment changes."""
        return f"/{self.prefix}/platform/{name}"

    def dag_parameter(self, machine: str) -> str:
        """SSM parameter that holds a DAG's timetable, for the backfill function."""
        return f"/{self.prefix}/dags/{machine}"

    @property
    def asset_parameters(self) -> str:
        """Where the SSM parameters are that list the assets of DAGs."""
        return f"/{self.prefix}/assets/"

    @property
    def asset_rules(self) -> str:
        """With what the names of the rules on assets begin."""
        return f"{self.prefix}-asset-"

    @property
    def dead_letters(self) -> str:
        """The queue for events that could not be delivered, or not be handled."""
        return f"{self.prefix}-dead-letters"

    @property
    def backfill_machine(self) -> str:
        return f"{self.prefix}-backfill"

    def stack_name(self, dag_id: str, others: Iterable[str] = ()) -> str:
        """The stack of a DAG. A name that `others`, or the platform, have already keeps its beginning and gets a hash.

        >>> Settings().stack_name("a-b", others=["a_b"])
        'airstep-a-b-d44362d6'
        """
        name = f"{self.prefix}-{_plain(dag_id)}"
        rivals = [other for other in others if other != dag_id and _plain(other) == _plain(dag_id)]
        taken = any(("-" in other, other) < ("-" in dag_id, dag_id) for other in rivals)
        return f"{name}-{_hash(dag_id)}" if taken or name == self.platform_stack else name


def requirements_beside(dags_folder: Path) -> Path | None:
    """The requirements of a DAG folder: its own file, else the project's around it, as Astro and MWAA have it."""
    folders = (folder for folder in import_folders(dags_folder) if folder.name != PLUGINS)
    return next((file for folder in folders if (file := folder / _REQUIREMENTS).is_file()), None)


def read_settings(more: Mapping[str, Any] | None = None) -> Settings:
    """The project's settings: `cdk.json`'s context in the current folder, and what is given here."""
    file = Path("cdk.json")
    context = json.loads(file.read_text()).get("context", {}) if file.exists() else {}
    return Settings.read({**context, **(more or {})}.get)


def _plain(dag_id: str) -> str:
    """A stack's name has letters, digits and dashes only."""
    return machine_name(dag_id).replace("_", "-")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
