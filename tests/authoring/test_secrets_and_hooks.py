"""Variables, connections, hooks, context, configuration, small utilities."""

# mypy: disable-error-code="untyped-decorator, comparison-overlap"

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dag_translator.authoring import runtime
from dag_translator.authoring.configuration import conf
from dag_translator.authoring.exceptions import AirflowConfigException, AirflowException, AirflowNotFoundException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.processes import FSHook, SubprocessHook
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.models.connection import Connection
from dag_translator.authoring.models.notifier import BaseNotifier
from dag_translator.authoring.models.typing_only import TaskInstance
from dag_translator.authoring.models.variable import Variable
from dag_translator.authoring.states import DagRunState, State, TriggerRule, WeekDay
from dag_translator.authoring.utils import macros, timezone
from dag_translator.authoring.utils.dates import days_ago


class Secrets(runtime.Runtime):
    def __init__(self, **connections: str) -> None:
        super().__init__()
        self.variables = {"colour": "red", "config": '{"a": [1]}'}
        self.connections = connections

    def get_variable(self, key: str) -> str | None:
        return self.variables.get(key)

    def set_variable(self, key: str, value: str, description: str | None = None) -> None:
        self.variables[key] = value

    def delete_variable(self, key: str) -> None:
        del self.variables[key]

    def get_connection(self, conn_id: str) -> Any:
        return self.connections.get(conn_id)


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_FROM_ENV", '{"x": 1}')
    with runtime.use(Secrets()):
        assert Variable.get("colour") == "red"
        assert Variable.get("config", deserialize_json=True) == {"a": [1]}
        assert Variable.get("from_env", deserialize_json=True) == {"x": 1}
        assert Variable.get("nope", default_var=None) is None
        assert Variable.get("nope", default="d") == "d"
        assert Variable.get("nope", "positional") == "positional"
        with pytest.raises(KeyError, match="Variable nope does not exist"):
            Variable.get("nope")
        Variable.set("new", {"k": 1}, serialize_json=True)
        assert Variable.get("new", deserialize_json=True) == {"k": 1}
        assert Variable.setdefault("new", {"k": 2}, deserialize_json=True) == {"k": 1}
        Variable.delete("new")
        assert Variable.get("new", default=5) == 5
    with pytest.raises(RuntimeError, match="nowhere to write"):
        Variable.set("x", 1)


def test_a_missing_variable_while_loading_says_what_to_do(load_text: Any) -> None:
    loaded = load_text("from airflow.models import Variable\nVariable.get('bucket')")
    assert [(problem.code, problem.line) for problem in loaded.problems] == [("missing-variable", 2)]
    assert "AIRFLOW_VAR_BUCKET" in loaded.problems[0].hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://me:pw@host:5432/sales", ("postgres", "host", "me", "pw", "sales", 5432, {})),
        ("my-type://u%40x:p%2Fw@h/?a=b%20c&d=", ("my_type", "h", "u@x", "p/w", "", None, {"a": "b c", "d": ""})),
        ("http://https%3A%2F%2Fhost/path", ("http", "https://host", None, None, "path", None, {})),
        ("http://https://host.com:8080", ("http", "https://host.com", None, None, "", 8080, {})),
        (
            "aws://?__extra__=%7B%22region_name%22%3A+%22x%22%7D",
            ("aws", "", None, None, "", None, {"region_name": "x"}),
        ),
        (
            '{"conn_type": "my-db", "host": "h", "port": "1", "extra": {"a": 1}}',
            ("my_db", "h", None, None, None, 1, {"a": 1}),
        ),
        ('{"conn_type": "x", "port": "", "extra": null}', ("x", None, None, None, None, None, {})),
        ("ftp://[::1]:21/x", ("ftp", "::1", None, None, "x", 21, {})),
        (
            "mysql://us%40er:p%3Aw@HOST.Example.com/d%2Fb",
            ("mysql", "host.example.com", "us@er", "p:w", "d/b", None, {}),
        ),
        (
            "spark://k8s%3A%2F%2F100.68.0.1:443?deploy-mode=cluster",
            ("spark", "k8s://100.68.0.1", None, None, "", 443, {"deploy-mode": "cluster"}),
        ),
        (
            "google-cloud-platform://?extra__google_cloud_platform__project=p&num=1",
            (
                "google_cloud_platform",
                "",
                None,
                None,
                "",
                None,
                {"extra__google_cloud_platform__project": "p", "num": "1"},
            ),
        ),
        ("generic://host?a=1&a=2", ("generic", "host", None, None, "", None, {"a": "2"})),
    ],
)
def test_connections_from_text(text: str, expected: tuple[Any, ...]) -> None:
    found = Connection.from_text(text, "c")
    assert (
        found.conn_type,
        found.host,
        found.login,
        found.password,
        found.schema,
        found.port,
        found.extra_dejson,
    ) == expected


