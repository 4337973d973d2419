"""The sensor on a collection of Amazon OpenSearch Serverless."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields


class OpenSearchServerlessCollectionActiveSensor(ServiceSensor):
    """Done when the collection is ACTIVE. It is given by its id or its name."""

    template_fields: Any = aws_template_fields("collection_id", "collection_name")
    ui_color = "#66c3ff"
    service = "opensearchserverless"
    watch = Watch(
        "opensearchserverless",
        "BatchGetCollection",
        "collectionDetails.status",
        success=("ACTIVE",),
        failure=("DELETING", "FAILED"),
        grants=(grant("aoss:BatchGetCollection"),),
    )

    def __init__(
        self,
        *,
        collection_id: str | None = None,
        collection_name: str | None = None,
        poke_interval: float = 10,
        max_retries: int = 60,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        if (collection_id is None) == (collection_name is None):
            raise AttributeError("Either collection_ids or collection_names must be provided, not both.")
        self.collection_id = collection_id
        self.collection_name = collection_name
        self.max_retries = max_retries
        self.deferrable = deferrable

    def arguments(self) -> dict[str, Any]:
        return {"ids": [str(self.collection_id)]} if self.collection_id else {"names": [str(self.collection_name)]}
