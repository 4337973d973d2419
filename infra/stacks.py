"""Puts translated DAGs into stacks: the platform's, and one for each DAG, which stands on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from aws_cdk import App

from dag_translator.pipeline import Rerun
from infra.clusters import check_clusters
from infra.containers import check_settings
from infra.dag_deployment import DagDeployment
from infra.dag_stack import DagStack
from infra.environments import environments_layer
from infra.packaging import Package, Packager
from infra.platform_stack import LAYER_PARAMETER, SIGNAL, SIGNAL_PARAMETER, PlatformStack
from infra.settings import Settings

TASK_MODULE = "lambdas.task_function"


@dataclass(frozen=True, slots=True)
class Source:
    """A DAG: its definition, those of its parts, its machine for re-runs (if any), its manifest, and its file."""

    file: Path
    definition: Mapping[str, Any]
    manifest: Mapping[str, Any]
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rerun: Rerun | None = None


def add_stacks(
    app: App,
    settings: Settings,
    sources: Sequence[Source],
    packager: Packager,
    layer: Package,
    now: datetime | None = None,
) -> None:
    """The platform's stack and one for each DAG. now: schedules that are over by then are left out."""
    platform = PlatformStack(app, settings, layer, packager)
    digests = {LAYER_PARAMETER: layer.digest, SIGNAL_PARAMETER: packager.platform_function(SIGNAL.module).digest}
    ids = [source.manifest["dag_id"] for source in sources]
    for source in sources:
        check_settings(source.manifest, settings)
        check_clusters(source.manifest, settings)
        environments = environments_layer(source.manifest, source.file, settings)
        beside = environments.size if environments is not None else 0
        package = packager.task_function(TASK_MODULE, source.file, beside)
        deployment = DagDeployment(
            source.manifest,
            source.definition,
            package,
            digests,
            parts=source.parts,
            environments=environments,
            rerun=source.rerun,
        )
        stack = DagStack(app, settings.stack_name(deployment.dag_id, ids), deployment, settings, now)
        stack.node.add_dependency(platform)
