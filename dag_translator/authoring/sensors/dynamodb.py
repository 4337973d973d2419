"""DynamoDBValueSensor: waits until an item's attribute has a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.sensors.aws import AwsBaseSensor


class DynamoDBValueSensor(AwsBaseSensor):
    """Done when the item of the key has attribute_value, or one of several, in attribute_name. A call that DynamoDB
    refuses counts as "not yet", as in Airflow."""

    template_fields: Any = aws_template_fields(
        *("table_name", "partition_key_name", "partition_key_value", "attribute_name", "attribute_value"),
        *("sort_key_name", "sort_key_value"),
    )

    def __init__(
        self,
        *,
        table_name: str,
        partition_key_name: str,
        partition_key_value: str,
        attribute_name: str,
        attribute_value: str | Iterable[str],
        sort_key_name: str | None = None,
        sort_key_value: str | None = None,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table_name = table_name
        self.partition_key_name = partition_key_name
        self.partition_key_value = partition_key_value
        self.attribute_name = attribute_name
        self.attribute_value = attribute_value
        self.sort_key_name = sort_key_name
        self.sort_key_value = sort_key_value
        self.deferrable = deferrable

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {**super()._hook_parameters, "resource_type": "dynamodb"}

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        key = {self.partition_key_name: self.partition_key_value}
        if self.sort_key_name and self.sort_key_value:
            key[self.sort_key_name] = self.sort_key_value
        self.log.info(
            "Checking table %s for %s: %s=%s", self.table_name, key, self.attribute_name, self.attribute_value
        )
        try:
            item = self.hook.conn.Table(self.table_name).get_item(Key=key).get("Item", {})
        except Exception as error:
            if not hasattr(error, "response"):  # not an answer of DynamoDB's
                raise
            self.log.error("Couldn't get %s from table %s: %s", key, self.table_name, error)
            return False
        wanted = [self.attribute_value] if isinstance(self.attribute_value, str) else self.attribute_value
        return self.attribute_name in item and item[self.attribute_name] in wanted
