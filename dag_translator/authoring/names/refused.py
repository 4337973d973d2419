"""Names that exist in Airflow and have no counterpart here (yet), with what to do instead.

An operator or sensor among them may be imported; making a task of it is the problem, reported at that line.
"""

from __future__ import annotations

_BOTO3 = (
    "call the service with boto3 in a @task, or add apache-airflow-providers-amazon to requirements.txt; the task's "
    "role needs the permission"
)
_DOCKER = "make a task definition of the image and run it on ECS with EcsRunTaskOperator, or with BatchOperator"
_SPARK = "use EmrServerlessStartJobOperator, EmrAddStepsOperator or GlueJobOperator"
_HIVE = "run it with AthenaOperator, or as a step of an EMR cluster (EmrAddStepsOperator)"
_SSH = "add apache-airflow-providers-ssh or apache-airflow-providers-sftp to requirements.txt"
_STUDIO = "run the notebook with SageMakerProcessingOperator, or start its workflow with boto3 in a @task"
_LARGE = ", and give the task a container: together they are larger than Lambda allows"
_DEADLINE = "use dagrun_timeout, or a CloudWatch alarm on the state machine"
_PARTITIONS = "partitioned assets are not translated; use a cron schedule"

# Class or function name → what to do instead. Matched whatever module it is imported from.
BY_NAME: dict[str, str] = {
    "HiveOperator": _HIVE,
    **dict.fromkeys(("SparkSubmitOperator", "SparkSqlOperator", "LivyOperator"), _SPARK),
    **dict.fromkeys(("SSHOperator", "SFTPOperator"), _SSH),
    "MsSqlOperator": "connect with pymssql (add it to requirements.txt) in a @task",
    "DockerSwarmOperator": _DOCKER,
    "GKEPodOperator": "use KubernetesPodOperator, on an EKS cluster that the setting eksCluster names",
    **dict.fromkeys(
        (
            *("SageMakerNotebookOperator", "SageMakerNotebookSensor", "SageMakerUnifiedStudioNotebookOperator"),
            "SageMakerUnifiedStudioNotebookSensor",
        ),
        _STUDIO,
    ),
    **{
        name: f"add apache-airflow-providers-amazon and apache-airflow-providers-{other} to requirements.txt{more}"
        for name, other, more in (
            ("AzureBlobStorageToS3Operator", "microsoft-azure", ""),
            ("GCSToS3Operator", "google", _LARGE),
            ("GlacierToGCSOperator", "google", _LARGE),
            ("GoogleApiToS3Operator", "google", _LARGE),
            ("HiveToDynamoDBOperator", "apache-hive", ""),
        )
    },
    "AwsDuckDBHook": "add duckdb to requirements.txt and connect in a @task; its httpfs extension reads S3",
    "HITLOperator": "a human in the loop needs a wait of its own; use a sensor on where the answer is stored",
    "ApprovalOperator": "a human in the loop needs a wait of its own; use a sensor on where the answer is stored",
    "AssetAccessControl": "who may see or start a DAG is IAM's business",
    **dict.fromkeys(("DeadlineAlert", "DeadlineReference", "AsyncCallback", "SyncCallback"), _DEADLINE),
    **dict.fromkeys(("BaseDeadlineReference", "deadline_reference"), _DEADLINE),
    **dict.fromkeys(
        ("ResumableJobMixin", "NEVER_EXPIRE"), "tasks have no state store; push an XCom, or use a Variable"
    ),
    **dict.fromkeys(
        (
            *("AllowedKeyMapper", "ChainMapper", "FanOutMapper", "FixedKeyMapper", "IdentityMapper", "ProductMapper"),
            *("PartitionMapper", "RollupMapper", "StartOfDayMapper", "StartOfHourMapper", "StartOfMonthMapper"),
            *(
                "StartOfWeekMapper",
                "StartOfQuarterMapper",
                "StartOfYearMapper",
                "HourWindow",
                "DayWindow",
                "WeekWindow",
                "MonthWindow",
            ),
            *("QuarterWindow", "YearWindow", "SegmentWindow", "Window", "WaitForAll", "MinimumCount"),
        ),
        _PARTITIONS,
    ),
    "Session": "there is no metadata database to query",
}

# Those of them that a provider distribution brings: where one is imported from it, the hint names the distribution.
INSTALLABLE = frozenset(
    {
        *("GenericTransfer", "SQLExecuteQueryOperator", "PostgresOperator", "MySqlOperator", "SnowflakeOperator"),
        *("HiveOperator", "SqlSensor", "GKEPodOperator"),
    }
)

# Module prefix → what to do instead, where the name is not listed.
BY_MODULE: tuple[tuple[str, str], ...] = (
    ("airflow.providers.amazon.aws.operators", _BOTO3),
    ("airflow.providers.amazon.aws.sensors", "ask the service with boto3 in @task.sensor"),
    ("airflow.providers.amazon.aws.hooks", 'use AwsBaseHook(client_type="…").get_conn(), or boto3'),
    ("airflow.providers.amazon.aws.transfers", _BOTO3),
    ("airflow.plugins_manager", "put shared code into a module next to the DAG file and import it"),
    ("airflow.utils.db", "there is no metadata database; what the running task needs is in its context (ti, dag_run)"),
    ("airflow.www", "there is no web server"),
    ("airflow.api", "there is no Airflow API; use the airstep command or the AWS API"),
    ("airflow.jobs", "there is no scheduler process"),
    ("airflow.executors", "there are no executors; tasks run in AWS Lambda"),
)

# Misspelled or half-remembered module paths → the right one.
RIGHT_MODULE: dict[str, str] = {
    "airflow.operator": "airflow.operators",
    "airflow.sensor": "airflow.sensors",
    "airflow.hook": "airflow.hooks",
    "airflow.model": "airflow.models",
    "airflow.decorator": "airflow.decorators",
    "airflow.exception": "airflow.exceptions",
    "airflow.util": "airflow.utils",
    "airflow.provider": "airflow.providers",
    "airflow.macro": "airflow.macros",
    "airflow.dataset": "airflow.datasets",
    "airflow.asset": "airflow.sdk",
    "airflow.timetable": "airflow.timetables",
}


def is_operator_name(name: str) -> bool:
    """Whether a name looks like an operator's or a sensor's class."""
    return name.endswith(("Operator", "Sensor", "SensorAsync", "OperatorAsync")) and name[:1].isupper()


def hint_for(module: str, name: str | None = None) -> str | None:
    """What to do instead of a refused name or module, None if neither is known."""
    if name is not None and name in BY_NAME and not (name in INSTALLABLE and module.startswith("airflow.providers.")):
        return BY_NAME[name]
    matches = (hint for prefix, hint in BY_MODULE if module == prefix or module.startswith(prefix + "."))
    found = next(matches, None)
    if found is None:
        from dag_translator.authoring.names import moved

        found = moved.hint_for(module if name is None else f"{module}.{name}")
    if found is None and module.startswith("airflow.providers."):
        from dag_translator.authoring.providers import installed

        return installed.hint_for(module)
    return found
