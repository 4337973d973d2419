"""DynamoDB's own exports and imports; Neptune Analytics."""

from __future__ import annotations

from typing import Any

from tests.operators.aws_fake import Failure
from tests.operators.cases import NO, Case, states, waits

TRANSFERS_PATH = "airflow.providers.amazon.aws.transfers."
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
TO_TABLE = (
    's3_bucket="b", s3_key="k", dynamodb_table_name="orders", '
    'dynamodb_key_schema=[{"AttributeName": "id", "KeyType": "HASH"}], '
    'dynamodb_attributes=[{"AttributeName": "id", "AttributeType": "S"}], delete_on_error=True'
)
EXPORT = 'dynamodb_table_name="orders", s3_bucket_name="b", s3_key_prefix="p/", '


def exported(*values: str) -> list[Any]:
    return states("ExportDescription.ExportStatus", *values)


def imported(*values: str) -> list[Any]:
    return states("ImportTableDescription.ImportStatus", *values)


def exporting(argument: str) -> Case:
    return Case(
        *("DynamoDBToS3Operator", f"{TRANSFERS_PATH}dynamodb_to_s3", EXPORT + argument),
        {
            "dynamodb:DescribeTable": {"Table": {"TableArn": TABLE}},
            "dynamodb:ExportTableToPointInTime": {"ExportDescription": {"ExportArn": f"{TABLE}/export/1"}},
            "dynamodb:DescribeExport": exported("IN_PROGRESS", "COMPLETED"),
        },
        ("DescribeTable", "ExportTableToPointInTime", "DescribeExport"),
        failing={"dynamodb:DescribeExport": exported("FAILED")},
    )


GONE = Failure("ResourceNotFoundException", "no such thing")
GRAPH = "g-0123456789"
IMPORT = "t-0123456789"
IN_VPC = f'graph_identifier="{GRAPH}", vpc_id="vpc-1"'
ENDPOINT = {"status": "CREATING", "vpcId": "vpc-1", "vpcEndpointId": "vpce-1", "subnetIds": ["subnet-1"]}
SOURCE = 'source="s3://b/k", role_arn="arn:aws:iam::1:role/r"'
NEW = 'graph_name="g", vector_search_config={"dimension": 2}'


def graph(*values: str) -> list[Any]:
    return [{"status": each, "id": GRAPH, "name": "g", "arn": "arn:g"} for each in values]


def task(*values: str) -> list[Any]:
    return [
        {"status": each, "taskId": IMPORT, "source": "s3://b/k", "roleArn": "arn:r", "graphId": GRAPH}
        for each in values
    ]


NEPTUNE_ANALYTICS = (
    waits(
        *("neptune_analytics", "NeptuneCreateGraphOperator", f'{NEW}, provisioned_memory=16, tags={{"a": "b"}}'),
        *(("neptune-graph:CreateGraph", *graph("CREATING")), "neptune-graph:GetGraph"),
        *(graph("CREATING", "AVAILABLE"), graph("FAILED"), {"graph_id": GRAPH}),
    ),
    Case(
        *("NeptuneDeleteGraphOperator", "neptune_analytics", f'graph_id="{GRAPH}", skip_snapshot=True'),
        {"neptune-graph:DeleteGraph": graph("DELETING")[0], "neptune-graph:GetGraph": [*graph("DELETING"), GONE]},
        ("DeleteGraph", "GetGraph"),
        failing={"neptune-graph:GetGraph": graph("FAILED")},
    ),
    Case(
        *("NeptuneCreatePrivateGraphEndpointOperator", "neptune_analytics", IN_VPC),
        {
            "neptune-graph:CreatePrivateGraphEndpoint": ENDPOINT,
            "neptune-graph:GetPrivateGraphEndpoint": [ENDPOINT, ENDPOINT, {**ENDPOINT, "status": "AVAILABLE"}],
        },
        ("CreatePrivateGraphEndpoint", "GetPrivateGraphEndpoint"),
        {"vpc_endpoint_id": "vpce-1", "graph_id": GRAPH, "vpc_id": "vpc-1"},
        {"neptune-graph:GetPrivateGraphEndpoint": {**ENDPOINT, "status": "FAILED"}},
    ),
    Case(
        *("NeptuneDeletePrivateGraphEndpointOperator", "neptune_analytics", IN_VPC),
        {
            "neptune-graph:DeletePrivateGraphEndpoint": {**ENDPOINT, "status": "DELETING"},
            "neptune-graph:GetPrivateGraphEndpoint": [{**ENDPOINT, "status": "DELETING"}, GONE],
        },
        ("DeletePrivateGraphEndpoint", "GetPrivateGraphEndpoint"),
        failing={"neptune-graph:DeletePrivateGraphEndpoint": {**ENDPOINT, "status": "FAILED"}},
    ),
    waits(
        *("neptune_analytics", "NeptuneStartImportTaskOperator", f'graph_identifier="{GRAPH}", {SOURCE}, format="CSV"'),
        *(("neptune-graph:StartImportTask", *task("INITIALIZING")), "neptune-graph:GetImportTask"),
        *(task("IMPORTING", "SUCCEEDED"), task("ROLLING_BACK"), {"import_task_id": IMPORT, "graph_id": GRAPH}),
    ),
    waits(
        *("neptune_analytics", "NeptuneCancelImportTaskOperator", f'import_task_id="{IMPORT}"'),
        *(("neptune-graph:CancelImportTask", *task("CANCELLING")), "neptune-graph:GetImportTask"),
        *(task("CANCELLING", "CANCELLED"), NO, {"import_task_id": IMPORT}),
    ),
    Case(
        *("NeptuneCreateGraphWithImportOperator", "neptune_analytics", f'{NEW}, {SOURCE}, parquet_type="COLUMNAR"'),
        {
            "neptune-graph:CreateGraphUsingImportTask": task("INITIALIZING")[0],
            "neptune-graph:GetImportTask": task("IMPORTING", "SUCCEEDED"),
            "neptune-graph:GetGraph": graph("IMPORTING", "AVAILABLE"),
        },
        ("CreateGraphUsingImportTask", "GetImportTask", "GetGraph", "GetImportTask", "GetGraph"),
        {"graph_id": GRAPH},
        {"neptune-graph:GetGraph": graph("FAILED")},
    ),
)
TRANSFERS = (
    exporting("point_in_time_export=True"),
    exporting("export_time=datetime(2024, 1, 1)"),
    Case(
        *("S3ToDynamoDBOperator", f"{TRANSFERS_PATH}s3_to_dynamodb", TO_TABLE),
        {
            "dynamodb:ImportTable": {"ImportTableDescription": {"ImportArn": f"{TABLE}/import/1"}},
            "dynamodb:DescribeImport": imported("IN_PROGRESS", "COMPLETED"),
            "dynamodb:DeleteTable": {},
        },
        ("ImportTable", "DescribeImport"),
        f"{TABLE}/import/1",
        {"dynamodb:DescribeImport": imported("FAILED")},
    ),
    *NEPTUNE_ANALYTICS,
)
