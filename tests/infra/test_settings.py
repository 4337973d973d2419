"""Settings from CDK context, and the names that follow from them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dag_translator.errors import UsageError
from infra.settings import Settings


def read(**context: Any) -> Settings:
    return Settings.read(lambda name: context.get(name))


def test_the_guide_tells_of_every_setting() -> None:
    context = json.loads(Path("cdk.json").read_text())["context"]
    table = Path("GUIDE.md").read_text().partition("## Settings")[2]
    assert [name for name in context if not name.startswith("@") and f"`{name}`" not in table] == []


def test_cdk_json_states_the_defaults() -> None:
    context = json.loads(Path("cdk.json").read_text())["context"]
    assert read(**context) == read()
    own = {name for name in context if not name.startswith("@aws-cdk")}
    assert {name.replace("_", "").lower() for name in Settings.__slots__} == {name.lower() for name in own}


def test_the_command_lines_text_becomes_the_settings_type(tmp_path: Path) -> None:
    given = read(memory="1024", skipRefused="true", logExecutionData="false", dagsFolder=str(tmp_path), alarmTopic="")
    assert (given.memory, given.skip_refused, given.log_execution_data) == (1024, True, False)
    assert (given.dags_folder, given.alarm_topic) == (tmp_path, None)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        read(architecture="sparc", pythonVersion="2.7", logRetentionDays="4", skipRefused="maybe", memory="much")
    text = str(raised.value)
    assert [
        name
        for name in ("architecture", "pythonVersion", "logRetentionDays", "skipRefused", "memory")
        if name not in text
    ] == []
    assert "none of arm64, x86_64" in text


@pytest.mark.parametrize("prefix", ["Air", "-x", "x" * 21, "a_b", "aws-airflow", "ssm"])
def test_a_prefix_that_no_bucket_or_parameter_can_have_is_refused(prefix: str) -> None:
    with pytest.raises(UsageError, match="setting prefix"):
        read(prefix=prefix)


def test_requirements_are_those_of_the_dags_folder_if_it_has_any(tmp_path: Path) -> None:
    assert read(dagsFolder=str(tmp_path)).requirements is None
    (tmp_path / "requirements.txt").write_text("")
    assert read(dagsFolder=str(tmp_path)).requirements == tmp_path / "requirements.txt"
    with pytest.raises(UsageError, match=r"there is no file .*other\.txt"):
        read(requirements=str(tmp_path / "other.txt"))


def test_requirements_may_lie_beside_the_dags_folder(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "requirements.txt").write_text("")
    assert read(dagsFolder=str(tmp_path / "dags")).requirements == tmp_path / "requirements.txt"


def test_requirements_may_lie_around_a_project_that_is_a_package(tmp_path: Path) -> None:
    (tmp_path / "acme/dags").mkdir(parents=True)
    (tmp_path / "acme/__init__.py").write_text("")
    (tmp_path / "requirements.txt").write_text("")
    assert read(dagsFolder=str(tmp_path / "acme/dags")).requirements == tmp_path / "requirements.txt"


def test_the_environment_of_dag_files() -> None:
    given = {"REGION_OF_DATA": "eu-west-1", "AIRFLOW_VAR_X": "1"}
    assert read(environment=given).environment == read(environment=json.dumps(given)).environment == given


@pytest.mark.parametrize("given", [["A"], {"A": 1}, {"AWS_REGION": "x"}, {"a-b": "x"}, {"_A": "x"}, {"A": "x" * 3000}])
def test_an_environment_that_lambda_does_not_take_is_refused(given: object) -> None:
    with pytest.raises(UsageError, match="setting environment"):
        read(environment=given)


SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registries/ghcr-a1B2c3"


def test_secrets_of_private_registries() -> None:
    given = {"ghcr": SECRET}
    found = read(dockerCredentials=given).docker_credentials
    assert found == read(dockerCredentials=json.dumps(given)).docker_credentials == given


@pytest.mark.parametrize(
    "given", [[SECRET], {"a": "registries/ghcr"}, {"a": SECRET[:-7]}, {"a": {"secret": SECRET}}, "x"]
)
def test_a_secret_is_named_by_its_complete_arn(given: object) -> None:
    with pytest.raises(UsageError, match="setting dockerCredentials"):
        read(dockerCredentials=given)


def test_the_local_aws_runs_this_machines_python() -> None:
    assert (
        read(target="local", pythonVersion="3.13").python_version
        == f"{sys.version_info.major}.{sys.version_info.minor}"
    )


def test_permissions_of_the_dags_own_python() -> None:
    asked = {"*": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::lake/*"]}]}
    assert read(taskPermissions=asked).task_permissions == asked
    assert read(taskPermissions=json.dumps(asked)).task_permissions == asked
    with pytest.raises(UsageError, match="setting taskPermissions"):
        read(taskPermissions={"*": [{"actions": ["s3:GetObject"]}]})


def test_stack_names_are_readable_and_never_clash() -> None:
    settings = Settings()
    ids = ["a_b", "a-b", "a.b", "platform", "A_b"]
    names = [settings.stack_name(dag_id, ids) for dag_id in ids]
    assert names[0] == "airstep-a-b"
    assert settings.stack_name("platform") != settings.platform_stack
    assert len(set(names)) == len(ids)
    assert all(len(settings.function("x" * 100)) <= 64 for _ in ids)
