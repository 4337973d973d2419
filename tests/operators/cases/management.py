"""Systems Manager, Lambda, EventBridge, Batch, ECR, Glacier, QuickSight, SES, OpenSearch Serverless."""

from __future__ import annotations

from typing import Any

from tests.operators.aws_fake import Failure
from tests.operators.cases import NO, Case, once, sensor, states, waits

COMMAND = {"Command": {"CommandId": "c" * 36}}
RUN = 'document_name="AWS-RunShellScript", run_command_kwargs={"InstanceIds": ["i-1"]}'
FUNCTION = {"FunctionArn": "arn:f"}
CREATE = 'function_name="f", role="arn:aws:iam::1:role/r", runtime="python3.12", handler="h", code={"ZipFile": b"z"}'
ENVIRONMENT = (
    'compute_environment_name="e", environment_type="MANAGED", state="ENABLED", '
    'compute_resources={"type": "FARGATE", "maxvCpus": 1, "subnets": []}'
)
INGESTION = 'data_set_id="d", ingestion_id="i"'
ACCOUNT = {"sts:GetCallerIdentity": {"Account": "123456789012"}}
INVENTORY = {"location": "/x", "jobId": "j"}
CONFLICT = Failure("ConflictException", "there is one")


def commands(*values: str) -> list[Any]:
    return states("CommandInvocations[].Status", *values)


def ingestions(*values: str) -> list[Any]:
    return states("Ingestion.IngestionStatus", *values)


