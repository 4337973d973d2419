"""OpenSearchServerlessCreateCollectionOperator."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask, error_code
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields


class OpenSearchServerlessCreateCollectionOperator(ServiceTask):
    """Makes a collection; the XCom is its id. if_exists: "skip" or "fail"."""

    template_fields: Any = aws_template_fields("collection_name", "collection_type", "description")
    service, action = "opensearchserverless", "CreateCollection"
    # The actions have no resource.
    starts = (
        grant("aoss:CreateCollection aoss:BatchGetCollection"),
        grant("aoss:TagResource", "aoss:{here}:collection/*", given="tags"),
    )
    returns = "id"
    __init__ = takes(
        *("collection_name",),
        collection_type="SEARCH",
        description=None,
        standby_replicas=None,
        tags=None,
        if_exists="skip",
    )

    def request(self) -> dict[str, Any]:
        return {
            "name": self.collection_name,
            "type": self.collection_type,
            "description": self.description,
            "standbyReplicas": self.standby_replicas,
            "tags": self.tags,
        }

    def start(self, context: Any) -> dict[str, Any]:
        try:
            made = self.call(self.action, self.prepared(context))["createCollectionDetail"]
        except Exception as error:
            if error_code(error) != "ConflictException" or self.if_exists != "skip":
                raise
            found = self.call("BatchGetCollection", {"names": [self.collection_name]})["collectionDetails"]
            if not found:
                raise RuntimeError(f"Collection {self.collection_name} reported as existing but not found") from None
            made = found[0]
        return {"id": made["id"]}
