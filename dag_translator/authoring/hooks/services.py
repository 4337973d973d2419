"""Hooks with methods of their own around a boto3 client. What they lack is called on the client: `hook.get_conn()`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from dag_translator.authoring import runtime
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.types import NOTSET


class LambdaHook(AwsBaseHook):
    """AWS Lambda."""

    service = "lambda"

    def invoke_lambda(
        self,
        *,
        function_name: str,
        invocation_type: str | None = None,
        log_type: str | None = None,
        client_context: str | None = None,
        payload: bytes | str | None = None,
        qualifier: str | None = None,
    ) -> Any:
        given = {
            "FunctionName": function_name,
            "InvocationType": invocation_type,
            "LogType": log_type,
            "ClientContext": client_context,
            "Payload": payload,
            "Qualifier": qualifier,
        }
        return self.get_conn().invoke(**{name: value for name, value in given.items() if value is not None})


class StepFunctionHook(AwsBaseHook):
    """AWS Step Functions."""

    service = "stepfunctions"

    def start_execution(
        self,
        state_machine_arn: str,
        name: str | None = None,
        state_machine_input: dict[str, Any] | str | None = None,
        is_redrive_execution: bool = False,
    ) -> str:
        """The execution's ARN."""
        if is_redrive_execution:
            arn = f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
            self.get_conn().redrive_execution(executionArn=arn)
            return arn
        arguments: dict[str, Any] = {"stateMachineArn": state_machine_arn}
        if name is not None:
            arguments["name"] = name
        if state_machine_input is not None:
            text = isinstance(state_machine_input, str)
            arguments["input"] = state_machine_input if text else json.dumps(state_machine_input)
        return str(self.get_conn().start_execution(**arguments)["executionArn"])

    def describe_execution(self, execution_arn: str) -> Any:
        return self.get_conn().describe_execution(executionArn=execution_arn)


class SsmHook(AwsBaseHook):
    """AWS Systems Manager."""

    service = "ssm"

    def get_parameter_value(self, parameter: str, default: Any = NOTSET) -> Any:
        """default: where there is no such parameter. A SecureString is masked in logs."""
        try:
            found = self.conn.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]
        except self.conn.exceptions.ParameterNotFound:
            if default is NOTSET:
                raise
            return default
        if found["Type"] == "SecureString":
            runtime.current().masker.add(found["Value"])
        return found["Value"]

    def get_command_invocation(self, command_id: str, instance_id: str) -> Any:
        return self.conn.get_command_invocation(CommandId=command_id, InstanceId=instance_id)

    def list_command_invocations(self, command_id: str) -> Any:
        return self.conn.list_command_invocations(CommandId=command_id)


class SecretsManagerHook(AwsBaseHook):
    """AWS Secrets Manager."""

    service = "secretsmanager"

    def get_secret(self, secret_name: str) -> str | bytes:
        found = self.get_conn().get_secret_value(SecretId=secret_name)
        if "SecretString" in found:
            return str(found["SecretString"])
        return base64.b64decode(found["SecretBinary"])

    def get_secret_as_dict(self, secret_name: str) -> Any:
        return json.loads(self.get_secret(secret_name))


class FirehoseHook(AwsBaseHook):
    """Amazon Data Firehose."""

    service = "firehose"

    def __init__(self, delivery_stream: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.delivery_stream = delivery_stream

    def put_records(self, records: Iterable[Any]) -> Any:
        return self.get_conn().put_record_batch(DeliveryStreamName=self.delivery_stream, Records=list(records))


class DynamoDBHook(AwsBaseHook):
    """Amazon DynamoDB, as boto3's resource. table_keys: the names of the table's key, of which a later item wins."""

    resource_service = "dynamodb"

    def __init__(
        self, *args: Any, table_keys: list[str] | None = None, table_name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.table_keys = table_keys
        self.table_name = table_name

    @property
    def client(self) -> Any:
        return self.get_conn().meta.client

    def write_batch_data(self, items: Iterable[dict[str, Any]]) -> bool:
        try:
            with self.get_conn().Table(self.table_name).batch_writer(overwrite_by_pkeys=self.table_keys) as batch:
                for item in items:
                    batch.put_item(Item=item)
        except Exception as error:
            raise AirflowException(f"Failed to insert items in dynamodb, error: {error}") from error
        return True

    def get_import_status(self, import_arn: str) -> tuple[str, str | None, str | None]:
        """The status of an import, and the code and message of what went wrong."""
        found = self.client.describe_import(ImportArn=import_arn)["ImportTableDescription"]
        return found["ImportStatus"], found.get("FailureCode"), found.get("FailureMessage")


class GlueCatalogHook(AwsBaseHook):
    """The catalog of AWS Glue."""

    service = "glue"

    def get_partitions(
        self,
        database_name: str,
        table_name: str,
        expression: str = "",
        page_size: int | None = None,
        max_items: int | None = None,
    ) -> set[tuple[str, ...]]:
        """The values of each partition."""
        pages = (
            self.get_conn()
            .get_paginator("get_partitions")
            .paginate(
                DatabaseName=database_name,
                TableName=table_name,
                Expression=expression,
                PaginationConfig={"PageSize": page_size, "MaxItems": max_items},
            )
        )
        return {tuple(each["Values"]) for page in pages for each in page["Partitions"]}

    def check_for_partition(self, database_name: str, table_name: str, expression: str) -> bool:
        return bool(self.get_partitions(database_name, table_name, expression, max_items=1))

    def get_table(self, database_name: str, table_name: str) -> Any:
        return self.get_conn().get_table(DatabaseName=database_name, Name=table_name)["Table"]

    def get_table_location(self, database_name: str, table_name: str) -> str:
        return str(self.get_table(database_name, table_name)["StorageDescriptor"]["Location"])