@pytest.mark.parametrize(
    "uri",
    ["postgres://me:p%2Fw@host:5432/sales?sslmode=require", "aws://key:secret@/?region_name=x", "http://host/path"],
)
def test_connection_uris_come_back(uri: str) -> None:
    first = Connection(conn_id="c", uri=uri)
    again = Connection(conn_id="c", uri=first.get_uri())
    assert again.to_dict() == first.to_dict()
    assert Connection.from_json(first.as_json(), "c").to_dict()["extra"] == first.extra_dejson


def test_where_connections_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ENV_ONE", "http://env")
    with runtime.use(Secrets(env_one="http://backend", other="http://other")):
        assert BaseHook.get_connection("env_one").host == "env"
        assert BaseHook.get_connection("other").host == "other"
        with pytest.raises(AirflowNotFoundException, match="conn_id `nope` isn't defined"):
            BaseHook.get_connection("nope")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("postgres://me:open/sesame@host/db", "ValueError"),  # its slash is not quoted
        ("http://me:opensesame@x://host", "AirflowException"),
        ('{"password": "opensesame"', "JSONDecodeError"),
        ('{"password": "opensesame", "username": "me"}', "unexpected keyword argument 'username'"),
    ],
)
def test_what_is_wrong_with_a_connection_is_told_without_its_secrets(text: str, told: str) -> None:
    with runtime.use(Secrets(odd=text)), pytest.raises(AirflowException) as caught:
        BaseHook.get_connection("odd")
    assert told in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert "open" not in str(caught.value)
    assert caught.value.__cause__ is None


class Clients(Secrets):
    """Remembers the clients that are asked for; `made` is each of them."""

    def __init__(self, made: Any = None, **connections: str) -> None:
        super().__init__(**connections)
        self.made = made
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def client(self, service: str, **arguments: Any) -> Any:
        self.asked.append((service, arguments))
        return self.made


def test_aws_hooks_use_the_connection_when_there_is_one() -> None:
    with runtime.use(Clients(mine="aws://key:sec%2Fret@/?region_name=eu-west-1&role_arn=arn")) as clients:
        AwsBaseHook(client_type="sqs").get_conn()
        AwsBaseHook("mine", client_type="sqs", region_name="us-east-2").get_client_type()
        AwsBaseHook(aws_conn_id=None).get_client_type("s3")
    assert clients.asked == [  # type: ignore[attr-defined]
        ("sqs", {}),
        (
            "sqs",
            {
                "aws_access_key_id": "key",
                "aws_secret_access_key": "sec/ret",
                "region_name": "us-east-2",
                "role_arn": "arn",
            },
        ),
        ("s3", {}),
    ]
    with pytest.raises(AttributeError, match=r"hook\.get_conn\(\)"):
        AwsBaseHook(client_type="sqs").list_queues()


