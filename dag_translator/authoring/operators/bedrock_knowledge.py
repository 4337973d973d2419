"""Operators of Amazon Bedrock's knowledge bases: what they are made of, what they are asked."""

from __future__ import annotations

import time
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask, error_code
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.bedrock import MODELS

_ANY = "bedrock:{here}:knowledge-base/*"
_THIS = "bedrock:{here}:knowledge-base/{knowledge_base_id}"
KNOWLEDGE_BASE = Watch(
    "bedrock-agent",
    "GetKnowledgeBase",
    "knowledgeBase.status",
    success=("ACTIVE",),
    failure=("DELETING", "FAILED"),
    reason="knowledgeBase.failureReasons",
    grants=(grant("bedrock:GetKnowledgeBase", _ANY),),
)
INGESTION = Watch(
    "bedrock-agent",
    "GetIngestionJob",
    "ingestionJob.status",
    success=("COMPLETE",),
    failure=("FAILED",),
    reason="ingestionJob.failureReasons",
    grants=(grant("bedrock:GetIngestionJob", _ANY),),
)
# What the vector store says while its index or the role's rights are not everywhere yet, in small letters.
_NO_INDEX = (
    *("no such index", "server returned 401", "user does not have permissions", "status code: 403"),
    "bad authorization",
)
_NOT_READY = (
    "dependency error document status code: 404",
    "request failed: [http_exception] server returned 401",
)


class _Patient(ServiceOperator):
    service = "bedrock-agent"

    def insist(self, texts: tuple[str, ...], attempts: int, pause: float) -> dict[str, Any]:
        """The action's answer, tried again while a validation error has one of the texts. pause: seconds."""
        while True:
            try:
                return self.call(self.action, self.request())
            except Exception as error:
                told = str(error).lower()
                if error_code(error) != "ValidationException" or not any(text in told for text in texts):
                    raise
                if attempts <= 0:
                    raise
                self.log.warning("not ready: %s; %d attempts left", error, attempts)
            attempts -= 1
            time.sleep(pause)


