"""Kubernetes' models without the distribution, and with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from dag_translator.authoring.imports import airflow_imports
from dag_translator.authoring.pods import models
from dag_translator.authoring.pods.fields import FIELDS_OF


def test_every_model_can_be_written_and_read_back() -> None:
    for name in FIELDS_OF:
        kind = models.model(name)
        made = kind(**dict.fromkeys(kind.attribute_map, 1))
        assert set(models.plain(made)) == set(kind.attribute_map.values())
        assert made == kind(*[1] * len(kind.attribute_map))
        assert made != kind()


def test_json_names_that_are_not_camel_case() -> None:
    made = models.model("V1PodSpec")(host_ipc=True, containers=[models.model("V1ContainerPort")(host_ip="::")])
    assert models.plain(made) == {"hostIPC": True, "containers": [{"hostIP": "::"}]}
    assert made.to_dict()["containers"][0]["host_ip"] == "::"


def test_the_modules_are_there_while_a_dag_file_loads() -> None:
    wanted = "from kubernetes.client import V1EnvVar, models as k8s; assert k8s.V1EnvVar is V1EnvVar"
    with airflow_imports():
        exec(wanted)
        exec("import kubernetes; assert kubernetes.client.models.V1Pod")
        with pytest.raises(ImportError, match="models of a pod"):
            exec("from kubernetes.client import CoreV1Api")
        with pytest.raises(ImportError, match="models of a pod"):
            exec("from kubernetes import config")
        with pytest.raises(ModuleNotFoundError):
            exec("import kubernetes.config")
    assert "kubernetes" not in sys.modules


def test_an_installed_distribution_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubernetes").mkdir()
    (tmp_path / "kubernetes" / "__init__.py").write_text("installed = True")
    monkeypatch.syspath_prepend(tmp_path)
    with airflow_imports():
        exec("import kubernetes; assert kubernetes.installed")
        with pytest.raises(ModuleNotFoundError):
            exec("import kubernetes.client")
    del sys.modules["kubernetes"]


class Theirs:
    """A model of the client's own, as it is generated: with a map of names, or (newer) with pydantic's."""

    attribute_map = {"value_from": "valueFrom", "name": "name"}  # noqa: RUF012

    def __init__(self, **given: Any) -> None:
        self.name, self.value_from = given.get("name"), given.get("value_from")


def test_models_of_the_distribution_are_taken_too() -> None:
    assert models.plain([Theirs(name="a", value_from=Theirs(name="b"))]) == [{"name": "a", "valueFrom": {"name": "b"}}]
    newer = type(
        "V1EnvVar",
        (),
        {
            "__module__": "kubernetes.client.models.v1_env_var",
            "to_dict": lambda _self, serialize: {"valueFrom": {"a": 1}, "value": None} if serialize else {},
        },
    )
    assert models.plain(newer()) == {"valueFrom": {"a": 1}}
