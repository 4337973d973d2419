"""Names of the Amazon provider's hooks that are clients with few methods or none, by Airflow's module.

They are there for DAG files that do without the distribution; where it is installed, its own hooks, which have more
methods, come first.
"""

from __future__ import annotations

from dag_translator.authoring.names.families import names_of

_HOOKS = "airflow.providers.amazon.aws.hooks."
_CLIENTS: dict[str, tuple[str, ...]] = {
    "appflow": ("AppflowHook",),
    "batch_client": ("BatchClientHook",),
    "bedrock": (
        *("BedrockHook", "BedrockRuntimeHook", "BedrockAgentHook", "BedrockAgentRuntimeHook"),
        *("BedrockAgentCoreControlHook", "BedrockAgentCoreHook"),
    ),
    "cloud_formation": ("CloudFormationHook",),
    "comprehend": ("ComprehendHook",),
    "datasync": ("DataSyncHook",),
    "dms": ("DmsHook",),
    "ec2": ("EC2Hook",),
    "ecr": ("EcrHook",),
    "eks": ("EksHook",),
    "elasticache_replication_group": ("ElastiCacheReplicationGroupHook",),
    "emr": ("EmrContainerHook",),
    "glacier": ("GlacierHook",),
    "glue": ("GlueDataQualityHook",),
    "glue_databrew": ("GlueDataBrewHook",),
    "kinesis": ("KinesisHook",),
    "kinesis_analytics": ("KinesisAnalyticsV2Hook",),
    "logs": ("AwsLogsHook",),
    "msk": ("MskHook",),
    "neptune_analytics": ("NeptuneAnalyticsHook",),
    "opensearch_serverless": ("OpenSearchServerlessHook",),
    "quicksight": ("QuickSightHook",),
    "redshift_data": ("RedshiftDataHook",),
    "s3_tables": ("S3TablesHook",),
    "sagemaker": ("SageMakerHook",),
    "verified_permissions": ("VerifiedPermissionsHook",),
}
_STATES: dict[str, tuple[str, ...]] = {
    "ecs": ("EcsHook",),
    "emr": ("EmrHook", "EmrServerlessHook"),
    "glue_crawler": ("GlueCrawlerHook",),
    "mwaa": ("MwaaHook",),
    "neptune": ("NeptuneHook",),
    "rds": ("RdsHook",),
    "redshift_cluster": ("RedshiftHook",),
}
_SERVICES: dict[str, tuple[str, ...]] = {
    "dynamodb": ("DynamoDBHook",),
    "firehose": ("FirehoseHook",),
    "glue_catalog": ("GlueCatalogHook",),
    "kinesis": ("FirehoseHook",),
    "secrets_manager": ("SecretsManagerHook",),
    "ssm": ("SsmHook",),
}


_GLUE: dict[str, tuple[str, ...]] = {"glue": ("GlueJobHook",)}


def _modules() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for module, table in (
        ("hooks.clients", _CLIENTS),
        ("hooks.service_states", _STATES),
        ("hooks.services", _SERVICES),
        ("hooks.glue", _GLUE),
    ):
        for path, names in table.items():
            found.setdefault(_HOOKS + path, {}).update(names_of(module, *names))
    return found


HOOKS = _modules()
# What an installed distribution's own class of the name comes before.
YIELDING = frozenset(target for names in HOOKS.values() for target in names.values())
