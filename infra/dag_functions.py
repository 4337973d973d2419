"""A DAG's functions: one for each size that its tasks ask for, their layers, and the containers of what outgrows them.

Invariant: definitions get the ARNs of function *versions*: a run that is under way keeps the code it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm

from dag_translator.errors import InternalError
from dag_translator.import_path import place_in_package
from infra.containers import Containers
from infra.dag_deployment import DagDeployment
from infra.functions import KEPT, FunctionSpec, add_function, asset, layer_of, store_environment
from infra.images import Images
from infra.permissions import task_rights
from infra.platform_stack import LAYER_PARAMETER, SIGNAL, SIGNAL_PARAMETER
from infra.settings import Settings
from infra.vpc import put_into_vpc

HANDLER = "lambdas.task_function.handler"
SIGNAL_PLACEHOLDER = "SignalFunction"


class DagFunctions:
    """What a DAG's stack has to run Python.

    versions: what the definitions' placeholders stand for, but for parts; names: of the functions that states invoke.
    """

    def __init__(self, scope: Stack, deployment: DagDeployment, settings: Settings) -> None:
        self._scope = scope
        self._deployment = deployment
        self._manifest = deployment.manifest
        self._settings = settings
        self.names: set[str] = set()
        self.containers: Containers | None = None
        self.images: Images | None = None
        self.versions = self._add_functions()

    def _add_functions(self) -> dict[str, str]:
        wanted = self._deployment.wanted()
        versions = {}
        if SIGNAL_PLACEHOLDER in wanted:
            versions[SIGNAL_PLACEHOLDER] = self._platform_value(SIGNAL_PARAMETER)
            self.names.add(self._settings.function(SIGNAL.part))
        layer_arn = self._platform_value(LAYER_PARAMETER)
        layer = layer_of(self._scope, "Layer", layer_arn, self._settings)
        own = self._add_environments()
        if self._manifest.get("images"):
            name = self._settings.function(self._deployment.machine_name)
            self.images = Images(self._scope, self._manifest, self._settings, name)
            versions |= self.images.substitutions
        for name, size in self._manifest["functions"].items():
            versions[name] = self._add_function(name, size, layer, own).current_version.function_arn
        if self._manifest.get("containers"):
            self.containers = Containers(
                self._scope,
                self._manifest,
                self._settings,
                function=versions["TaskFunction"],
                function_name=self._settings.function(self._deployment.machine_name),
                rights=task_rights(self._manifest, self._settings),
            )
            versions |= self.containers.substitutions
        if unknown := wanted - set(versions):
            raise InternalError(
                f"{self._deployment.dag_id}: the definition names {sorted(unknown)}, the manifest does not"
            )
        return versions

    def _add_environments(self) -> tuple[lambda_.ILayerVersion, ...]:
        package = self._deployment.environments
        if package is None:
            return ()
        code = asset(package, self._settings.cache_folder)
        described = f"Packages that tasks of {self._deployment.machine_name} have to themselves"
        name = self._settings.function(self._deployment.machine_name)
        made = lambda_.LayerVersion(
            self._scope, "Environments", layer_version_name=name, code=code, description=described
        )
        made.apply_removal_policy(KEPT)  # earlier function versions stay usable, and inspectable
        return (made,)

    def _add_function(
        self, name: str, size: Mapping[str, Any], layer: lambda_.ILayerVersion, own: tuple[lambda_.ILayerVersion, ...]
    ) -> lambda_.Function:
        if unknown := set(size) - {"memory", "timeout", "ephemeral_storage", "layers"}:
            raise InternalError(
                f"{self._deployment.dag_id}: function {name} wants {sorted(unknown)}, which nothing sets"
            )
        dag_id, settings = self._deployment.dag_id, self._settings
        event_buckets = " ".join(settings.s3_event_buckets)
        further = [
            layer_of(self._scope, f"{name}Layer{number}", layer_arn, settings)
            for number, layer_arn in enumerate(size.get("layers", ()), 1)
        ]
        dags = place_in_package(settings.dags_folder)
        spec = FunctionSpec(
            name=settings.task_function(self._deployment.machine_name, name),
            handler=HANDLER,
            package=self._deployment.package,
            description=f"Runs the tasks of the DAG {dag_id}",
            environment={
                **settings.environment,
                **store_environment(settings),
                "AIRSTEP_DAGS_FOLDER": dags,
                "AIRSTEP_DAG_FILE": f"{dags}/{self._manifest['file']}",
                "AIRSTEP_DAG_ID": dag_id,
                # Airflow's own names for its settings.
                "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": str(settings.create_cron_data_intervals),
                "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS": str(settings.create_delta_data_intervals),
                **({"AIRSTEP_S3_EVENT_BUCKETS": event_buckets} if self._manifest.get("watches") else {}),
                **({"AIRFLOW__EMAIL__FROM_EMAIL": settings.mail_from} if settings.mail_from else {}),
                **({"AIRSTEP_EKS_CLUSTER": settings.eks_cluster} if self._runs_pods() and settings.eks_cluster else {}),
                **({"AIRSTEP_CONTAINER_LOGS": self.images.log_group} if self.images else {}),
                "AIRSTEP_SIGNAL_FUNCTION": settings.function(SIGNAL.part),
                "AIRSTEP_LAYER": self._deployment.platform_digests[LAYER_PARAMETER][:16],
            },
            timeout=int(size.get("timeout") or 900),
            memory=int(size.get("memory") or settings.memory),
            layers=(*own, *further),
            storage=size.get("ephemeral_storage"),
        )
        self.names.add(spec.name)
        function = add_function(self._scope, name, spec, layer, settings)
        own_rights = self.images.function_rights() if self.images else []
        for statement in (*task_rights(self._manifest, settings), *own_rights):
            function.add_to_role_policy(statement)
        put_into_vpc(function, spec.name, dag_id, settings)
        return function

    def _runs_pods(self) -> bool:
        return any("eks" in task for task in self._manifest["tasks"])

    def _platform_value(self, name: str) -> str:
        return ssm.StringParameter.value_for_string_parameter(self._scope, self._settings.parameter(name))