class FakeS3:
    """A dict of (bucket, key) → bytes."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.objects:
            error = Exception("not there")
            error.response = {"Error": {"Code": "404"}}  # type: ignore[attr-defined]
            raise error
        return {}

    def upload_fileobj(self, file: Any, bucket: str, key: str, ExtraArgs: Any) -> None:
        self.objects[bucket, key] = file.read()

    def get_paginator(self, name: str) -> Any:
        return self

    def paginate(self, Bucket: str, Prefix: str, **_: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": k} for b, k in sorted(self.objects) if b == Bucket and k.startswith(Prefix)]}]

    def delete_objects(self, Bucket: str, Delete: Any) -> dict[str, Any]:
        for item in Delete["Objects"]:
            del self.objects[Bucket, item["Key"]]
        return {}


def test_s3_hook() -> None:
    with runtime.use(Clients(FakeS3())):
        hook = S3Hook()
        hook.load_string("hello", "s3://b/dir/key.txt")
        assert hook.check_for_key("dir/key.txt", "b")
        assert not hook.check_for_key("s3://b/nope")
        with pytest.raises(ValueError, match="already exists"):
            hook.load_string("again", "dir/key.txt", "b")
        hook.load_bytes(b"again", "dir/key.txt", "b", replace=True)
        assert hook.list_keys("b", prefix="dir/") == ["dir/key.txt"]
        assert hook.check_for_wildcard_key("dir/*.txt", "b")
        assert hook.get_file_metadata("dir/", "b") == [{"Key": "dir/key.txt"}]
        hook.delete_objects("b", "dir/key.txt")
        assert hook.list_keys("b") == []


def test_commands_and_folders(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo one; echo $X >&2; pwd; exit 3"]
    result = SubprocessHook().run_command(command, {"X": "two"}, cwd=str(tmp_path))
    assert result == (3, str(tmp_path))
    assert SubprocessHook().run_command(["true"]).exit_code == 0
    with runtime.use(Clients(fs_default="fs:///?path=%2Fdata")):
        assert FSHook().get_path() == "/data"


def test_connections_by_their_other_names() -> None:
    connection = Connection.from_uri("http://user:secret@host:80/?a=1", conn_id="c")
    assert (connection.conn_id, connection.get_extra_dejson()) == ("c", {"a": "1"})
    assert connection.to_dict(prune_empty=True) == {
        "conn_id": "c",
        "conn_type": "http",
        "host": "host",
        "login": "user",
        "password": "secret",
        "port": 80,
        "schema": "",
        "extra": {"a": "1"},
    }


def test_a_notifier_logs_and_renders(caplog: pytest.LogCaptureFixture) -> None:
    class Note(BaseNotifier):
        def notify(self, context: Any) -> None:
            self.log.warning("noted %s", context["ds"])

    with caplog.at_level("WARNING"):
        Note()({"ds": "2024-01-15"})
    assert "noted 2024-01-15" in caplog.text


def test_the_current_context() -> None:
    with pytest.raises(RuntimeError, match="no context was found"):
        runtime.get_current_context()
    with runtime.running({"ds": "2024"}):
        assert runtime.get_current_context()["ds"] == "2024"


def test_an_installed_runtime_reaches_threads() -> None:
    before = runtime.current()
    found: list[Any] = []
    try:
        runtime.install(Secrets())
        thread = threading.Thread(target=lambda: found.append(Variable.get("colour")))
        thread.start()
        thread.join()
    finally:
        runtime.install(before)
    assert found == ["red"]


def test_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "7")
    assert conf.getint("core", "parallelism") == 7
    assert conf.getboolean("scheduler", "catchup_by_default") is False
    assert conf.get("no", "such", fallback=None) is None
    with pytest.raises(AirflowConfigException, match="not found in config"):
        conf.get("no", "such")


def test_names_for_annotations_only() -> None:
    with pytest.raises(AttributeError, match="no metadata database"):
        _ = TaskInstance.query
    with pytest.raises(RuntimeError, match="no metadata database"):
        TaskInstance(task=1)  # type: ignore[call-arg]


def test_states_are_strings() -> None:
    assert TriggerRule("dummy") is TriggerRule.DUMMY is TriggerRule.ALWAYS
    assert TriggerRule("none_failed_or_skipped") is TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
    assert f"{TriggerRule.ALL_DONE}" == "all_done" == TriggerRule.ALL_DONE
    assert DagRunState.FAILED in State.failed_states
    assert WeekDay.validate_week_day({"Monday", WeekDay.SUNDAY}) == {1, 7}


def test_dates() -> None:
    ago = days_ago(2, hour=3)
    assert (datetime.now(UTC).date() - ago.date(), ago.hour, ago.tzinfo) == (timedelta(days=2), 3, UTC)
    assert timezone.datetime(2024, 1, 1).add(days=1).isoformat() == "2024-01-02T00:00:00+00:00"
    assert timezone.parse("2024-01-01").timezone_name == "UTC"
    assert timezone.make_naive(timezone.datetime(2024, 1, 1), "Asia/Seoul") == datetime(2024, 1, 1, 9)
    assert timezone.convert_to_utc(None) is None
    assert macros.ds_add("2024-02-28", 2) == "2024-03-01"
    assert macros.dateutil.parser.parse("2020-01-01").year == 2020