class BedrockCreateKnowledgeBaseOperator(_Patient):
    """Makes a knowledge base; the XCom is its id. wait_for_indexing: try again while the vector index is not ready."""

    template_fields: Any = aws_template_fields(
        *("name", "embedding_model_arn", "role_arn", "storage_config", "wait_for_indexing"),
        *("indexing_error_retry_delay", "indexing_error_max_attempts", "create_knowledge_base_kwargs"),
    )
    action = "CreateKnowledgeBase"
    # The action has no resource.
    starts = (
        grant("bedrock:CreateKnowledgeBase"),
        grant("bedrock:TagResource", _ANY, given="create_knowledge_base_kwargs"),
        passes_role("bedrock"),
    )
    watch = KNOWLEDGE_BASE
    returns = "knowledgeBaseId"
    __init__ = takes(
        *("name", "embedding_model_arn", "role_arn", "storage_config"),
        create_knowledge_base_kwargs=None,
        wait_for_indexing=True,
        indexing_error_retry_delay=5,
        indexing_error_max_attempts=20,
        wait_for_completion=True,
        waiter_delay=60,
        waiter_max_attempts=20,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        model = {"embeddingModelArn": self.embedding_model_arn}
        return {
            "name": self.name,
            "roleArn": self.role_arn,
            "knowledgeBaseConfiguration": {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": model},
            "storageConfiguration": self.storage_config,
            **(self.create_knowledge_base_kwargs or {}),
        }

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        attempts = int(self.indexing_error_max_attempts) if self.wait_for_indexing else 0
        answer = self.insist(_NO_INDEX, attempts, float(self.indexing_error_retry_delay))
        return {"knowledgeBaseId": answer["knowledgeBase"]["knowledgeBaseId"]}


class BedrockCreateDataSourceOperator(ServiceTask):
    """Gives a knowledge base a bucket to read; the XCom is the data source's id."""

    template_fields: Any = aws_template_fields(
        *("name", "bucket_name", "knowledge_base_id", "create_data_source_kwargs")
    )
    service, action = "bedrock-agent", "CreateDataSource"
    starts = (grant("bedrock:CreateDataSource", _THIS),)
    returns = "dataSource.dataSourceId"
    __init__ = takes("name", "knowledge_base_id", bucket_name=None, create_data_source_kwargs=None)

    def request(self) -> dict[str, Any]:
        bucket = {"bucketArn": f"arn:aws:s3:::{self.bucket_name}"}
        return {
            "name": self.name,
            "knowledgeBaseId": self.knowledge_base_id,
            "dataSourceConfiguration": {"type": "S3", "s3Configuration": bucket},
            **(self.create_data_source_kwargs or {}),
        }


class BedrockIngestDataOperator(_Patient):
    """Has a knowledge base read its data source; the XCom is the job's id. ingest_data_kwargs is not sent, as in
    the provider."""

    template_fields: Any = aws_template_fields("knowledge_base_id", "data_source_id", "ingest_data_kwargs")
    action = "StartIngestionJob"
    starts = (grant("bedrock:StartIngestionJob", _THIS),)
    watch = INGESTION
    returns = "ingestionJobId"
    __init__ = takes(
        *("knowledge_base_id", "data_source_id"),
        ingest_data_kwargs=None,
        wait_for_completion=True,
        waiter_delay=60,
        waiter_max_attempts=10,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        return {"knowledgeBaseId": self.knowledge_base_id, "dataSourceId": self.data_source_id}

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        job = self.insist(_NOT_READY, 5, 5.0)["ingestionJob"]
        return {**self.request(), "ingestionJobId": job["ingestionJobId"]}


class BedrockRaGOperator(ServiceTask):
    """Has a model answer with what a knowledge base or the given sources say; the XCom is Bedrock's answer."""

    template_fields: Any = aws_template_fields(
        *("input", "source_type", "model_arn", "prompt_template", "knowledge_base_id", "vector_search_config"),
        *("sources", "rag_kwargs"),
    )
    service, action = "bedrock-agent-runtime", "RetrieveAndGenerate"
    # RetrieveAndGenerate has no resource; Bedrock retrieves and invokes with the caller's rights.
    starts = (
        grant("bedrock:RetrieveAndGenerate"),
        grant("bedrock:Retrieve", _THIS),
        grant("bedrock:InvokeModel bedrock:GetInferenceProfile", *MODELS),
    )
    returns = "*"
    __init__ = takes(
        *("input", "source_type", "model_arn"),
        prompt_template=None,
        knowledge_base_id=None,
        vector_search_config=None,
        sources=None,
        rag_kwargs=None,
    )

    def request(self) -> dict[str, Any]:
        kind = str(self.source_type).upper()
        self._check(kind)
        prompt = {"promptTemplate": {"textPromptTemplate": self.prompt_template}} if self.prompt_template else None
        asked: dict[str, Any] = {"modelArn": self.model_arn, **({"generationConfiguration": prompt} if prompt else {})}
        if kind == "EXTERNAL_SOURCES":
            config = {"externalSourcesConfiguration": {**asked, "sources": self.sources}}
        else:
            if self.vector_search_config:
                asked["retrievalConfiguration"] = {"vectorSearchConfiguration": self.vector_search_config}
            config = {"knowledgeBaseConfiguration": {**asked, "knowledgeBaseId": self.knowledge_base_id}}
        text = {"text": self.input}
        rag = {"type": kind, **config}
        return {"input": text, "retrieveAndGenerateConfiguration": rag, **(self.rag_kwargs or {})}

    def _check(self, kind: str) -> None:
        of_base = (self.knowledge_base_id, self.vector_search_config)
        match kind:
            case "KNOWLEDGE_BASE":
                wrong = self.knowledge_base_id is None or self.sources is not None
            case "EXTERNAL_SOURCES":
                wrong = self.sources is None or any(of_base)
            case _:
                wrong = True
        if wrong:
            raise AttributeError(
                "`source_type` must be KNOWLEDGE_BASE, with `knowledge_base_id` and without `sources`, or "
                "EXTERNAL_SOURCES, with `sources` and without `knowledge_base_id` and `vector_search_config`."
            )


class BedrockRetrieveOperator(ServiceTask):
    """What a knowledge base says to a question; the XCom is Bedrock's answer."""

    template_fields: Any = aws_template_fields(
        *("retrieval_query", "knowledge_base_id", "vector_search_config", "retrieve_kwargs")
    )
    service, action = "bedrock-agent-runtime", "Retrieve"
    starts = (grant("bedrock:Retrieve", _THIS),)
    returns = "*"
    __init__ = takes("retrieval_query", "knowledge_base_id", vector_search_config=None, retrieve_kwargs=None)

    def request(self) -> dict[str, Any]:
        config = {"vectorSearchConfiguration": self.vector_search_config} if self.vector_search_config else None
        return {
            "retrievalQuery": {"text": self.retrieval_query},
            "knowledgeBaseId": self.knowledge_base_id,
            "retrievalConfiguration": config,
            **(self.retrieve_kwargs or {}),
        }
