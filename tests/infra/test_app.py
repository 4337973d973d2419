"""From DAG files to stacks: what is translated, what stops a deployment, and the example DAGs all the way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dag_translator.errors import TranslationError, UsageError
from infra.settings import Settings
from tests.infra.project import write_tree

GOOD = """
from airflow import DAG
from airflow.operators.empty import EmptyOperator
with DAG("{0}", schedule=None) as dag:
    EmptyOperator(task_id="a")
"""
BAD = """
from airflow import DAG
from airflow.operators.nowhere import NoSuchOperator
with DAG("bad", schedule=None) as dag:
    NoSuchOperator(task_id="a")
"""


def settings(folder: Path, *, skip_refused: bool = False) -> Settings:
    return Settings(dags_folder=folder, skip_refused=skip_refused, cache_folder=folder / ".airstep")


def test_all_problems_of_all_files_stop_the_deployment(tmp_path: Path) -> None:
    from infra.app import translate

    write_tree(tmp_path, {"good.py": GOOD.format("good"), "bad.py": BAD, "worse.py": "# airflow dag\ndef"})
    with pytest.raises(TranslationError) as raised:
        translate(settings(tmp_path))
    text = str(raised.value)
    assert f"{tmp_path / 'bad.py'}:3" in text
    assert f"{tmp_path / 'worse.py'}:2" in text


def test_refused_dags_can_be_left_out_and_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from infra.app import translate

    write_tree(tmp_path, {"good.py": GOOD.format("good"), "bad.py": BAD})
    sources = translate(settings(tmp_path, skip_refused=True))
    assert [source.manifest["dag_id"] for source in sources] == ["good"]
    assert "left out: " in capsys.readouterr().err


def test_a_dag_that_needs_a_container_may_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its long execution_timeout alone asks for one; where nothing says where it runs, the others still deploy."""
    from infra.app import translate

    long = GOOD.format("long").replace(
        'EmptyOperator(task_id="a")',
        "BashOperator(task_id='a', bash_command='x', execution_timeout=timedelta(hours=1))",
    )
    imports = "from datetime import timedelta\nfrom airflow.operators.bash import BashOperator\n"
    write_tree(tmp_path, {"good.py": GOOD.format("good"), "long.py": imports + long})
    with pytest.raises(TranslationError, match="no-containers: a run on Fargate, but fargateCluster"):
        translate(settings(tmp_path))
    assert [source.manifest["dag_id"] for source in translate(settings(tmp_path, skip_refused=True))] == ["good"]
    assert "left out: " in capsys.readouterr().err
    place = replace(settings(tmp_path), fargate_cluster="c", fargate_subnets=("s",), fargate_security_groups=("g",))
    (_, found) = translate(place)
    assert found.manifest["containers"] == {"Container512MB": {"cpu": 256, "memory": 512}}


def test_a_private_registry_needs_a_secret_before_anything_is_deployed(tmp_path: Path) -> None:
    from infra.app import translate

    image = "DockerOperator(task_id='a', image='ghcr.io/team/etl:7', docker_conn_id='ghcr')"
    imports = "from airflow.providers.docker.operators.docker import DockerOperator\n"
    text = imports + GOOD.format("private").replace('EmptyOperator(task_id="a")', image)
    write_tree(tmp_path, {"private.py": text})
    with pytest.raises(TranslationError) as refused:
        translate(settings(tmp_path))
    assert [each.code for each in refused.value.problems] == ["no-containers", "no-credentials"]
    place = replace(settings(tmp_path), fargate_cluster="c", fargate_subnets=("s",), fargate_security_groups=("g",))
    with pytest.raises(TranslationError, match=r"private\.py: no-credentials: a pull.* dockerCredentials .* for ghcr"):
        translate(place)
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ghcr-a1B2c3"
    (found,) = translate(replace(place, docker_credentials={"ghcr": secret}))
    assert [each["docker_conn_id"] for each in found.manifest["images"].values()] == ["ghcr"]


def test_two_dags_of_one_id_are_refused(tmp_path: Path) -> None:
    from infra.app import translate

    write_tree(tmp_path, {"a.py": GOOD.format("twin"), "b.py": GOOD.format("twin")})
    with pytest.raises(TranslationError, match=r"b\.py: duplicate-dag-id: .*a\.py"):
        translate(settings(tmp_path))


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    from infra.app import translate

    with pytest.raises(UsageError, match="no DAG files"):
        translate(settings(tmp_path))


def test_the_example_dags_become_stacks(tmp_path: Path) -> None:
    from aws_cdk import App

    from infra.app import translate
    from infra.dag_deployment import deployable
    from infra.packaging import Packager, layer_package
    from infra.stacks import add_stacks

    ours = Settings(cache_folder=tmp_path / "cache")
    sources = translate(ours)
    layer = layer_package(write_tree(tmp_path / "layer", {"pendulum/__init__.py": ""}))
    app = App(outdir=str(tmp_path / "out"), analytics_reporting=False, builtin_cloud_formation_validation=False)
    add_stacks(app, ours, sources, Packager(ours.dags_folder), layer)
    folder = Path(app.synth().directory)
    assert sources
    for source in sources:
        template = json.loads((folder / f"{ours.stack_name(source.manifest['dag_id'])}.template.json").read_text())
        machines = {
            each["Properties"]["StateMachineName"]: each["Properties"]
            for each in template["Resources"].values()
            if each["Type"] == "AWS::StepFunctions::StateMachine"
        }
        own, again = source.manifest["machine_name"], source.manifest["rerun_machine_name"]
        assert {name: json.loads(machine["DefinitionString"]) for name, machine in machines.items()} == {
            own: json.loads(deployable(source.definition)),
            again: source.rerun and json.loads(deployable(source.rerun.definition)),
        }
        assert "TaskFunction" in machines[own]["DefinitionSubstitutions"]
        assert machines[own]["RoleArn"] == machines[again]["RoleArn"]
        assert f"execution:{again}" in json.dumps(template), "the task function notes which run its executions are"
