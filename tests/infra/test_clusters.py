"""A DAG whose tasks are pods: the cluster is named, and lets the machine in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.clusters import missing_cluster
from infra.settings import Settings
from tests.infra.project import Cloud, definition, invoke, manifest

MANIFEST = manifest(
    "pods",
    tasks=[
        {"task_id": "train", "eks": {"cluster": "", "namespace": "ml"}},
        {"task_id": "load", "eks": {"cluster": "", "namespace": "data"}},
        {"task_id": "serve", "eks": {"cluster": "serving", "namespace": "*"}},
        {"task_id": "any", "eks": {"cluster": "*", "namespace": "default"}},
    ],
)


def synthesised(trees: Path, name: str, **more: Any) -> Cloud:
    from aws_cdk import App

    from infra.packaging import Packager, layer_package
    from infra.stacks import Source, add_stacks

    settings = Settings(dags_folder=trees / "dags", cache_folder=trees / name, eks_cluster="work", **more)
    app = App(outdir=str(trees / f"{name}.out"), analytics_reporting=False, builtin_cloud_formation_validation=False)
    layer = layer_package(trees / "layer")
    packager = Packager(settings.dags_folder, layer.size, trees / "source")
    source = Source(trees / "dags/other.py", definition(a=invoke("TaskFunction")), MANIFEST)
    add_stacks(app, settings, [source], packager, layer)
    folder = Path(app.synth().directory)
    return Cloud(folder, {"airstep-pods": json.loads((folder / "airstep-pods.template.json").read_text())})


def test_each_cluster_lets_the_machine_in_where_its_pods_are(trees: Path) -> None:
    cloud = synthesised(trees, "clusters")
    entries = {each["ClusterName"]: each for each in cloud.resources("airstep-pods", "AWS::EKS::AccessEntry")}
    assert set(entries) == {"work", "serving"}
    scopes = {name: each["AccessPolicies"][0]["AccessScope"] for name, each in entries.items()}
    assert scopes == {"work": {"Type": "namespace", "Namespaces": ["data", "ml"]}, "serving": {"Type": "cluster"}}
    (machine,) = cloud.resources("airstep-pods", "AWS::StepFunctions::StateMachine")
    assert all(each["PrincipalArn"] == machine["RoleArn"] for each in entries.values())
    assert "AmazonEKSEditPolicy" in json.dumps(entries["work"]["AccessPolicies"])
    (function,) = cloud.resources("airstep-pods", "AWS::Lambda::Function")
    assert function["Environment"]["Variables"]["AIRSTEP_EKS_CLUSTER"] == "work"


def test_somebody_else_may_let_it_in(trees: Path) -> None:
    cloud = synthesised(trees, "own-clusters", eks_access_entry=False)
    assert not cloud.resources("airstep-pods", "AWS::EKS::AccessEntry")


@pytest.mark.parametrize(
    ("settings", "words"),
    [(Settings(), "eksCluster is not set"), (Settings.read({"target": "local"}.get), "no Kubernetes")],
)
def test_without_a_cluster_they_are_refused(settings: Settings, words: str) -> None:
    problem = missing_cluster(MANIFEST, settings)
    assert problem is not None
    assert problem.message.startswith("train, load, serve, any run in pods")
    assert words in problem.message


def test_a_cluster_that_the_task_names_needs_no_setting() -> None:
    own = manifest("own", tasks=[{"task_id": "a", "eks": {"cluster": "c", "namespace": "default"}}])
    assert missing_cluster(own, Settings()) is None
    assert missing_cluster(manifest("none"), Settings()) is None
