"""Families of names: each maps a name that DAG files import to "module:attribute" in this package."""

from __future__ import annotations


def names_of(module: str, *names: str, **renamed: str) -> dict[str, str]:
    """Names that live in one module; renamed: Airflow's name → ours."""
    return {name: f"{module}:{name}" for name in names} | {
        name: f"{module}:{attribute}" for name, attribute in renamed.items()
    }


_from = names_of  # short, as the tables are long

DAG = _from("definitions.dag", "DAG", Dag="DAG")
DAG_DECORATOR = _from("definitions.dag", "dag")
BASE_OPERATOR = _from("definitions.baseoperator", "BaseOperator")
ASYNC_OPERATOR = _from("definitions.baseoperator", "BaseAsyncOperator")
MAPPED = _from("definitions.mapped", "MappedOperator", "OperatorPartial")
TASK_GROUP = _from("definitions.taskgroup", "TaskGroup", "MappedTaskGroup")
EDGES = _from("definitions.edges", "chain", "chain_linear", "cross_downstream")
LABELS = _from("definitions.edges", "Label", "EdgeModifier")
PARAMS = _from("definitions.param", "Param", "ParamsDict", "DagParam")
XCOM_ARG = _from("definitions.xcom_arg", "XComArg", "PlainXComArg", "MapXComArg", "ZipXComArg")
DECORATORS = (
    _from("definitions.task_decorators", "task", "setup", "teardown", "result", "context_wrapper")
    | _from("definitions.group_decorator", "task_group")
    | DAG_DECORATOR
)
SETUP_TEARDOWN = _from("definitions.task_decorators", "context_wrapper", setup_task="setup", teardown_task="teardown")
CONDITIONS = _from("definitions.conditions", "run_if", "skip_if")
APPLY_DEFAULTS = _from("definitions.task_decorators", "apply_defaults")
CONTEXT = _from("runtime", "get_current_context", "get_parsing_context") | {"Context": "models.context:Context"}

PYTHON = _from("operators.python", "PythonOperator", "BranchPythonOperator", "ShortCircuitOperator") | _from(
    "operators.virtualenv",
    "PythonVirtualenvOperator",
    "ExternalPythonOperator",
    "BranchPythonVirtualenvOperator",
    "BranchExternalPythonOperator",
)
BASH = _from("operators.bash", "BashOperator")
SLACK = _from("operators.slack", "SlackAPIOperator", "SlackAPIPostOperator", "SlackWebhookOperator")
SLACK_HOOK = _from("hooks.slack", "SlackHook", "SlackWebhookHook")
SUBDAG = _from("operators.subdag", "SubDagOperator", "SkippedStatePropagationOptions")
EMPTY = _from("operators.empty", "EmptyOperator")
DUMMY = _from("operators.empty", "DummyOperator", "EmptyOperator")
BRANCH = _from("operators.skipmixin", "BaseBranchOperator")
SKIP = _from("operators.skipmixin", "SkipMixin", "BranchMixIn")
LATEST_ONLY = _from("operators.latest_only", "LatestOnlyOperator")
WEEKDAY_BRANCH = _from("operators.dates", "BranchDayOfWeekOperator")
DATETIME_BRANCH = _from("operators.dates", "BranchDateTimeOperator")
TRIGGER_DAG_RUN = _from("operators.trigger_dagrun", "TriggerDagRunOperator")
S3 = _from(
    "operators.s3",
    "S3CreateBucketOperator", "S3DeleteBucketOperator", "S3CreateObjectOperator", "S3CopyObjectOperator",
    "S3DeleteObjectsOperator", "S3ListOperator",
)  # fmt: skip
S3_SENSOR = _from("sensors.s3", "S3KeySensor") | _from("sensors.s3_listing", "S3KeysUnchangedSensor", "S3PrefixSensor")
SQS_SENSOR = _from("sensors.sqs", "SqsSensor", SQSSensor="SqsSensor")
DYNAMODB_SENSOR = _from("sensors.dynamodb", "DynamoDBValueSensor")
SUBPROCESS_HOOK = _from("hooks.processes", "SubprocessHook", "SubprocessResult")
FS_HOOK = _from("hooks.processes", "FSHook")
FILE_SENSOR = _from("sensors.filesystem", "FileSensor")
LAMBDA = _from(
    "operators.lambda_function",
    "LambdaInvokeFunctionOperator",
    AwsLambdaInvokeFunctionOperator="LambdaInvokeFunctionOperator",
)
SNS = _from("operators.messaging", "SnsPublishOperator")
SQS = _from("operators.messaging", "SqsPublishOperator", SQSPublishOperator="SqsPublishOperator")
EVENTBRIDGE = _from("operators.messaging", "EventBridgePutEventsOperator")
STEP_FUNCTION = _from("operators.step_function", "StepFunctionStartExecutionOperator") | _from(
    "operators.step_function_output", "StepFunctionGetExecutionOutputOperator"
)
LAMBDA_HOOK = _from("hooks.services", "LambdaHook", AwsLambdaHook="LambdaHook")
EVENTBRIDGE_HOOK = _from("hooks.clients", "EventBridgeHook")
STEP_FUNCTION_HOOK = _from("hooks.services", "StepFunctionHook")
GLUE = _from(
    "operators.glue", "GlueJobOperator", AwsGlueJobOperator="GlueJobOperator", AWSGlueJobOperator="GlueJobOperator"
)
DOCKER = _from("operators.docker", "DockerOperator")
KUBERNETES = _from("operators.kubernetes", "KubernetesPodOperator")
POD_MANAGER = _from("pods.job", "OnFinishAction")
KUBERNETES_SECRET = _from("pods.secret", "Secret")
ECS = _from("operators.ecs", "EcsRunTaskOperator", ECSOperator="EcsRunTaskOperator", EcsOperator="EcsRunTaskOperator")
BATCH = _from("operators.batch", "BatchOperator", AwsBatchOperator="BatchOperator", AWSBatchOperator="BatchOperator")
HTTP = _from("operators.http", "HttpOperator", SimpleHttpOperator="HttpOperator")
HTTP_SENSOR = _from("sensors.http", "HttpSensor")
HTTP_HOOK = _from("hooks.http", "HttpHook")
AWS_OPERATOR = _from("operators.aws", "AwsBaseOperator")
AWS_SENSOR = _from("sensors.aws", "AwsBaseSensor")
ATHENA = _from("operators.athena", "AthenaOperator", AWSAthenaOperator="AthenaOperator")
ATHENA_SENSOR = _from("sensors.athena", "AthenaSensor")
ATHENA_HOOK = _from("hooks.athena", "AthenaHook", AWSAthenaHook="AthenaHook")
AWS_HOOK = _from("hooks.aws", "AwsBaseHook", "AwsGenericHook", AwsHook="AwsBaseHook")
S3_HOOK = _from("hooks.s3", "S3Hook")
SQS_HOOK = _from("hooks.aws", "SqsHook", "SnsHook", "StsHook")

