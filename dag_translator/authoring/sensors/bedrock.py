"""Sensors on what Amazon Bedrock runs. max_retries is Airflow's way to bound a deferred sensor; here timeout does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.bedrock import CUSTOMIZATION, INFERENCE, THROUGHPUT
from dag_translator.authoring.operators.bedrock_knowledge import INGESTION, KNOWLEDGE_BASE


class BedrockBaseSensor(ServiceSensor):
    """What Bedrock's sensors share."""

    ui_color = "#66c3ff"
    service = "bedrock"
    __init__ = takes(deferrable=False)


class BedrockCustomizeModelCompletedSensor(BedrockBaseSensor):
    """Done when the customization job is Completed."""

    template_fields: Any = aws_template_fields("job_name")
    watch = CUSTOMIZATION
    __init__ = takes("job_name", max_retries=75, poke_interval=120)

    def arguments(self) -> dict[str, Any]:
        return {"jobIdentifier": self.job_name}


class BedrockProvisionModelThroughputCompletedSensor(BedrockBaseSensor):
    """Done when the provisioned throughput is InService."""

    template_fields: Any = aws_template_fields("model_id")
    watch = THROUGHPUT
    __init__ = takes("model_id", poke_interval=60, max_retries=20)

    def arguments(self) -> dict[str, Any]:
        return {"provisionedModelId": self.model_id}


class BedrockKnowledgeBaseActiveSensor(BedrockBaseSensor):
    """Done when the knowledge base is ACTIVE."""

    template_fields: Any = aws_template_fields("knowledge_base_id")
    service = "bedrock-agent"
    watch = KNOWLEDGE_BASE
    __init__ = takes("knowledge_base_id", poke_interval=5, max_retries=24)

    def arguments(self) -> dict[str, Any]:
        return {"knowledgeBaseId": self.knowledge_base_id}


class BedrockIngestionJobSensor(BedrockBaseSensor):
    """Done when the ingestion job is COMPLETE."""

    template_fields: Any = aws_template_fields("knowledge_base_id", "data_source_id", "ingestion_job_id")
    service = "bedrock-agent"
    watch = INGESTION
    __init__ = takes("knowledge_base_id", "data_source_id", "ingestion_job_id", poke_interval=60, max_retries=10)

    def arguments(self) -> dict[str, Any]:
        return {
            "knowledgeBaseId": self.knowledge_base_id,
            "ingestionJobId": self.ingestion_job_id,
            "dataSourceId": self.data_source_id,
        }


class BedrockBatchInferenceSensor(BedrockBaseSensor):
    """Done when the batch inference job is scheduled, or with SuccessState.COMPLETED completed."""

    class SuccessState:
        """What is waited for."""

        SCHEDULED = "scheduled"
        COMPLETED = "completed"

    template_fields: Any = aws_template_fields("job_arn", "success_state")
    watch = replace(INFERENCE, failure=("Failed", "Stopped", "PartiallyCompleted", "Expired"))
    __init__ = takes("job_arn", success_state=SuccessState.SCHEDULED, poke_interval=120, max_retries=75)

    def arguments(self) -> dict[str, Any]:
        return {"jobIdentifier": self.job_arn}

    def success_states(self) -> tuple[str, ...]:
        match self.success_state:
            case "scheduled":
                return ("Completed", "Scheduled")
            case "completed":
                return ("Completed",)
        raise ValueError("success_state must be a BedrockBatchInferenceSensor.SuccessState")
