"""The sensor on a value in an item of Amazon DynamoDB."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dag_translator.authoring.aws.operator import error_code
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensorTask
from dag_translator.authoring.operators.aws import aws_template_fields


class DynamoDBValueSensor(ServiceSensorTask):
    """Done when the item's attribute has the value, or one of several. A table that is not there yet is awaited; what
    else the service refuses fails the sensor, where the provider's waits until it times out."""

    template_fields: Any = aws_template_fields(
        *("table_name", "partition_key_name", "partition_key_value", "attribute_name", "attribute_value"),
        *("sort_key_name", "sort_key_value"),
    )
    service = "dynamodb"
    watch = Watch(
        "dynamodb", "GetItem", "Item", grants=(grant("dynamodb:GetItem", "dynamodb:{here}:table/{table_name}"),)
    )
    __init__ = takes(
        *("table_name", "partition_key_name", "partition_key_value", "attribute_name", "attribute_value"),
        sort_key_name=None,
        sort_key_value=None,
        deferrable=False,
    )

    def arguments(self) -> dict[str, Any]:
        key = {self.partition_key_name: _typed(self.partition_key_value)}
        if self.sort_key_name and self.sort_key_value:
            key[self.sort_key_name] = _typed(self.sort_key_value)
        return {"TableName": self.table_name, "Key": key}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        try:
            item = self.call("GetItem", handle).get("Item", {})
        except Exception as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            item = {}
        if self.attribute_name not in item:
            return "running", "not there"
        value = _plain(item[self.attribute_name])
        wanted = [self.attribute_value] if isinstance(self.attribute_value, str) else self.attribute_value
        return ("success" if value in wanted else "running"), str(value)


def _typed(value: Any) -> dict[str, Any]:
    """A key's value as the API has it.

    >>> _typed("a"), _typed(3)
    ({'S': 'a'}, {'N': '3'})
    """
    kind = "S" if isinstance(value, str) else "B" if isinstance(value, bytes) else "N"
    return {kind: value if kind != "N" else str(value)}


def _plain(value: dict[str, Any]) -> Any:
    ((kind, given),) = value.items()
    match kind:
        case "N":
            return Decimal(given)
        case "NULL":
            return None
    return given