BASE_SENSOR = _from("sensors.base", "BaseSensorOperator", "PokeReturnValue", "poke_mode_only")
PYTHON_SENSOR = _from("sensors.python", "PythonSensor")
EXTERNAL_TASK = _from("sensors.external_task", "ExternalTaskSensor", "ExternalTaskMarker")
EXTERNAL_TASK_ERRORS = _from(
    "exceptions",
    "AirflowExternalTaskSensorException", "ExternalDagNotFoundError", "ExternalTaskNotFoundError",
    "ExternalTaskFailedError", "ExternalTaskGroupFailedError", "ExternalDagFailedError", "DuplicateStateError",
)  # fmt: skip
BASH_SENSOR = _from("sensors.bash", "BashSensor")
DATE_SENSOR = _from("sensors.dates", "DateTimeSensor", "DateTimeSensorAsync")
TIME_SENSOR = _from("sensors.dates", "TimeSensor", "TimeSensorAsync")
DELTA_SENSOR = _from("sensors.dates", "TimeDeltaSensor", "TimeDeltaSensorAsync", "WaitSensor")
WEEKDAY_SENSOR = _from("sensors.dates", "DayOfWeekSensor")
TEMPORAL_TRIGGERS = _from("models.triggers", "DateTimeTrigger", "TimeDeltaTrigger")
BASE_TRIGGERS = _from("models.triggers", "BaseTrigger", "TriggerEvent", "StartTriggerArgs")

VARIABLE = _from("models.variable", "Variable")
CONNECTION = _from("models.connection", "Connection")
BASE_HOOK = _from("hooks.base", "BaseHook")
RETRY_POLICY = _from(
    "definitions.retry_policy", "ExceptionRetryPolicy", "RetryAction", "RetryDecision", "RetryPolicy", "RetryRule"
)
NOTIFIER = _from("models.notifier", "BaseNotifier")
SMTP_NOTIFIER = _from("notifications.smtp", "SmtpNotifier", "send_smtp_notification")
SNS_NOTIFIER = _from("notifications.aws", "SnsNotifier", "send_sns_notification")
SQS_NOTIFIER = _from("notifications.aws", "SqsNotifier", "send_sqs_notification")
SES_NOTIFIER = _from("notifications.aws", "SesNotifier", "send_ses_notification")
CHIME_NOTIFIER = _from("notifications.aws", "ChimeNotifier", "send_chime_notification")
SLACK_NOTIFIER = _from("notifications.slack", "SlackNotifier", "send_slack_notification")
SLACK_WEBHOOK_NOTIFIER = _from("notifications.slack", "SlackWebhookNotifier", "send_slack_webhook_notification")
EMAIL = _from("operators.email", "EmailOperator")
EMAIL_UTILS = _from("utils.email", "send_email", "send_email_smtp", "build_mime_message", "get_email_address_list")
SMTP_HOOK = _from("hooks.smtp", "SmtpHook")
SES_HOOK = _from("hooks.smtp", "SesHook")
ASSETS = _from(
    "models.assets",
    "Asset", "AssetAlias", "AssetAll", "AssetAny", "AssetWatcher", "Metadata", "Dataset", "Model",
    "AssetRef", "AssetNameRef", "AssetUriRef", "BaseAsset",
    DatasetAlias="AssetAlias", DatasetAll="AssetAll", DatasetAny="AssetAny",
)  # fmt: skip
TYPING_ONLY = _from(
    "models.typing_only",
    "TaskInstance",
    "DagRun",
    "XCom",
    "DagModel",
    "DagBag",
    "Log",
    "Pool",
    "SlaMiss",
    "TaskReschedule",
)

