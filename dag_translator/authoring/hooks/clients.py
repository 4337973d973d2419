"""Hooks that are a boto3 client and no more: `BedrockHook().conn.list_foundation_models()`."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.hooks.aws import AwsBaseHook


class AppflowHook(AwsBaseHook):
    service = "appflow"


class AwsLogsHook(AwsBaseHook):
    service = "logs"


class BatchClientHook(AwsBaseHook):
    service = "batch"


class BedrockHook(AwsBaseHook):
    service = "bedrock"


class BedrockRuntimeHook(AwsBaseHook):
    service = "bedrock-runtime"


class BedrockAgentHook(AwsBaseHook):
    service = "bedrock-agent"


class BedrockAgentRuntimeHook(AwsBaseHook):
    service = "bedrock-agent-runtime"


class BedrockAgentCoreControlHook(AwsBaseHook):
    service = "bedrock-agentcore-control"


class BedrockAgentCoreHook(AwsBaseHook):
    service = "bedrock-agentcore"


class CloudFormationHook(AwsBaseHook):
    service = "cloudformation"


class ComprehendHook(AwsBaseHook):
    service = "comprehend"


class DataSyncHook(AwsBaseHook):
    service = "datasync"


class DmsHook(AwsBaseHook):
    service = "dms"


class EcrHook(AwsBaseHook):
    service = "ecr"


class EC2Hook(AwsBaseHook):
    """api_type: "client_type", or boto3's resource."""

    def __init__(self, api_type: str = "resource_type", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, api_type: "ec2"})


class EksHook(AwsBaseHook):
    service = "eks"


class ElastiCacheReplicationGroupHook(AwsBaseHook):
    service = "elasticache"


class EmrContainerHook(AwsBaseHook):
    """virtual_cluster_id: what its operators run jobs on."""

    service = "emr-containers"

    def __init__(self, *args: Any, virtual_cluster_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.virtual_cluster_id = virtual_cluster_id


class EventBridgeHook(AwsBaseHook):
    service = "events"


class GlacierHook(AwsBaseHook):
    service = "glacier"


class GlueDataBrewHook(AwsBaseHook):
    service = "databrew"


class GlueDataQualityHook(AwsBaseHook):
    service = "glue"


class KinesisHook(AwsBaseHook):
    service = "kinesis"


class KinesisAnalyticsV2Hook(AwsBaseHook):
    service = "kinesisanalyticsv2"


class MskHook(AwsBaseHook):
    service = "kafka"


class NeptuneAnalyticsHook(AwsBaseHook):
    service = "neptune-graph"


class OpenSearchServerlessHook(AwsBaseHook):
    service = "opensearchserverless"


class QuickSightHook(AwsBaseHook):
    service = "quicksight"


class RedshiftDataHook(AwsBaseHook):
    service = "redshift-data"


class S3TablesHook(AwsBaseHook):
    service = "s3tables"


class SageMakerHook(AwsBaseHook):
    service = "sagemaker"


class VerifiedPermissionsHook(AwsBaseHook):
    service = "verifiedpermissions"
