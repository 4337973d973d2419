"""Operators of Amazon S3 Vectors: buckets, indexes, vectors. if_exists: "skip" or "fail"."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask, error_code
from dag_translator.authoring.aws.rows import at, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_BUCKET = "s3vectors:{here}:bucket/{vector_bucket_name}"
_INDEX = f"{_BUCKET}/index/{{index_name}}"


class _InBucket(ServiceTask):
    service = "s3vectors"
    __init__ = takes("vector_bucket_name")

    def request(self) -> dict[str, Any]:
        return {"vectorBucketName": self.vector_bucket_name}

    def skipping(self, lookup: str, path: str) -> str:
        """The ARN of what is made, or is there. lookup: the action that describes it, path: to the ARN."""
        try:
            made = self.call(self.action, self.request())
        except Exception as error:
            if error_code(error) != "ConflictException" or self.if_exists != "skip":
                raise
            names = ("vectorBucketName", "indexName")
            made = self.call(lookup, {name: each for name, each in self.request().items() if name in names})
        found = [*at(made, path), *at(made, path.rpartition(".")[2])]
        return str(found[0])


class S3VectorsCreateVectorBucketOperator(_InBucket):
    """Makes a vector bucket; the XCom is its ARN."""

    template_fields: Any = aws_template_fields("vector_bucket_name")
    action = "CreateVectorBucket"
    starts = (
        grant("s3vectors:CreateVectorBucket s3vectors:GetVectorBucket", _BUCKET),
        grant("s3vectors:TagResource", _BUCKET, given="tags"),
    )
    returns = "arn"
    __init__ = takes(encryption_configuration=None, tags=None, if_exists="skip")

    def request(self) -> dict[str, Any]:
        own = {"encryptionConfiguration": self.encryption_configuration, "tags": self.tags}
        return {**super().request(), **own}

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"arn": self.skipping("GetVectorBucket", "vectorBucket.vectorBucketArn")}


class S3VectorsDeleteVectorBucketOperator(_InBucket):
    """Deletes a vector bucket."""

    template_fields: Any = aws_template_fields("vector_bucket_name")
    action = "DeleteVectorBucket"
    starts = (grant("s3vectors:DeleteVectorBucket", _BUCKET),)


class _Index(_InBucket):
    template_fields: Any = aws_template_fields("vector_bucket_name", "index_name")
    __init__ = takes("index_name")

    def request(self) -> dict[str, Any]:
        return {**super().request(), "indexName": self.index_name}


class S3VectorsCreateIndexOperator(_Index):
    """Makes an index; the XCom is its ARN."""

    template_fields: Any = aws_template_fields("vector_bucket_name", "index_name", "data_type", "distance_metric")
    action = "CreateIndex"
    starts = (grant("s3vectors:CreateIndex s3vectors:GetIndex", _INDEX),)
    returns = "arn"
    __init__ = takes("data_type", "dimension", distance_metric="cosine", metadata_configuration=None, if_exists="skip")

    def request(self) -> dict[str, Any]:
        return {
            **super().request(),
            "dataType": self.data_type,
            "dimension": self.dimension,
            "distanceMetric": self.distance_metric,
            "metadataConfiguration": self.metadata_configuration,
        }

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"arn": self.skipping("GetIndex", "index.indexArn")}


class S3VectorsDeleteIndexOperator(_Index):
    """Deletes an index."""

    action = "DeleteIndex"
    starts = (grant("s3vectors:DeleteIndex", _INDEX),)


class S3VectorsPutVectorsOperator(_Index):
    """Writes vectors."""

    template_fields: Any = aws_template_fields("vector_bucket_name", "index_name", "vectors")
    action = "PutVectors"
    starts = (grant("s3vectors:PutVectors", _INDEX),)
    __init__ = takes("vectors")

    def request(self) -> dict[str, Any]:
        return {**super().request(), "vectors": self.vectors}


class S3VectorsQueryVectorsOperator(_Index):
    """The vectors nearest to one as the XCom."""

    template_fields: Any = aws_template_fields("vector_bucket_name", "index_name", "top_k")
    action = "QueryVectors"
    # Metadata and filters ask for GetVectors as well.
    starts = (grant("s3vectors:QueryVectors s3vectors:GetVectors", _INDEX),)
    __init__ = takes("top_k", "query_vector", filter=None, return_metadata=True, return_distance=True)

    def request(self) -> dict[str, Any]:
        return {
            **super().request(),
            "topK": int(self.top_k),
            "queryVector": self.query_vector,
            "filter": self.filter,
            "returnMetadata": self.return_metadata,
            "returnDistance": self.return_distance,
        }

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("vectors", [])
