"""Hooks of databases: what they tell their drivers, and how they insert; the drivers are fakes of PEP 249."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.kinds import hook_class
from dag_translator.authoring.hooks.mysql import MySqlHook
from dag_translator.authoring.hooks.postgres import PostgresHook
from dag_translator.authoring.hooks.redshift_sql import RedshiftSQLHook
from dag_translator.authoring.hooks.snowflake import SnowflakeHook
from dag_translator.authoring.hooks.sqlite import SqliteHook
from dag_translator.authoring.models.connection import Connection


class Cursor:
    """Keeps what is executed; finds one row."""

    description = (("a", None),)
    rowcount = 1
    sfqid = "id-1"

    def __init__(self, done: list[Any]) -> None:
        self.done = done

    def execute(self, *arguments: Any, **named: Any) -> None:
        self.done.append((*arguments, named) if named else arguments)

    def executemany(self, sql: str, rows: Any) -> None:
        self.done.append((sql, list(rows)))

    def fetchall(self) -> list[Any]:
        return [("id",)]

    fetchone = fetchall

    def close(self) -> None:
        self.done.append("close")


class Driver(ModuleType):
    """A driver's module. connected: what `connect` got; done: what its connection was told.

    autocommit is an attribute of the connection, or with calls=True a method.
    """

    def __init__(self, name: str, calls: bool = False) -> None:
        super().__init__(name)
        self.connected: dict[str, Any] = {}
        self.done: list[Any] = []
        self.autocommit: Any = self._set if calls else False
        self.is_automatic = False

    def connect(self, **arguments: Any) -> Any:
        self.connected = arguments
        return self

    def _set(self, value: bool) -> None:
        self.is_automatic = value

    def get_autocommit(self) -> bool:
        return self.is_automatic

    def cursor(self, *_: Any) -> Cursor:
        return Cursor(self.done)

    def commit(self) -> None:
        self.done.append("commit")

    def close(self) -> None:
        self.done.append("closed")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Driver]:
    """Put a fake in a driver's place."""

    def put(name: str, calls: bool = False) -> Driver:
        for other in ("psycopg", "psycopg2", "pg8000", "MySQLdb", "pymysql"):
            monkeypatch.setitem(sys.modules, other, None)
        made = Driver(name, calls)
        parts = name.split(".")
        for i in range(1, len(parts)):
            monkeypatch.setitem(sys.modules, ".".join(parts[:i]), ModuleType(".".join(parts[:i])))
        monkeypatch.setitem(sys.modules, name, made)
        return made

    return put


def connection(**fields: Any) -> Connection:
    standard = {"host": "h.x.eu-west-1.amazonaws.com", "login": "me", "password": "pw", "schema": "sales"}
    return Connection("c", **{**standard, **fields})


def test_psycopg(install: Callable[..., Driver]) -> None:
    driver = install("psycopg")
    extra = {"sslmode": "require", "aws_conn_id": "x"}
    hook = PostgresHook(
        "c", connection=connection(port=6543, extra=extra), options="-c search_path=x", database="other"
    )
    assert hook.get_records("select 1", ["x"]) == [("id",)]
    assert driver.connected == {
        "host": "h.x.eu-west-1.amazonaws.com", "user": "me", "password": "pw", "port": 6543, "dbname": "other",
        "sslmode": "require", "options": "-c search_path=x",
    }  # fmt: skip
    assert driver.done == [("select 1", ["x"]), "close", "commit", "closed"]
    assert hook.get_uri() == "postgresql+psycopg://me:pw@h.x.eu-west-1.amazonaws.com:6543/other"


def test_autocommit_commits_nothing_itself(install: Callable[..., Driver]) -> None:
    driver = install("psycopg2")
    PostgresHook("c", connection=connection()).run("vacuum", autocommit=True)
    assert driver.autocommit is True
    assert driver.done == [("vacuum",), "close", "closed"]


def test_pg8000(install: Callable[..., Driver]) -> None:
    driver = install("pg8000.dbapi")
    PostgresHook("c", connection=connection(extra={"sslmode": "require"})).get_conn()
    context = driver.connected.pop("ssl_context")
    assert context.verify_mode == ssl.CERT_NONE
    assert driver.connected == {
        "host": "h.x.eu-west-1.amazonaws.com", "user": "me", "password": "pw", "database": "sales"
    }  # fmt: skip
    with pytest.raises(AirflowException, match="pg8000 does not know keepalives"):
        PostgresHook("c", connection=connection(extra={"keepalives": 1})).get_conn()