MANAGEMENT = (
    waits(
        *("ssm", "SsmRunCommandOperator", RUN, ("ssm:SendCommand", COMMAND), "ssm:ListCommandInvocations"),
        *([{"CommandInvocations": []}, *commands("InProgress", "Success")], commands("Failed"), "c" * 36),
    ),
    waits(
        *("ssm", "SsmRunCommandOperator", f"{RUN}, fail_on_nonzero_exit=False", ("ssm:SendCommand", COMMAND)),
        *("ssm:ListCommandInvocations", commands("InProgress", "Failed"), commands("TimedOut"), "c" * 36),
    ),
    Case(
        *("SsmGetCommandInvocationOperator", "ssm", f'command_id="{"c" * 36}"'),
        {
            "ssm:ListCommandInvocations": {"CommandInvocations": [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]},
            "ssm:GetCommandInvocation": [{"Status": "Success", "ResponseCode": 0}, NO],
        },
        ("ListCommandInvocations", "GetCommandInvocation"),
        {
            "command_id": "c" * 36,
            "invocations": [
                {
                    "instance_id": "i-1",
                    "status": "Success",
                    "response_code": 0,
                    "standard_output": "",
                    "standard_error": "",
                    "execution_start_time": "",
                    "execution_end_time": "",
                    "document_name": "",
                    "comment": "",
                },
                {
                    "instance_id": "i-2",
                    "error": "An error occurred (AccessDeniedException) when calling the GetCommandInvocation "
                    "operation: no right",
                },
            ],
        },
        {"ssm:ListCommandInvocations": NO},
    ),
    sensor(
        *("ssm", "SsmRunCommandCompletedSensor", f'command_id="{"c" * 36}"', "ssm:ListCommandInvocations"),
        *(commands("Pending", "Success"), commands("Cancelled")),
    ),
    waits(
        *("lambda_function", "LambdaCreateFunctionOperator"),
        f'{CREATE}, config={{"memory_size": 256}}, wait_for_completion=True',
        *(("lambda:CreateFunction", FUNCTION), "lambda:GetFunction"),
        *(states("Configuration.State", "Pending", "Active"), states("Configuration.State", "Failed"), "arn:f"),
    ),
    once(
        *("eventbridge", "EventBridgePutRuleOperator", 'name="r", schedule_expression="rate(1 day)"'),
        *("events:PutRule", {"RuleArn": "arn:r"}, {"RuleArn": "arn:r"}),
    ),
    once("eventbridge", "EventBridgeEnableRuleOperator", 'name="r"', "events:EnableRule", {}),
    once("eventbridge", "EventBridgeDisableRuleOperator", 'name="r"', "events:DisableRule", {}),
    waits(
        *("batch", "BatchCreateComputeEnvironmentOperator", f"{ENVIRONMENT}, deferrable=True"),
        ("batch:CreateComputeEnvironment", {"computeEnvironmentArn": "arn:e"}),
        "batch:DescribeComputeEnvironments",
        states("computeEnvironments[].status", "CREATING", "VALID"),
        *(states("computeEnvironments[].status", "INVALID"), "arn:e"),
    ),
    once(
        *("ecr", "EcrCreateRepositoryOperator", 'repository_name="rr"', "ecr:CreateRepository"),
        *({"repository": {"repositoryName": "r"}}, {"repository": {"repositoryName": "r"}}),
    ),
    once(
        *("ecr", "EcrSetRepositoryPolicyOperator", 'repository_name="rr", policy_text="{}"'),
        *("ecr:SetRepositoryPolicy", {"policyText": "{}"}, {"policyText": "{}"}),
    ),
    once("ecr", "EcrDeleteRepositoryOperator", 'repository_name="rr", force=True', "ecr:DeleteRepository", {}, {}),
    once("glacier", "GlacierCreateJobOperator", 'vault_name="v"', "glacier:InitiateJob", INVENTORY, INVENTORY),
    once(
        *("glacier", "GlacierUploadArchiveOperator", 'vault_name="v", body=b"x"', "glacier:UploadArchive"),
        *({"archiveId": "a"}, {"archiveId": "a"}),
    ),
    sensor(
        *("glacier", "GlacierJobOperationSensor", 'vault_name="v", job_id="j"', "glacier:DescribeJob"),
        *(states("StatusCode", "InProgress", "Succeeded"), states("StatusCode", "Failed")),
    ),
    Case(
        *("QuickSightCreateIngestionOperator", "quicksight", INGESTION),
        {
            **ACCOUNT,
            "quicksight:CreateIngestion": {"IngestionId": "i", "IngestionStatus": "INITIALIZED"},
            "quicksight:DescribeIngestion": ingestions("RUNNING", "COMPLETED"),
        },
        ("GetCallerIdentity", "CreateIngestion", "DescribeIngestion"),
        {"IngestionId": "i", "IngestionStatus": "INITIALIZED"},
        {"quicksight:DescribeIngestion": ingestions("CANCELLED")},
    ),
    Case(
        *("QuickSightSensor", "quicksight", INGESTION),
        {**ACCOUNT, "quicksight:DescribeIngestion": ingestions("RUNNING", "COMPLETED")},
        ("GetCallerIdentity", "DescribeIngestion"),
        failing={"quicksight:DescribeIngestion": ingestions("FAILED")},
    ),
    once(
        *("ses", "SesEmailOperator"),
        'mail_from="a@example.com", to="b@example.com, c@example.com", subject="{{ ds }}", html_content="<b>x</b>", '
        'bcc=["d@example.com"], reply_to="e@example.com"',
        *("ses:SendRawEmail", {"MessageId": "m"}, {"MessageId": "m"}),
    ),
    Case(
        *("OpenSearchServerlessCreateCollectionOperator", "opensearch_serverless", 'collection_name="col"'),
        {
            "opensearchserverless:CreateCollection": CONFLICT,
            "opensearchserverless:BatchGetCollection": {"collectionDetails": [{"id": "i"}]},
        },
        ("CreateCollection", "BatchGetCollection"),
        "i",
        {"opensearchserverless:BatchGetCollection": {"collectionDetails": []}},
    ),
    sensor(
        *("opensearch_serverless", "OpenSearchServerlessCollectionActiveSensor", 'collection_name="col"'),
        *("opensearchserverless:BatchGetCollection", states("collectionDetails[].status", "CREATING", "ACTIVE")),
        states("collectionDetails[].status", "FAILED"),
    ),
)
