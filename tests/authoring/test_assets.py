"""Assets in DAG files: what they are called, what they combine to, what decorators make of functions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dag_translator.assets import assets_of, unresolved
from dag_translator.authoring.models.assets import Asset, AssetAlias, AssetAll, AssetAny, Dataset, sanitized
from dag_translator.load import load

FILE = """
from datetime import datetime
from airflow.datasets import Dataset
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, AssetAlias, AssetWatcher, asset, task
{code}
"""


def loaded(tmp_path: Path, code: str) -> Any:
    file = tmp_path / "file.py"
    file.write_text(FILE.replace("{code}", code))
    return load(file)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("S3://bucket/Key/", "s3://bucket/Key"),
        ("s3://bucket", "s3://bucket/"),
        ("https://user:secret@host/x?b=1&a=2#top", "https://host/x?a=2&b=1"),
        ("x-own://A/", "x-own://A/"),
        ("plain name", "plain name"),
    ],
)
def test_a_uri_is_kept_as_airflow_keeps_it(given: str, expected: str) -> None:
    """Measured on Airflow 3.3.2 with the Amazon provider."""
    assert sanitized(given) == expected


def test_what_is_no_asset() -> None:
    for arguments in (
        {"uri": "airflow://x"},
        {"uri": "s3:///key"},
        {"name": "self"},
        {"name": " "},
        {"name": "x" * 1501},
    ):
        with pytest.raises(ValueError, match=r"."):
            Asset(**arguments)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Asset()
    with pytest.raises(TypeError):
        Asset.ref(name="a", uri="b")
    with pytest.raises(TypeError):
        Asset("a") & "b"


def test_combinations_are_flat_where_they_can_be() -> None:
    a, b, c = Asset("a"), Dataset("b"), AssetAlias("c")
    assert (a & b & c) == AssetAll(a, b, c)
    assert (a | b | c) == AssetAny(a, b, c)
    assert (a | b) & c == AssetAll(AssetAny(a, b), c)
    assert (a.group, b.group, f"{a.__fspath__()}") == ("asset", "dataset", "a")


def test_decorators_make_dags(tmp_path: Path) -> None:
    code = """
@asset(schedule="@daily", tags=["x"], group="g")
def prices(self, context, day="today"): ...

@asset(schedule=prices, uri="s3://lake/report", dag_id="reports")
def report(prices, other, outlet_events): ...

@asset.multi(schedule=prices & report, outlets=[Asset("m1"), AssetAlias("m2")])
def many(): ...

@asset(schedule=None)
@task.bash(env={})
def shell(): return "true"
"""
    file = loaded(tmp_path, code)
    assert file.problems == ()
    prices, report, many, shell = file.dags
    assert [dag.dag_id for dag in file.dags] == ["prices", "reports", "many", "shell"]
    assert (prices.schedule, prices.catchup, prices.tags) == ("@daily", False, {"x"})
    assert assets_of(prices) == {"outlets": [{"task_id": "prices", "name": "prices", "uri": "prices", "group": "g"}]}
    assert assets_of(report)["inlets"] == [
        {"task_id": "report", "name": "prices", "uri": "prices", "group": "g"},
        {"task_id": "report", "name": "other", "uri": "other", "group": "asset"},
    ]
    assert assets_of(many)["outlets"][1] == {"task_id": "many", "alias": "m2"}
    assert assets_of(shell)["outlets"][0]["uri"] == "shell"
    assert [type(each).__name__ for each in many.schedule.objects] == ["AssetDefinition", "AssetDefinition"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("@asset(schedule=None)\ndef a(*args): ...", r"wildcard '\*args' is not supported"),
        ("@asset(schedule=None)\ndef a(**kwargs): ...", r"wildcard '\*\*kwargs' is not supported"),
        ("@asset(schedule=None, retries=3)\ndef a(): ...", "no argument 'retries'"),
        ("@asset.multi(schedule=None, outlets=[])\ndef a(): ...", "no outlets"),
        ("def f():\n    @asset(schedule=None)\n    def a(): ...\nf()", "nested function"),
        ("@asset(schedule=None)\n@task(outlets=[])\ndef a(): ...", "'outlets' argument is not supported"),
    ],
)
def test_what_decorators_refuse(tmp_path: Path, code: str, message: str) -> None:
    (problem,) = loaded(tmp_path, code).problems
    assert problem.severity == "refused"
    assert problem.line
    assert re.search(message, problem.message)


def test_watchers_are_refused_with_another_way(tmp_path: Path) -> None:
    (problem,) = loaded(tmp_path, 'Asset("a", watchers=[AssetWatcher(name="w", trigger=object())])').problems
    assert (problem.code, problem.line) == ("unsupported-asset-watcher", 6)
    assert "EventBridge" in problem.hint


def test_outlets_by_reference(tmp_path: Path) -> None:
    code = """
with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)):
    EmptyOperator(task_id="known", outlets=[Asset.ref(name="later"), Asset.ref(uri="s3://later/")])
    EmptyOperator(task_id="unknown", outlets=[Asset.ref(name="elsewhere")])
LATER = Asset("later", "s3://later")
"""
    (dag,) = loaded(tmp_path, code).dags
    rows = assets_of(dag)["outlets"]
    assert [row["uri"] for row in rows[:2]] == ["s3://later/", "s3://later/"]
    (problem,) = unresolved(dag)
    assert (problem.code, problem.task_id) == ("unknown-asset", "unknown")