def test_a_driver_that_is_broken_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "psycopg", raising=False)
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        PostgresHook("c", connection=connection()).get_conn()


@pytest.mark.parametrize(
    ("arguments", "sql"),
    [
        ({}, "INSERT INTO t  VALUES (%s,%s)"),
        ({"target_fields": ["id", "Order"]}, 'INSERT INTO t ("id", Order) VALUES (%s,%s)'),
        (
            {"target_fields": ["id", "a b"], "replace": True},
            'INSERT INTO t ("id", "a b") VALUES (%s,%s) ON CONFLICT ("id") DO UPDATE SET "a b" = excluded."a b"',
        ),
        (
            {"target_fields": ["id", "n"], "replace": True, "replace_index": "n", "replace_target": []},
            'INSERT INTO t ("id", "n") VALUES (%s,%s) ON CONFLICT ("n") DO NOTHING',
        ),
    ],
)
def test_rows_into_postgres(install: Callable[..., Driver], arguments: dict[str, Any], sql: str) -> None:
    driver = install("psycopg2")
    PostgresHook("c", connection=connection()).insert_rows(
        "t", iter([(1, "a"), (2, "b"), (3, "c")]), commit_every=2, **arguments
    )
    inserted = [each for each in driver.done if each[0].startswith("INSERT")]
    assert inserted == [(sql, [(1, "a"), (2, "b")]), (sql, [(3, "c")])]


def test_mysql_over_pymysql(install: Callable[..., Driver]) -> None:
    driver = install("pymysql", calls=True)
    one = connection(extra={"charset": "utf8", "ssl": '{"ca": "/x"}'})
    hook = MySqlHook("c", connection=one, schema="other", local_infile=True)
    hook.run("select 1")
    assert driver.connected == {
        "user": "me", "host": "h.x.eu-west-1.amazonaws.com", "port": 3306, "password": "pw", "database": "other",
        "charset": "utf8", "use_unicode": True, "ssl": {"ca": "/x"}, "local_infile": True,
    }  # fmt: skip
    assert driver.done == [("select 1",), "close", "commit", "closed"]
    hook.insert_rows("t", [(1, 2)], target_fields=["id", "order"], replace=True)
    assert ("REPLACE INTO t (`id`, `order`) VALUES (%s,%s)", (1, 2)) in driver.done
    hook.bulk_load("t", "/tmp/file")
    assert ("LOAD DATA LOCAL INFILE %s  INTO TABLE `t` ", ("/tmp/file",)) in driver.done
    with pytest.raises(ValueError, match="Invalid table name"):
        hook.bulk_dump("t; drop", "/tmp/file")


def test_mysql_over_its_own_connector(install: Callable[..., Driver]) -> None:
    driver = install("mysql.connector")
    one = connection(port=1, extra={"client": "mysql-connector-python", "ssl_ca": "/x", "charset": "y"})
    MySqlHook("c", connection=one, init_command="set x").get_conn()
    assert driver.connected == {
        "user": "me", "host": "h.x.eu-west-1.amazonaws.com", "port": 1, "password": "pw", "database": "sales",
        "init_command": "set x", "ssl_ca": "/x",
    }  # fmt: skip


def test_redshift(install: Callable[..., Driver]) -> None:
    driver = install("redshift_connector")
    hook = RedshiftSQLHook("c", connection=connection(port=5439, extra={"sslmode": "verify-ca"}))
    assert hook.get_table_primary_key("t") == ["id"]
    assert driver.connected == {
        "user": "me", "password": "pw", "port": 5439, "host": "h.x.eu-west-1.amazonaws.com", "database": "sales",
        "sslmode": "verify-ca",
    }  # fmt: skip