LITERAL = _from("definitions.literal", "literal", "LiteralValue")
STATES = _from("states", "State", "TaskInstanceState", "DagRunState")
TRIGGER_RULE = _from("states", "TriggerRule")
WEIGHT_RULE = _from("states", "WeightRule")
WEEKDAY = _from("states", "WeekDay")
RUN_TYPE = _from("states", "DagRunType")
NOT_SET = _from("types", "NOTSET", "ArgNotSet")
EXCEPTIONS = _from(
    "exceptions",
    "AirflowException", "AirflowSkipException", "AirflowFailException", "AirflowSensorTimeout",
    "AirflowRescheduleException", "AirflowNotFoundException", "AirflowBadRequest", "AirflowConfigException",
    "AirflowTimetableInvalid", "AirflowDagCycleException", "AirflowDagDuplicatedIdException",
    "AirflowClusterPolicyViolation", "AirflowOptionalProviderFeatureException", "AirflowProviderDeprecationWarning",
    "RemovedInAirflow3Warning", "RemovedInAirflow4Warning", "AirflowTaskTimeout", "AirflowTaskTerminated",
    "TaskDeferred", "TaskDeferralError", "TaskDeferralTimeout", "DownstreamTasksSkipped", "DuplicateTaskIdFound",
    "TaskAlreadyInTaskGroup", "TaskNotFound", "NodeNotFound", "DagNotFound", "DagRunNotFound", "DagRunAlreadyExists",
    "TaskInstanceNotFound", "PoolNotFound", "ConnectionNotUnique", "ParamValidationError", "XComNotFound",
    "XComForMappingNotPushed", "UnmappableXComTypePushed", "FailFastDagInvalidTriggerRule", "AirflowRuntimeError",
    FailStopDagInvalidTriggerRule="FailFastDagInvalidTriggerRule",
)  # fmt: skip

# The module's own imports, which DAG files take from it.
DATES = _from("utils.dates", "days_ago", "round_time", "date_range", "parse_execution_date", "datetime", "timedelta")
TIMEZONE = _from(
    "utils.timezone",
    "utc", "TIMEZONE", "utcnow", "utc_epoch", "datetime", "parse", "make_aware", "make_naive",
    "is_localized", "is_naive", "convert_to_utc", "coerce_datetime", "parse_timezone", "local_timezone",
    "from_timestamp", "initialize",
)  # fmt: skip
HELPERS = _from(
    "utils.helpers",
    *("chunks", "partition", "merge_dicts", "prune_dict", "exactly_one", "at_most_one", "is_container"),
    "as_flattened_list",
)
MACROS = _from(
    "utils.macros",
    "ds_add", "ds_format", "ds_format_locale", "datetime_diff_for_humans", "random",
    "dateutil", "datetime", "time", "timedelta", "json", "uuid", "yaml",
)  # fmt: skip
LOGGING = _from("utils.logs", "LoggingMixin")
CONF = _from("configuration", "conf")
SETTINGS = _from("configuration", "TIMEZONE", "DAGS_FOLDER", "AIRFLOW_HOME")

ASSET_DECORATOR = _from("models.asset_decorators", "asset")
TIMETABLE_BASE = _from("timetables", "Timetable", "DataInterval", "DagRunInfo", "TimeRestriction", "BaseTimetable")
TIMETABLE_INTERVAL = _from("timetables", "CronDataIntervalTimetable", "DeltaDataIntervalTimetable")
TIMETABLE_TRIGGER = _from(
    "timetables",
    "CronTriggerTimetable",
    "DeltaTriggerTimetable",
    "MultipleCronTriggerTimetable",
    "CronPartitionTimetable",
)
TIMETABLE_SIMPLE = _from(
    "timetables",
    "NullTimetable",
    "OnceTimetable",
    "ContinuousTimetable",
    "PartitionedAssetTimetable",
    "PartitionedAtRuntime",
)
TIMETABLE_EVENTS = _from("timetables", "EventsTimetable")
TIMETABLE_ASSETS = _from(
    "timetables", "AssetOrTimeSchedule", "AssetTriggeredTimetable", DatasetOrTimeSchedule="AssetOrTimeSchedule"
)
