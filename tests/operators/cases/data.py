"""Comprehend, Managed Flink, MWAA, AppFlow, DataSync, S3 buckets, Athena for Spark, EMR Serverless sessions."""

from __future__ import annotations

from typing import Any

from tests.operators.cases import NO, Case, once, sensor, states, waits

PII = (
    'input_data_config={"S3Uri": "s3://b/i"}, output_data_config={"S3Uri": "s3://b/o"}, mode="ONLY_REDACTION", '
    'data_access_role_arn="arn:aws:iam::123456789012:role/r", language_code="en"'
)
CLASSIFIER = (
    'document_classifier_name="c", input_data_config={"S3Uri": "s3://b/i"}, mode="MULTI_CLASS", '
    'data_access_role_arn="arn:aws:iam::123456789012:role/r", language_code="en"'
)
MADE = {"ApplicationDetail": {"ApplicationARN": "arn:a"}}
FLINK = 'application_name="a"'
APPLICATION = f'{FLINK}, runtime_environment="FLINK-1_18", service_execution_role="arn:r"'
RUNS = {"RestApiStatusCode": 200, "RestApiResponse": {"dag_run_id": "r", "state": "queued"}}
MWAA = 'external_env_name="e", external_dag_id="d"'
FLOW: dict[str, Any] = {
    "flowName": "f",
    "sourceFlowConfig": {"connectorType": "Salesforce", "sourceConnectorProperties": {}},
    "destinationFlowConfigList": [],
    "triggerConfig": {"triggerType": "OnDemand", "triggerProperties": {}},
    "tasks": [
        {"taskType": "Filter", "connectorOperator": {"Salesforce": "BETWEEN"}, "sourceFields": []},
        {"taskType": "Map", "sourceFields": []},
    ],
}
DATED = 'source="salesforce", flow_name="f", source_field="created", filter_date="2024-01-15"'
SESSION = 'application_id="a", session_id="s"'
CALCULATED = {
    "calculation_execution_id": "c",
    "state": "COMPLETED",
    "state_change_reason": None,
    "submission_time": None,
    "completion_time": None,
    "session_id": "s",
    "working_directory": None,
    "stdout_s3_uri": None,
    "stderr_s3_uri": None,
    "result_s3_uri": None,
    "result_type": None,
}
TASK = "arn:aws:datasync:eu-west-1:123456789012:task/task-1"
EXECUTION = f"{TASK}/execution/exec-1"
URIS = 'source_location_uri="s3://from/", destination_location_uri="s3://To"'


def job(*values: str) -> list[Any]:
    return states("PiiEntitiesDetectionJobProperties.JobStatus", *values)


def classifier(*values: str) -> list[Any]:
    return states("DocumentClassifierProperties.Status", *values)


def application(*values: str) -> list[Any]:
    told = states("ApplicationDetail.ApplicationStatus", *values)
    return [{"ApplicationDetail": {**each["ApplicationDetail"], "ApplicationARN": "arn:a"}} for each in told]


def rest(*values: str) -> list[Any]:
    return [{"RestApiStatusCode": 200, "RestApiResponse": {"state": each}} for each in values]


def flow_run(*values: str) -> list[Any]:
    return [{"flowExecutions": [{"executionId": "e", "executionStatus": each}]} for each in values]


def flow(name: str, arguments: str) -> Case:
    """One that changes its flow first."""
    return Case(
        *(name, "appflow", arguments),
        {
            "appflow:DescribeFlow": FLOW,
            "appflow:UpdateFlow": {},
            "appflow:StartFlow": {"executionId": "e"},
            "appflow:DescribeFlowExecutionRecords": [{"flowExecutions": []}, *flow_run("InProgress", "Successful")],
        },
        ("DescribeFlow", "UpdateFlow", "StartFlow", "DescribeFlowExecutionRecords"),
        "e",
        {"appflow:DescribeFlowExecutionRecords": flow_run("Error")},
    )