def test_snowflake(install: Callable[..., Driver]) -> None:
    driver = install("snowflake.connector", calls=True)
    extra = {"account": "a", "extra__snowflake__warehouse": "w", "insecure_mode": "true", "role": "r"}
    hook = SnowflakeHook("c", connection=connection(extra=extra), role="other")
    assert hook.run("select 1; select ';';", handler=lambda cursor: cursor.fetchall()) == [("id",)]
    expected = {
        "user": "me", "password": "pw", "schema": "sales", "database": "", "account": "a", "warehouse": "w",
        "region": "", "role": "other", "authenticator": "snowflake", "session_parameters": None,
        "application": "AIRFLOW", "insecure_mode": True,
    }  # fmt: skip
    assert driver.connected == expected
    assert driver.done == [("select 1",), ("select ';'",), "close", "commit", "closed"]
    assert hook.query_ids == ["id-1", "id-1"]
    hook.run("begin; select 1; commit", split_statements=False)
    assert ("begin; select 1; commit", {"num_statements": 0}) in driver.done
    with pytest.raises(AirflowException, match="OAuth is not supported"):
        SnowflakeHook("c", connection=connection(extra={"grant_type": "password"})).get_conn()


class Tokens:
    """A client of any service that gives database passwords."""

    def generate_db_auth_token(self, host: str, port: int, user: str) -> str:
        return f"{user}@{host}:{port}"

    def get_cluster_credentials(self, **asked: Any) -> dict[str, str]:
        return {"DbUser": "IAM:me", "DbPassword": f"{asked['ClusterIdentifier']}/{asked['DbName']}"}

    def get_credentials(self, **asked: Any) -> dict[str, str]:
        return {"dbUser": "IAM:me", "dbPassword": f"{asked['workgroupName']}/{asked['dbName']}"}


@pytest.mark.parametrize(
    ("hook", "extra", "answer"),
    [
        (PostgresHook, {}, ("me", "me@h.x.eu-west-1.amazonaws.com:5432", 5432)),
        (PostgresHook, {"redshift": True}, ("IAM:me", "h/sales", 5439)),
        (PostgresHook, {"redshift-serverless": True, "workgroup-name": "w"}, ("IAM:me", "w/sales", 5439)),
        (MySqlHook, {}, ("me@h.x.eu-west-1.amazonaws.com:3306", 3306)),
        (RedshiftSQLHook, {"cluster_identifier": "k"}, ("IAM:me", "k/sales", 5439)),
        (RedshiftSQLHook, {"is_serverless": True, "serverless_work_group": "g"}, ("IAM:me", "g/sales", 5439)),
    ],
)
def test_passwords_from_iam(monkeypatch: pytest.MonkeyPatch, hook: Any, extra: dict[str, Any], answer: Any) -> None:
    monkeypatch.setattr("dag_translator.authoring.hooks.database_tokens.AwsBaseHook.get_conn", lambda _: Tokens())
    one = connection(extra={**extra, "iam": True})
    assert hook("c", connection=one).get_iam_token(one) == answer


@pytest.mark.parametrize("uri", ["sqlite://%2Ftmp%2Fx.db?mode=ro", "sqlite:///tmp/x.db?mode=ro"])
def test_sqlite_files(uri: str) -> None:
    hook = SqliteHook("c", connection=Connection("c", uri=uri))
    assert hook.get_uri() == "sqlite:////tmp/x.db?mode=ro"


def test_frames(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hook = SqliteHook("c", connection=Connection("c", conn_type="sqlite", host=str(tmp_path / "x.db")))
    hook.run(["create table t (a, b)", "insert into t values (1, 'x'), (2, 'y')"])
    pandas = ModuleType("pandas")
    asked: list[Any] = []

    def read_sql(sql: str, con: Any, params: Any, chunksize: int | None = None) -> Any:
        asked.append((sql, params, chunksize))
        return con.execute(sql, params or ()).fetchall()

    pandas.read_sql = read_sql  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    assert hook.get_pandas_df("select a from t where b = ?", parameters=("y",)) == [(2,)]
    assert list(hook.get_df_by_chunks("select a from t", chunksize=1)) == [(1,), (2,)]
    assert asked == [("select a from t where b = ?", ("y",), None), ("select a from t", None, 1)]
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(AirflowException, match=r"needs polars: add it to requirements\.txt"):
        hook.get_df("select * from t", df_type="polars")


def test_the_hook_of_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PG", json.dumps({"conn_type": "postgres", "host": "h"}))
    hook = PostgresHook.get_hook("pg", {"database": "d"})
    assert (type(hook), hook.get_conn_id(), hook.database) == (PostgresHook, "pg", "d")
    assert hook_class("mysql", "x") is MySqlHook
