"""One Lambda function as this project has them: Python, fixed name, own role, own log group, a pinned version.

The role may write to the function's log group and trace, and what is granted to it besides; nothing comes from managed
policies. Versions outlive their function's next deployment, so that a run that is under way keeps the code it started
with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import AssetHashType, Aws, Duration, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.packaging import Package
from infra.settings import Settings

METRICS_NAMESPACE = "Airstep"

# Of what runs under way still need after the next deployment. What a failed deployment made goes with it: Lambda would
# refuse to publish that version again. Source: CloudFormation user guide, "DeletionPolicy attribute".
KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What one function is. name: of the function; handler: "package.module.function"; timeout: seconds; memory: MB.
    layers: besides the platform's; storage: MB under /tmp.
    """

    name: str
    handler: str
    package: Package
    description: str
    environment: Mapping[str, str]
    timeout: int
    memory: int
    layers: tuple[lambda_.ILayerVersion, ...] = ()
    storage: int | None = None


def add_function(
    scope: Construct, construct_id: str, spec: FunctionSpec, layer: lambda_.ILayerVersion, settings: Settings
) -> lambda_.Function:
    """Add the function, its log group and its role to `scope`."""
    log_group = logs.CfnLogGroup(
        scope,
        f"{construct_id}Logs",
        log_group_name=f"/aws/lambda/{spec.name}",
        retention_in_days=settings.log_retention_days,
    )
    function = lambda_.Function(
        scope,
        construct_id,
        function_name=spec.name,
        description=spec.description[:256],
        handler=spec.handler,
        code=asset(spec.package, settings.cache_folder),
        layers=[layer, *spec.layers],
        runtime=runtime(settings),
        architecture=lambda_.Architecture.ARM_64 if settings.architecture == "arm64" else lambda_.Architecture.X86_64,
        memory_size=spec.memory,
        ephemeral_storage_size=Size.mebibytes(spec.storage) if spec.storage else None,
        timeout=Duration.seconds(spec.timeout),
        environment={
            "POWERTOOLS_SERVICE_NAME": settings.prefix,
            "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
            **spec.environment,
        },
        role=_role(scope, f"{construct_id}Role", spec),
        tracing=lambda_.Tracing.ACTIVE,
        current_version_options=lambda_.VersionOptions(removal_policy=KEPT),
    )
    function.node.add_dependency(log_group)
    return function


def runtime(settings: Settings) -> lambda_.Runtime:
    """Lambda's Python. Never a `Runtime` of our own: each that is made joins `Runtime.ALL`."""
    found: lambda_.Runtime = getattr(lambda_.Runtime, f"PYTHON_{settings.python_version.replace('.', '_')}")
    return found


def layer_of(scope: Construct, construct_id: str, layer_arn: str, settings: Settings) -> lambda_.ILayerVersion:
    """A layer version that is there already.

    The id of a function's version is a hash of all that CDK knows of it, a layer's runtimes included, and those of a
    layer known by its ARN alone are `Runtime.ALL`: a new version of CDK, or another DAG beside, would ask for a new
    version of a function that is the same, which Lambda refuses ("A version for this Lambda function exists").
    """
    return lambda_.LayerVersion.from_layer_version_attributes(
        scope, construct_id, layer_version_arn=layer_arn, compatible_runtimes=[runtime(settings)]
    )


def store_environment(settings: Settings) -> dict[str, str]:
    """What `lambdas.aws` reads to find the store."""
    return {
        "AIRSTEP_TABLE": settings.table,
        "AIRSTEP_BUCKET": settings.bucket(Aws.ACCOUNT_ID, Aws.REGION),
        "AIRSTEP_KEEP_DAYS": str(settings.run_retention_days),
    }


def asset(package: Package, cache: Path) -> lambda_.Code:
    """The package as code for a function or a layer, identified by its contents."""
    path = str(package.write(cache))
    return lambda_.Code.from_asset(path, asset_hash=package.digest, asset_hash_type=AssetHashType.CUSTOM)


def _role(scope: Construct, construct_id: str, spec: FunctionSpec) -> iam.Role:
    role = iam.Role(
        scope,
        construct_id,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=f"What the function {spec.name} may do",
    )
    group = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:/aws/lambda/{spec.name}:*"
    role.add_to_policy(
        iam.PolicyStatement(sid="OwnLogs", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group])
    )
    return role
