"""Amazon Bedrock: models, guardrails, knowledge bases, agents."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import Any

from tests.operators import cases
from tests.operators.aws_fake import Failure
from tests.operators.cases import NO, Case, states

once, waits, sensor = (partial(make, "bedrock") for make in (cases.once, cases.waits, cases.sensor))


def answered(text: bytes, **more: Any) -> Any:
    """What streams a body anew each time."""
    return lambda _request: {**more, "body" if not more else "response": BytesIO(text)}


IN_USE = Failure("ConflictException", "The provided job name is currently in use.")
NOT_READY = Failure("ValidationException", "The knowledge base storage configuration is invalid: no such index")
TUNE = (
    'job_name="j", custom_model_name="m", role_arn="r", base_model_id="b", training_data_uri="s3://b/t", '
    'output_data_uri="s3://b/o", hyperparameters={"epochCount": "1"}'
)
BATCH = 'job_name="j", role_arn="r", model_id="m", input_uri="s3://b/i", output_uri="s3://b/o"'
BASE = (
    'name="k", embedding_model_arn="arn:aws:bedrock:eu-west-1::e", role_arn="r", '
    'storage_config={"type": "OPENSEARCH_SERVERLESS"}'
)
BLOCKED = 'blocked_input_messaging="no", blocked_outputs_messaging="no"'
RAG = 'input="{{ ds }}?", source_type="KNOWLEDGE_BASE", model_arn="arn:m", knowledge_base_id="ABCDEFGHIJ"'
INGEST = 'knowledge_base_id="ABCDEFGHIJ", data_source_id="ABCDEFGHIJ"'
SOURCES = 'sources=[{"sourceType": "S3", "s3Location": {"uri": "s3://b/k"}}]'
ARTIFACT = 'agent_runtime_artifact={"containerConfiguration": {"containerUri": "u"}}'
EVALUATE = (
    'job_name="j", role_arn="r", inference_config={"models": [{"bedrockModel": {"modelIdentifier": "m"}}]}, '
    'output_data_config={"s3Uri": "s3://b/o"}, '
    'evaluation_config={"automated": {"datasetMetricConfigs": [{"taskType": "QuestionAndAnswer", '
    '"dataset": {"name": "d"}, "metricNames": ["m"]}]}}'
)
NETWORK = 'network_configuration={"networkMode": "PUBLIC"}'
AGENT = {"agentRuntimeArn": "arn:a", "agentRuntimeId": "a", "agentRuntimeVersion": "1"}


def status(*values: str) -> list[Any]:
    return states("status", *values)


BEDROCK = (
    once(
        *("BedrockInvokeModelOperator", 'model_id="m", input_data={"prompt": "{{ ds }}"}'),
        *("bedrock-runtime:InvokeModel", answered(b'{"completion": "yes"}'), {"completion": "yes"}),
    ),
    Case(
        *("BedrockCustomizeModelOperator", "bedrock", TUNE),
        {
            "bedrock:CreateModelCustomizationJob": [IN_USE, {"jobArn": "arn:j"}],
            "bedrock:GetModelCustomizationJob": status("InProgress", "Completed"),
        },
        ("CreateModelCustomizationJob", "GetModelCustomizationJob"),
        "arn:j",
        {"bedrock:GetModelCustomizationJob": status("Failed")},
    ),
    waits(
        "BedrockCreateProvisionedModelThroughputOperator",
        'model_units=1, provisioned_model_name="p", model_id="m"',
        ("bedrock:CreateProvisionedModelThroughput", {"provisionedModelArn": "arn:p"}),
        *("bedrock:GetProvisionedModelThroughput", status("Creating", "InService"), status("Failed"), "arn:p"),
    ),
    waits(
        *("BedrockBatchInferenceOperator", BATCH, ("bedrock:CreateModelInvocationJob", {"jobArn": "arn:j"})),
        *("bedrock:GetModelInvocationJob", status("Scheduled", "Completed"), status("Expired"), "arn:j"),
    ),
    once("BedrockCreateEvaluationJobOperator", EVALUATE, "bedrock:CreateEvaluationJob", {"jobArn": "arn:j"}, "arn:j"),
    Case(
        *("BedrockCreateGuardrailOperator", "bedrock", f'guardrail_name="g", {BLOCKED}'),
        {
            "bedrock:CreateGuardrail": Failure("ConflictException", "there is one"),
            "bedrock:ListGuardrails": {"guardrails": [{"name": "other", "id": "1"}, {"name": "g", "id": "2"}]},
        },
        ("CreateGuardrail", "ListGuardrails"),
        "2",
        {"bedrock:ListGuardrails": {"guardrails": []}},
    ),
    once(
        *("BedrockUpdateGuardrailOperator", f'guardrail_identifier="i", guardrail_name="g", {BLOCKED}'),
        *("bedrock:UpdateGuardrail", {"guardrailId": "i"}, "i"),
    ),
    once(
        *("BedrockCreateGuardrailVersionOperator", 'guardrail_identifier="i"', "bedrock:CreateGuardrailVersion"),
        *({"version": "2"}, "2"),
    ),
    once("BedrockDeleteGuardrailOperator", 'guardrail_identifier="i"', "bedrock:DeleteGuardrail", {}),
    Case(
        *("BedrockCreateKnowledgeBaseOperator", "bedrock", BASE),
        {
            "bedrock-agent:CreateKnowledgeBase": [NOT_READY, {"knowledgeBase": {"knowledgeBaseId": "k"}}],
            "bedrock-agent:GetKnowledgeBase": states("knowledgeBase.status", "CREATING", "ACTIVE"),
        },
        ("CreateKnowledgeBase", "GetKnowledgeBase"),
        "k",
        {"bedrock-agent:CreateKnowledgeBase": NOT_READY},
    ),
    once(
        *("BedrockCreateDataSourceOperator", 'name="d", knowledge_base_id="ABCDEFGHIJ", bucket_name="b"'),
        *("bedrock-agent:CreateDataSource", {"dataSource": {"dataSourceId": "d"}}, "d"),
    ),
    waits(
        *("BedrockIngestDataOperator", INGEST),
        ("bedrock-agent:StartIngestionJob", {"ingestionJob": {"ingestionJobId": "j"}}),
        "bedrock-agent:GetIngestionJob",
        states("ingestionJob.status", "STARTING", "COMPLETE"),
        *(states("ingestionJob.status", "FAILED"), "j"),
    ),
    once(
        *("BedrockRaGOperator", RAG, "bedrock-agent-runtime:RetrieveAndGenerate"),
        *({"sessionId": "s", "output": {"text": "yes"}}, {"sessionId": "s", "output": {"text": "yes"}}),
    ),
    Case(
        *(
            "BedrockRaGOperator",
            "bedrock",
            'input="?", source_type="external_sources", model_arn="arn:m", ' + SOURCES,
        ),
        {"bedrock-agent-runtime:RetrieveAndGenerate": {"output": {"text": "yes"}}},
        ("RetrieveAndGenerate",),
        {"output": {"text": "yes"}},
        {"bedrock-agent-runtime:RetrieveAndGenerate": NO},
    ),
    once(
        *(
            "BedrockRetrieveOperator",
            'retrieval_query="?", knowledge_base_id="ABCDEFGHIJ"',
            "bedrock-agent-runtime:Retrieve",
        ),
        *({"retrievalResults": []}, {"retrievalResults": []}),
    ),
    waits(
        "BedrockCreateAgentRuntimeOperator",
        f'agent_runtime_name="a", {ARTIFACT}, role_arn="r", {NETWORK}',
        ("bedrock-agentcore-control:CreateAgentRuntime", AGENT),
        *("bedrock-agentcore-control:GetAgentRuntime", status("CREATING", "READY"), status("CREATE_FAILED"), "arn:a"),
    ),
    waits(
        "BedrockDeleteAgentRuntimeOperator",
        'agent_runtime_id="a"',
        ("bedrock-agentcore-control:DeleteAgentRuntime", {}),
        "bedrock-agentcore-control:GetAgentRuntime",
        [*status("DELETING"), Failure("ResourceNotFoundException")],
        *(status("DELETING"), None),
    ),
    once(
        *("BedrockInvokeAgentRuntimeOperator", 'agent_runtime_arn="arn:a", payload={"q": "{{ ds }}"}'),
        "bedrock-agentcore:InvokeAgentRuntime",
        answered(b'{"a": 1}', contentType="application/json"),
        {"contentType": "application/json", "response": {"a": 1}},
    ),
    sensor(
        *("BedrockCustomizeModelCompletedSensor", 'job_name="j"', "bedrock:GetModelCustomizationJob"),
        *(status("InProgress", "Completed"), status("Stopped")),
    ),
    sensor(
        *("BedrockProvisionModelThroughputCompletedSensor", 'model_id="m"', "bedrock:GetProvisionedModelThroughput"),
        *(status("Creating", "InService"), status("Failed")),
    ),
    sensor(
        *("BedrockKnowledgeBaseActiveSensor", 'knowledge_base_id="ABCDEFGHIJ"', "bedrock-agent:GetKnowledgeBase"),
        *(states("knowledgeBase.status", "CREATING", "ACTIVE"), states("knowledgeBase.status", "FAILED")),
    ),
    sensor(
        *("BedrockIngestionJobSensor", f'{INGEST}, ingestion_job_id="ABCDEFGHIJ"', "bedrock-agent:GetIngestionJob"),
        *(states("ingestionJob.status", "STARTING", "COMPLETE"), states("ingestionJob.status", "FAILED")),
    ),
    sensor(
        *("BedrockBatchInferenceSensor", 'job_arn="arn:j"', "bedrock:GetModelInvocationJob"),
        *(status("Validating", "Scheduled"), status("Expired")),
    ),
)
