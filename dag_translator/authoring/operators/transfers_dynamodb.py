"""Between DynamoDB and S3: a table's items by a scan or an export of DynamoDB's own; objects by DynamoDB's import.

Sources of the permissions: DynamoDB developer guide, "DynamoDB data export to Amazon S3" and "Requesting a table import
in DynamoDB", the sections on IAM.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.hooks.services import DynamoDBHook
from dag_translator.authoring.types import NOTSET

_TABLE = "dynamodb:{here}:table/{dynamodb_table_name}"
# What asks for an export of DynamoDB's own.
_EXPORTING = ("point_in_time_export", "export_time")


class AwsToAwsBaseOperator(BaseOperator):
    """A transfer of your own between two services. dest_aws_conn_id: by default source_aws_conn_id."""

    template_fields: Any = ("source_aws_conn_id", "dest_aws_conn_id")

    def __init__(
        self, *, source_aws_conn_id: str | None = "aws_default", dest_aws_conn_id: Any = NOTSET, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.source_aws_conn_id = source_aws_conn_id
        self.dest_aws_conn_id = source_aws_conn_id if dest_aws_conn_id is NOTSET else dest_aws_conn_id


def _json_line(item: dict[str, Any]) -> bytes:
    def number(value: Any) -> float:
        if isinstance(value, Decimal):
            return float(value)
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    return (json.dumps(item, default=number) + "\n").encode()


class DynamoDBToS3Operator(ServiceOperator):
    """A table's items, scanned, into objects of about file_size bytes, named s3_key_prefix and a UUID; or an export of
    DynamoDB's own (point_in_time_export, export_time).

    process_func: an item as bytes, default a line of JSON. dynamodb_scan_kwargs: of DynamoDB's Scan.
    """

    template_fields: Any = (
        *("source_aws_conn_id", "dest_aws_conn_id", "dynamodb_table_name", "s3_bucket_name", "file_size"),
        *("dynamodb_scan_kwargs", "s3_key_prefix", "export_time", "export_format"),
        *("export_table_to_point_in_time_kwargs", "check_interval", "max_attempts"),
    )
    template_fields_renderers: Any = {  # noqa: RUF012
        "dynamodb_scan_kwargs": "json",
        "export_table_to_point_in_time_kwargs": "json",
    }
    service, action = "dynamodb", "ExportTableToPointInTime"
    starts = (
        grant("dynamodb:Scan", _TABLE),
        grant("s3:PutObject s3:AbortMultipartUpload s3:GetObject", "s3:::{s3_bucket_name}/*"),
        grant("s3:ListBucket", "s3:::{s3_bucket_name}"),
        *(
            grant("dynamodb:DescribeTable dynamodb:ExportTableToPointInTime", _TABLE, given=argument)
            for argument in _EXPORTING
        ),
        *(grant("s3:PutObjectAcl", "s3:::{s3_bucket_name}/*", given=argument) for argument in _EXPORTING),
    )
    watch = Watch(
        *("dynamodb", "DescribeExport", "ExportDescription.ExportStatus"),
        success=("COMPLETED",),
        failure=("FAILED",),
        reason="ExportDescription.FailureMessage",
        grants=tuple(grant("dynamodb:DescribeExport", f"{_TABLE}/export/*", given=argument) for argument in _EXPORTING),
    )

    def __init__(
        self,
        *,
        dynamodb_table_name: str,
        s3_bucket_name: str,
        file_size: int = 1000,
        dynamodb_scan_kwargs: dict[str, Any] | None = None,
        s3_key_prefix: str = "",
        process_func: Callable[[dict[str, Any]], bytes] = _json_line,
        point_in_time_export: bool = False,
        export_time: datetime | None = None,
        export_format: str = "DYNAMODB_JSON",
        export_table_to_point_in_time_kwargs: dict[str, Any] | None = None,
        check_interval: int = 30,
        max_attempts: int = 60,
        source_aws_conn_id: str | None = "aws_default",
        dest_aws_conn_id: Any = NOTSET,
        **kwargs: Any,
    ) -> None:
        super().__init__(aws_conn_id=source_aws_conn_id, **kwargs)
        self.file_size = file_size
        self.process_func = process_func
        self.dynamodb_table_name = dynamodb_table_name
        self.dynamodb_scan_kwargs = dynamodb_scan_kwargs
        self.s3_bucket_name = s3_bucket_name
        self.s3_key_prefix = s3_key_prefix
        self.point_in_time_export = point_in_time_export
        self.export_time = export_time
        self.export_format = export_format
        self.export_table_to_point_in_time_kwargs = export_table_to_point_in_time_kwargs or {}
        self.check_interval = check_interval
        self.max_attempts = max_attempts
        self.source_aws_conn_id = source_aws_conn_id
        self.dest_aws_conn_id = source_aws_conn_id if dest_aws_conn_id is NOTSET else dest_aws_conn_id

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {**super()._hook_parameters, "aws_conn_id": self.source_aws_conn_id}

    def waits(self) -> bool:
        return any(getattr(self, argument, None) for argument in _EXPORTING)

    def request(self) -> dict[str, Any]:
        moment = self.export_time
        if isinstance(moment, datetime) and moment > datetime.now(moment.tzinfo):
            raise ValueError("The export_time parameter cannot be a future time.")
        table = self.call("DescribeTable", {"TableName": self.dynamodb_table_name})["Table"]
        return {
            "TableArn": table["TableArn"],
            "ExportTime": moment,
            "S3Bucket": self.s3_bucket_name,
            "S3Prefix": self.s3_key_prefix or None,
            "ExportFormat": self.export_format,
            **self.export_table_to_point_in_time_kwargs,
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"ExportArn": answer["ExportDescription"]["ExportArn"]}

    def start(self, context: Any) -> dict[str, Any] | None:
        if self.waits():
            return super().start(context)
        self._scan()
        return None

    def _scan(self) -> None:
        hook = DynamoDBHook(**self._hook_parameters | {"client_type": None})
        table, scan = hook.get_conn().Table(self.dynamodb_table_name), dict(self.dynamodb_scan_kwargs or {})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "items"
            while True:
                answer = table.scan(**scan)
                with path.open("ab") as file:
                    file.writelines(map(self.process_func, answer["Items"]))
                if "LastEvaluatedKey" not in answer:
                    break
                scan["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
                if path.stat().st_size >= int(self.file_size):
                    self._upload(path)
                    path.unlink()
            self._upload(path)

    def _upload(self, path: Path) -> None:
        client = S3Hook(self.dest_aws_conn_id).get_conn()
        client.upload_file(str(path), self.s3_bucket_name, self.s3_key_prefix + str(uuid4()))


class S3ToDynamoDBOperator(ServiceOperator):
    """Objects below s3_key into a table that DynamoDB's import makes; the XCom is the import's ARN.

    use_existing_table: into a table that exists, by way of one of dynamodb_tmp_table_prefix and its name, whose items a
    Lambda copies; the XCom is the table's ARN.
    """

    template_fields: Any = (
        *("s3_bucket", "s3_key", "dynamodb_table_name", "dynamodb_key_schema", "dynamodb_attributes"),
        *("dynamodb_tmp_table_prefix", "delete_on_error", "use_existing_table", "input_format", "billing_mode"),
        *("import_table_kwargs", "import_table_creation_kwargs", "aws_conn_id"),
    )
    ui_color = "#e2e8f0"
    service, action = "dynamodb", "ImportTable"
    # The temporary table's name ends with the table's.
    _table = "dynamodb:{here}:table/*{dynamodb_table_name}"
    starts = (
        grant("dynamodb:ImportTable dynamodb:DeleteTable dynamodb:DescribeTable", _table),
        grant("dynamodb:Scan dynamodb:BatchWriteItem", _table, given="use_existing_table"),
        grant("s3:GetObject", "s3:::{s3_bucket}/*"),
        grant("s3:ListBucket", "s3:::{s3_bucket}"),
        grant(
            "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams "
            "logs:PutLogEvents logs:PutRetentionPolicy",
            "logs:{here}:log-group:/aws-dynamodb/*",
        ),
    )
    watch = Watch(
        *("dynamodb", "DescribeImport", "ImportTableDescription.ImportStatus"),
        success=("COMPLETED",),
        failure=("CANCELLING", "CANCELLED", "FAILED"),
        reason="ImportTableDescription.FailureMessage",
        grants=(grant("dynamodb:DescribeImport", f"{_table}/import/*"),),
    )
    __init__ = takes(
        *("s3_bucket", "s3_key", "dynamodb_table_name", "dynamodb_key_schema"),
        dynamodb_attributes=None,
        dynamodb_tmp_table_prefix="tmp",
        delete_on_error=False,
        use_existing_table=False,
        input_format="DYNAMODB_JSON",
        billing_mode="PAY_PER_REQUEST",
        import_table_kwargs=None,
        import_table_creation_kwargs=None,
        wait_for_completion=True,
        check_interval=30,
        max_attempts=240,
    )

    @property
    def tmp_table_name(self) -> str:
        return f"{self.dynamodb_tmp_table_prefix}_{self.dynamodb_table_name}"

    @property
    def _imported(self) -> str:
        return self.tmp_table_name if self.use_existing_table else str(self.dynamodb_table_name)

    def request(self) -> dict[str, Any]:
        if self.use_existing_table and not self.wait_for_completion:
            raise ValueError("wait_for_completion must be set to True when loading into an existing table")
        table = {
            "TableName": self._imported,
            "AttributeDefinitions": self.dynamodb_attributes,
            "KeySchema": self.dynamodb_key_schema,
            "BillingMode": self.billing_mode,
            **(self.import_table_creation_kwargs or {}),
        }
        return {
            "S3BucketSource": {"S3Bucket": self.s3_bucket, "S3KeyPrefix": self.s3_key},
            "InputFormat": self.input_format,
            "TableCreationParameters": table,
            **(self.import_table_kwargs or {}),
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        told = answer["ImportTableDescription"]
        if told.get("ImportStatus") == "FAILED":
            raise AirflowException(f"S3 into Dynamodb job creation failed: {told.get('FailureMessage')}")
        return {"ImportArn": told["ImportArn"]}

    def abandon(self, handle: dict[str, Any]) -> None:  # noqa: ARG002
        if self.delete_on_error:
            self.call("DeleteTable", {"TableName": self._imported})

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        if not self.use_existing_table:
            return (handle or {})["ImportArn"]
        keys = [key["AttributeName"] for key in self.dynamodb_key_schema]
        hook = DynamoDBHook(
            **self._hook_parameters | {"client_type": None}, table_name=self.dynamodb_table_name, table_keys=keys
        )
        try:
            source = hook.get_conn().Table(self.tmp_table_name)
            scan: dict[str, Any] = {"ConsistentRead": True}
            while True:
                page = source.scan(**scan)
                hook.write_batch_data(page["Items"])
                if "LastEvaluatedKey" not in page:
                    break
                scan["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        finally:
            self.call("DeleteTable", {"TableName": self.tmp_table_name})
        return hook.get_conn().Table(self.dynamodb_table_name).table_arn