DATA = (
    waits(
        *("comprehend", "ComprehendStartPiiEntitiesDetectionJobOperator", PII),
        *(("comprehend:StartPiiEntitiesDetectionJob", {"JobId": "j"}), "comprehend:DescribePiiEntitiesDetectionJob"),
        *(job("SUBMITTED", "COMPLETED"), job("STOPPED"), "j"),
    ),
    waits(
        *("comprehend", "ComprehendCreateDocumentClassifierOperator", f"{CLASSIFIER}, fail_on_warnings=True"),
        ("comprehend:CreateDocumentClassifier", {"DocumentClassifierArn": "arn:c"}),
        *("comprehend:DescribeDocumentClassifier", classifier("TRAINING", "TRAINED")),
        *(classifier("TRAINED_WITH_WARNING"), "arn:c"),
    ),
    sensor(
        *("comprehend", "ComprehendStartPiiEntitiesDetectionJobCompletedSensor", 'job_id="j"'),
        *("comprehend:DescribePiiEntitiesDetectionJob", job("IN_PROGRESS", "COMPLETED"), job("FAILED")),
    ),
    sensor(
        *("comprehend", "ComprehendCreateDocumentClassifierCompletedSensor"),
        'document_classifier_arn="arn:aws:comprehend:eu-west-1:123456789012:document-classifier/c"',
        "comprehend:DescribeDocumentClassifier",
        *(classifier("TRAINING", "TRAINED_WITH_WARNING"), classifier("IN_ERROR")),
    ),
    once(
        *("kinesis_analytics", "KinesisAnalyticsV2CreateApplicationOperator", APPLICATION),
        *("kinesisanalyticsv2:CreateApplication", MADE, {"ApplicationARN": "arn:a"}),
    ),
    Case(
        *("KinesisAnalyticsV2StartApplicationOperator", "kinesis_analytics", FLINK),
        {
            "kinesisanalyticsv2:StartApplication": {},
            "kinesisanalyticsv2:DescribeApplication": application("STARTING", "STARTING", "RUNNING"),
        },
        ("StartApplication", "DescribeApplication"),
        {"ApplicationARN": "arn:a"},
        {"kinesisanalyticsv2:DescribeApplication": application("READY")},
    ),
    Case(
        *("KinesisAnalyticsV2StopApplicationOperator", "kinesis_analytics", f"{FLINK}, force=True"),
        {
            "kinesisanalyticsv2:StopApplication": {},
            "kinesisanalyticsv2:DescribeApplication": application("STOPPING", "STOPPING", "READY"),
        },
        ("StopApplication", "DescribeApplication"),
        {"ApplicationARN": "arn:a"},
        {"kinesisanalyticsv2:DescribeApplication": application("ROLLED_BACK")},
    ),
    sensor(
        *("kinesis_analytics", "KinesisAnalyticsV2StartApplicationCompletedSensor", FLINK),
        *("kinesisanalyticsv2:DescribeApplication", application("STARTING", "RUNNING"), application("READY")),
    ),
    sensor(
        *("kinesis_analytics", "KinesisAnalyticsV2StopApplicationCompletedSensor", FLINK),
        *("kinesisanalyticsv2:DescribeApplication", application("STOPPING", "READY"), application("DELETING")),
    ),
    Case(
        *("MwaaTriggerDagRunOperator", "mwaa"),
        'env_name="e", trigger_dag_id="d", conf={"day": "{{ ds }}"}, wait_for_completion=True',
        {"mwaa:InvokeRestApi": [RUNS, *rest("running", "success")]},
        ("InvokeRestApi",),
        RUNS,
        {"mwaa:InvokeRestApi": [RUNS, *rest("failed")]},
    ),
    sensor(
        *("mwaa", "MwaaDagRunSensor", f'{MWAA}, external_dag_run_id="r"', "mwaa:InvokeRestApi"),
        *(rest("running", "success"), rest("failed")),
    ),
    sensor(
        *("mwaa", "MwaaTaskSensor", f'{MWAA}, external_task_id="t", success_states=["skipped"]', "mwaa:InvokeRestApi"),
        [{"RestApiResponse": {"dag_runs": [{"dag_run_id": "r"}]}}, *rest("skipped")],
        [{"RestApiResponse": {"dag_runs": [{"dag_run_id": "r"}]}}, *rest("failed")],
    ),
    Case(
        *("AppflowRunOperator", "appflow", 'flow_name="f"'),
        {
            "appflow:StartFlow": {"executionId": "e"},
            "appflow:DescribeFlowExecutionRecords": flow_run("InProgress", "Successful"),
        },
        ("StartFlow", "DescribeFlowExecutionRecords"),
        "e",
        {"appflow:DescribeFlowExecutionRecords": flow_run("Error")},
    ),
    Case(
        *("AppflowRecordsShortCircuitOperator", "appflow"),
        'flow_name="f", appflow_run_task_id="t", pre_execute=lambda c: c["ti"].xcom_push("execution_id", "e")',
        {
            "appflow:DescribeFlowExecutionRecords": [
                {"flowExecutions": [], "nextToken": "2"},
                {"flowExecutions": [{"executionId": "e", "executionResult": {"recordsProcessed": 3}}]},
            ]
        },
        ("DescribeFlowExecutionRecords",),
        True,
        {"appflow:DescribeFlowExecutionRecords": {"flowExecutions": [{"executionId": "e"}]}},
    ),
    flow("AppflowRunFullOperator", 'source="salesforce", flow_name="f"'),
    flow("AppflowRunBeforeOperator", DATED),
    flow("AppflowRunAfterOperator", DATED),
    flow("AppflowRunDailyOperator", DATED),
    Case(
        *("DataSyncOperator", "datasync", f'task_arn="{TASK}"'),
        {
            "datasync:StartTaskExecution": {"TaskExecutionArn": EXECUTION},
            "datasync:DescribeTaskExecution": states("Status", "TRANSFERRING", "SUCCESS"),
        },
        ("StartTaskExecution", "DescribeTaskExecution"),
        {"TaskArn": TASK, "TaskExecutionArn": EXECUTION},
        {"datasync:DescribeTaskExecution": states("Status", "ERROR")},
    ),
    Case(
        *("DataSyncOperator", "datasync"),
        f"{URIS}, create_task_kwargs={{}}, delete_task_after_execution=True, max_iterations=2",
        {
            "datasync:ListLocations": {
                "Locations": [
                    {"LocationUri": "s3://From", "LocationArn": "arn:from"},
                    {"LocationUri": "s3://to/", "LocationArn": "arn:to"},
                ]
            },
            "datasync:ListTasks": {"Tasks": [{"TaskArn": "arn:other"}, {"TaskArn": TASK}]},
            "datasync:DescribeTask": [
                {"SourceLocationArn": "arn:to", "DestinationLocationArn": "arn:from"},
                {"SourceLocationArn": "arn:from", "DestinationLocationArn": "arn:to"},
            ],
            "datasync:StartTaskExecution": {"TaskExecutionArn": EXECUTION},
            "datasync:DescribeTaskExecution": states("Status", "SUCCESS"),
            "datasync:DeleteTask": {},
            "datasync:CancelTaskExecution": {},
        },
        (
            *("ListLocations", "ListTasks", "DescribeTask", "StartTaskExecution", "DescribeTaskExecution"),
            "DeleteTask",
        ),
        {"TaskArn": TASK, "TaskExecutionArn": EXECUTION},
        {"datasync:DescribeTaskExecution": states("Status", "TRANSFERRING")},
    ),
    Case(
        *("S3GetBucketTaggingOperator", "s3", 'bucket_name="bucket"'),
        {"s3:HeadBucket": {}, "s3:GetBucketTagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
        ("HeadBucket", "GetBucketTagging"),
        [{"Key": "a", "Value": "b"}],
        {"s3:GetBucketTagging": NO},
    ),
    Case(
        *("S3PutBucketTaggingOperator", "s3", 'bucket_name="bucket", key="a", value="b", tag_set={"c": "d"}'),
        {"s3:HeadBucket": {}, "s3:PutBucketTagging": {}},
        ("HeadBucket", "PutBucketTagging"),
        failing={"s3:PutBucketTagging": NO},
    ),
    Case(
        *("S3DeleteBucketTaggingOperator", "s3", 'bucket_name="bucket"'),
        {"s3:HeadBucket": {}, "s3:DeleteBucketTagging": {}},
        ("HeadBucket", "DeleteBucketTagging"),
        failing={"s3:DeleteBucketTagging": NO},
    ),
    Case(
        *("S3ListPrefixesOperator", "s3", 'bucket="bucket", prefix="a/", delimiter="/"'),
        {"s3:ListObjectsV2": {"CommonPrefixes": [{"Prefix": "a/b/"}]}},
        ("ListObjectsV2",),
        ["a/b/"],
        {"s3:ListObjectsV2": NO},
    ),
    Case(
        *("AthenaSparkOperator", "athena_spark", 'session_id="s", code_block="print(1)", waiter_max_attempts=2'),
        {
            "athena:StartCalculationExecution": {"CalculationExecutionId": "c"},
            "athena:GetCalculationExecution": states("Status.State", "RUNNING", "COMPLETED"),
            "athena:StopCalculationExecution": {},
        },
        ("StartCalculationExecution", "GetCalculationExecution"),
        CALCULATED,
        {"athena:GetCalculationExecution": states("Status.State", "RUNNING")},
    ),
    sensor(
        *("athena_spark", "AthenaSparkSensor", 'calculation_execution_id="c"', "athena:GetCalculationExecution"),
        *(states("Status.State", "QUEUED", "COMPLETED"), states("Status.State", "CANCELED")),
    ),
    waits(
        *(
            "emr",
            "EmrServerlessStartSessionOperator",
            'application_id="a", execution_role_arn="arn:aws:iam::1:role/rr"',
        ),
        *(("emr-serverless:StartSession", {"sessionId": "s"}), "emr-serverless:GetSession"),
        *(states("session.state", "STARTING", "IDLE"), states("session.state", "FAILED")),
        {"application_id": "a", "session_id": "s"},
    ),
    waits(
        *("emr", "EmrServerlessStopSessionOperator", SESSION, ("emr-serverless:TerminateSession", {})),
        *("emr-serverless:GetSession", states("session.state", "TERMINATING", "TERMINATED")),
        states("session.state", "FAILED"),
    ),
    once(
        *("emr", "EmrServerlessGetSessionEndpointOperator", SESSION, "emr-serverless:GetSessionEndpoint"),
        *({"endpoint": "e"}, {"endpoint": "e", "auth_token": None, "auth_token_expires_at": None}),
    ),
)
