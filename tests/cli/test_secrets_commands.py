"""Variables and Connections on an account, which moto plays: in Airflow's words and file formats."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from tests.cli.conftest import Airstep
from tests.cli.test_account_commands import store

__all__ = ["store"]  # a fixture


@pytest.mark.usefixtures("store")
def test_variables(airstep: Airstep) -> None:
    assert airstep("variables", "set", "bucket", "b1").code == 0
    assert airstep("variables", "get", "bucket").stdout == "b1\n"
    assert [row["key"] for row in airstep("variables", "list", "-o", "json").json] == ["bucket"]
    assert boto3.client("ssm").get_parameter(Name="/airflow/variables/bucket")["Parameter"]["Type"] == "SecureString"
    assert airstep("variables", "delete", "bucket").code == 0
    assert airstep("variables", "get", "bucket").code == 2


@pytest.mark.usefixtures("store")
def test_connections(airstep: Airstep) -> None:
    uri = "postgres://me:p%40ss@host:5432/db?sslmode=require"
    assert airstep("connections", "add", "pg", "--conn-uri", uri).code == 0
    (shown,) = airstep("connections", "get", "pg", "-o", "json").json
    assert (shown["host"], shown["password"], shown["port"]) == ("host", "***", 5432)
    (clear,) = airstep("connections", "get", "pg", "--show-password", "-o", "json").json
    assert clear["password"] == "p@ss"
    assert airstep("connections", "add", "pg", "--conn-type", "http", "--conn-extra", '{"a": 1}').code == 0
    (replaced,) = airstep("connections", "get", "pg", "-o", "json").json
    assert replaced == {"conn_id": "pg", "conn_type": "http", "extra": {"a": 1}}
    assert airstep("connections", "list", "-o", "json").json == [{"conn_id": "pg"}]
    assert airstep("connections", "add", "pg", "--conn-uri", uri, "--conn-type", "http").code == 2
    assert airstep("connections", "delete", "pg").code == 0
    assert airstep("connections", "get", "other").code == 2


@pytest.mark.usefixtures("store")
def test_variables_as_json(airstep: Airstep) -> None:
    airstep("variables", "set", "plain", "a text", "--json")
    assert airstep("variables", "get", "plain").stdout == '"a text"\n'
    airstep("variables", "set", "object", '{"a": [1, "ä"]}')
    assert airstep("variables", "get", "object", "--json").json == {"a": [1, "ä"]}
    assert airstep("variables", "get", "none", "--default", "d").stdout == "d\n"
    airstep("variables", "set", "text", "a text")
    assert "is not JSON" in airstep("variables", "get", "text", "-j").stderr
    rows = airstep("variables", "list", "--show-values", "-o", "json").json
    assert {row["key"]: row["val"] for row in rows}["text"] == "a text"
    masked = airstep("variables", "list", "--show-values", "--hide-sensitive", "-o", "json").json
    assert {row["val"] for row in masked} == {"***"}
    assert airstep("variables", "list", "--hide-sensitive").code == 2


@pytest.mark.usefixtures("store")
def test_variables_go_to_a_file_and_back(airstep: Airstep, tmp_path: Path) -> None:
    """The file is what `airflow variables export` of 3.3.2 writes for the same Variables."""
    airstep("variables", "set", "described", "x", "--description", "what it is for")
    airstep("variables", "set", "object", '{"value": 1}')
    airstep("variables", "set", "number", "7")
    airstep("variables", "set", "quoted", '"q"')
    file = tmp_path / "variables.json"
    assert airstep("variables", "export", file).code == 0
    exported = {
        "described": {"value": "x", "description": "what it is for"},
        "number": 7,
        "object": {"value": {"value": 1}, "description": None},
        "quoted": '"q"',
    }
    assert json.loads(file.read_text()) == exported
    assert file.stat().st_mode & 0o077 == 0, "it holds secrets"
    assert json.loads(airstep("variables", "export", "-").stdout) == exported
    for key in exported:
        airstep("variables", "delete", key)
    assert airstep("variables", "import", file).code == 0
    assert json.loads(airstep("variables", "export", "-").stdout) == exported


@pytest.mark.usefixtures("store")
def test_what_an_import_does_with_what_is_there(airstep: Airstep, tmp_path: Path) -> None:
    airstep("variables", "set", "a", "old")
    file = tmp_path / "some.env"
    file.write_text("# both\na=new\nb=x=y\n")
    assert "a exist already" in airstep("variables", "import", file, "-a", "fail").stderr
    assert airstep("variables", "get", "b").code == 2, "nothing was imported"
    assert "skipped, as they exist already: a" in airstep("variables", "import", file, "-a", "skip").stderr
    assert [airstep("variables", "get", key).stdout for key in "ab"] == ["old\n", "x=y\n"]
    airstep("variables", "import", file)
    assert airstep("variables", "get", "a").stdout == "new\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("v.yaml", "a: 1", "convert the YAML to JSON"),
        ("v.json", "[]", "one JSON object"),
        ("v.json", "{", "this is not JSON"),
        ("v.env", "a\n", "line 1: a line is KEY=value"),
        ("v.env", "a=1\na=2\n", "line 2: a is there twice"),
    ],
)
def test_files_that_are_refused(airstep: Airstep, tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    called = airstep("variables", "import", tmp_path / name)
    assert called.code == 2
    assert message in called.stderr
    assert airstep("connections", "import", tmp_path / "nothing.json").code == 2


@pytest.mark.usefixtures("store")
def test_connections_go_to_a_file_and_back(airstep: Airstep, tmp_path: Path) -> None:
    uri = "postgres://me:p%40ss@host:5432/db?sslmode=require"
    airstep("connections", "add", "pg", "--conn-uri", uri, "--conn-description", "the warehouse")
    airstep("connections", "add", "api", "--conn-type", "http", "--conn-host", "h", "--conn-extra", '{"a": {"b": 1}}')
    file = tmp_path / "connections.json"
    assert airstep("connections", "export", file).code == 0
    exported = json.loads(file.read_text())
    assert exported["pg"] == {
        "conn_type": "postgres",
        "description": "the warehouse",
        "login": "me",
        "password": "p@ss",
        "host": "host",
        "port": 5432,
        "schema": "db",
        "extra": '{"sslmode": "require"}',
    }
    env = airstep("connections", "export", "-", "--file-format", "env").stdout
    assert env.splitlines()[1] == f"pg={uri}"
    airstep("connections", "delete", "pg")
    assert [row["conn_id"] for row in airstep("connections", "list", "-o", "json").json] == ["api"]
    called = airstep("connections", "import", file)
    assert "could not import Connection api: it exists already" in called.stderr
    assert json.loads(airstep("connections", "export", "-").stdout) == exported
    assert airstep("connections", "import", file, "--overwrite").code == 0
    shown = airstep("connections", "list", "--show-values", "--hide-sensitive", "-o", "json").json
    assert [(row["conn_id"], row.get("password"), row["extra"]) for row in shown] == [
        ("api", None, "***"),
        ("pg", "***", "***"),
    ]


@pytest.mark.usefixtures("store")
def test_a_file_with_a_wrong_connection_imports_none(airstep: Airstep, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"good": "http://h", "bad": {"hots": "h"}}')
    called = airstep("connections", "import", file)
    assert called.code == 2
    assert "bad: unknown hots" in called.stderr
    assert airstep("connections", "list", "-o", "json").json == []


@pytest.mark.usefixtures("store")
def test_a_connection_is_tested(airstep: Airstep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("there", "gone"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", "")  # so that what the command sets is taken back
    airstep("connections", "add", "there", "--conn-type", "sqlite", "--conn-host", str(tmp_path / "a.db"))
    airstep("connections", "add", "gone", "--conn-type", "sqlite", "--conn-host", str(tmp_path / "no" / "a.db"))
    tested = airstep("connections", "test", "there")
    assert (tested.code, tested.stdout) == (0, "Connection successfully tested\n")
    assert airstep("connections", "test", "gone").code == 1
    assert airstep("connections", "test", "never").code == 2
