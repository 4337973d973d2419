"""S3 Tables, S3 Vectors, MWAA Serverless."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.operators import cases
from tests.operators.aws_fake import Failure
from tests.operators.cases import Case, once, sensor, states

EXISTS = Failure("ConflictException", "there is one")
BUCKET_ARN = "arn:aws:s3tables:eu-west-1:123456789012:bucket/tables"
BUCKET = f'table_bucket_arn="{BUCKET_ARN}"'
TABLE = f'{BUCKET}, namespace="n", table_name="t"'
VECTORS = 'vector_bucket_name="vectors"'
INDEX = f'{VECTORS}, index_name="idx"'
WORKFLOW_ARN = "arn:aws:airflow-serverless:eu-west-1:123456789012:workflow/w-0123456789"
WORKFLOW = f'workflow_arn="{WORKFLOW_ARN}"'
WHERE = 'definition_s3_location={"Bucket": "bucket", "ObjectKey": "w.yaml"}, role_arn="arn:aws:iam::1:role/r"'


def existing(
    module: str, name: str, arguments: str, service: str, *, create: str, find: str, found: Any, none: Any, result: str
) -> Case:
    """One that finds that what it is to make is there."""
    return Case(
        *(name, module, arguments),
        {f"{service}:{create}": EXISTS, f"{service}:{find}": found},
        (create, find),
        result,
        {f"{service}:{find}": none},
    )


tables, vectors, workflows = (partial(once, module) for module in ("s3_tables", "s3_vectors", "mwaa_serverless"))

STORAGE = (
    existing(
        *("s3_tables", "S3TablesCreateTableBucketOperator", 'table_bucket_name="tables"', "s3tables"),
        create="CreateTableBucket",
        find="ListTableBuckets",
        found={"tableBuckets": [{"name": "tables", "arn": BUCKET_ARN}]},
        none={"tableBuckets": []},
        result=BUCKET_ARN,
    ),
    tables("S3TablesDeleteTableBucketOperator", BUCKET, "s3tables:DeleteTableBucket", {}),
    tables(
        *("S3TablesPutTableBucketPolicyOperator", f'{BUCKET}, resource_policy="{{}}"'),
        *("s3tables:PutTableBucketPolicy", {}),
    ),
    tables("S3TablesDeleteTableBucketPolicyOperator", BUCKET, "s3tables:DeleteTableBucketPolicy", {}),
    tables("S3TablesCreateNamespaceOperator", f'{BUCKET}, namespace="n"', "s3tables:CreateNamespace", {}, "n"),
    tables("S3TablesDeleteNamespaceOperator", f'{BUCKET}, namespace="n"', "s3tables:DeleteNamespace", {}),
    tables("S3TablesCreateTableOperator", TABLE, "s3tables:CreateTable", {"tableARN": "arn:t"}, "arn:t"),
    tables("S3TablesDeleteTableOperator", TABLE, "s3tables:DeleteTable", {}),
    tables("S3TablesRenameTableOperator", f'{TABLE}, new_name="u"', "s3tables:RenameTable", {}),
    existing(
        *("s3_vectors", "S3VectorsCreateVectorBucketOperator", VECTORS, "s3vectors"),
        create="CreateVectorBucket",
        find="GetVectorBucket",
        found={"vectorBucket": {"vectorBucketArn": "arn:v"}},
        none=cases.NO,
        result="arn:v",
    ),
    vectors("S3VectorsDeleteVectorBucketOperator", VECTORS, "s3vectors:DeleteVectorBucket", {}),
    vectors(
        *("S3VectorsCreateIndexOperator", f'{INDEX}, data_type="float32", dimension=2', "s3vectors:CreateIndex"),
        *({"indexArn": "arn:i"}, "arn:i"),
    ),
    vectors("S3VectorsDeleteIndexOperator", INDEX, "s3vectors:DeleteIndex", {}),
    vectors(
        *("S3VectorsPutVectorsOperator", f'{INDEX}, vectors=[{{"key": "k", "data": {{"float32": [0.1, 0.2]}}}}]'),
        *("s3vectors:PutVectors", {}),
    ),
    vectors(
        *("S3VectorsQueryVectorsOperator", f'{INDEX}, top_k=3, query_vector={{"float32": [0.1, 0.2]}}'),
        *("s3vectors:QueryVectors", {"vectors": [{"key": "k"}]}, [{"key": "k"}]),
    ),
    existing(
        *("mwaa_serverless", "MwaaServerlessCreateWorkflowOperator", f'workflow_name="w", {WHERE}', "mwaa-serverless"),
        create="CreateWorkflow",
        find="ListWorkflows",
        found={"Workflows": [{"Name": "w", "WorkflowArn": WORKFLOW_ARN}]},
        none={"Workflows": []},
        result=WORKFLOW_ARN,
    ),
    workflows(
        *("MwaaServerlessUpdateWorkflowOperator", f"{WORKFLOW}, {WHERE}", "mwaa-serverless:UpdateWorkflow"),
        *({"WorkflowArn": WORKFLOW_ARN}, WORKFLOW_ARN),
    ),
    workflows("MwaaServerlessDeleteWorkflowOperator", WORKFLOW, "mwaa-serverless:DeleteWorkflow", {}),
    workflows(
        "MwaaServerlessStartWorkflowRunOperator", WORKFLOW, "mwaa-serverless:StartWorkflowRun", {"RunId": "r"}, "r"
    ),
    workflows(
        *("MwaaServerlessStopWorkflowRunOperator", f'{WORKFLOW}, run_id="r"', "mwaa-serverless:StopWorkflowRun"),
        *({"Status": "STOPPING"}, "STOPPING"),
    ),
    sensor(
        *("mwaa_serverless", "MwaaServerlessWorkflowRunSensor", f'{WORKFLOW}, run_id="r"'),
        *("mwaa-serverless:GetWorkflowRun", states("RunDetail.RunState", "RUNNING", "SUCCESS")),
        states("RunDetail.RunState", "STOPPED"),
    ),
)
