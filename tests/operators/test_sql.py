"""Operators and the sensor on SQL, against SQLite."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.operators.conftest import Project

IMPORTS = """
from airflow.providers.common.sql.hooks.handlers import fetch_one_handler
from airflow.providers.common.sql.operators.generic_transfer import GenericTransfer
from airflow.providers.common.sql.operators.sql import (
    BranchSQLOperator, SQLCheckOperator, SQLColumnCheckOperator, SQLExecuteQueryOperator, SQLInsertRowsOperator,
    SQLIntervalCheckOperator, SQLTableCheckOperator, SQLThresholdCheckOperator, SQLValueCheckOperator,
)
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.operators.empty import EmptyOperator
from airflow.providers.sqlite.operators.sqlite import SqliteOperator
"""


class Database:
    """A file with a table `sales` (id, ds, amount)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run("create table sales (id integer primary key, ds text, amount real, note text)")
        for number, day in enumerate(("2024-01-08", "2024-01-15", "2024-01-15"), 1):
            self.run("insert into sales values (?, ?, ?, ?)", number, day, 10.0 * number, None)

    def run(self, sql: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(sql, values).fetchall()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    path = tmp_path / "sales.db"
    connection = json.dumps({"conn_type": "sqlite", "host": str(path)})
    for name in ("DB", "SQLITE_DEFAULT"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", connection)
    return Database(path)


def execute(project: Project, arguments: str) -> Any:
    result = project.run(IMPORTS + f'SQLExecuteQueryOperator(task_id="q", dag=dag, conn_id="db", {arguments})')
    assert result.tasks == {"q": "success"}, result.errors
    return plain(result.xcoms.get("q", {}).get("return_value"))


def plain(value: Any) -> Any:
    """Tuples for their tags in an XCom."""
    if isinstance(value, dict):
        return tuple(plain(value["value"]))
    return [plain(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('sql="select id, amount from sales"', [(1, 10.0), (2, 20.0), (3, 30.0)]),
        ("sql=\"select count(*) from sales where ds = '{{ ds }}'\", handler=fetch_one_handler", (2,)),
        ('sql="select id from sales where amount > ?", parameters=["{{ 15 }}"]', [(2,), (3,)]),
        ('sql="select id from sales where id = :id", parameters="{\'id\': 3}"', [(3,)]),
        ('sql=["select 1", "select 2"]', [[(1,)], [(2,)]]),
        ('sql=["select 1", "select 2"], return_last=False', [[(1,)], [(2,)]]),
        ('sql="select 1; select 2;", split_statements=True', [(2,)]),
        ('sql="select 1; select 2", split_statements=True, return_last=False', [[(1,)], [(2,)]]),
        ('sql="select 1", split_statements=False, return_last=False', [(1,)]),
        ('sql="select 1", do_xcom_push=False', None),
        ('sql="select 1", handler=None', None),
        ('sql="update sales set amount = 0"', None),
        ('sql="select 1 as a", output_processor=lambda results, about: [[results, about[0][0][0]]]', [[[(1,)]], "a"]),
    ],
)
@pytest.mark.usefixtures("database")
def test_queries(project: Project, arguments: str, found: Any) -> None:
    assert execute(project, arguments) == found


def test_a_file_of_statements(project: Project, database: Database) -> None:
    (project.folder / "load.sql").write_text(
        "-- {{ ds }}; a comment\ninsert into sales values (4, '{{ ds }}', 1, 'a;b');\ndelete from sales where id < 4;"
    )
    execute(project, 'sql="load.sql", split_statements=True')
    assert database.run("select * from sales") == [(4, "2024-01-15", 1.0, "a;b")]


def test_what_fails_leaves_nothing(project: Project, database: Database) -> None:
    sql = '["delete from sales", "insert into nowhere values (1)"]'
    result = project.run(IMPORTS + f'SqliteOperator(task_id="q", dag=dag, sql={sql})')
    assert result.tasks == {"q": "failed"}
    assert "no such table: nowhere" in result.errors["q"]
    assert database.run("select count(*) from sales") == [(3,)]


@pytest.mark.parametrize(
    ("conn", "problem"),
    [
        ("postgres://u:p@h:1/d", "add psycopg[binary] (or pg8000) to requirements.txt"),
        ("mysql://u:p@h:1/d", "add pymysql to requirements.txt"),
        ("redshift://u:p@h:1/d", "add redshift_connector to requirements.txt"),
        ("snowflake://u:p@h:1/d", "add snowflake-connector-python to requirements.txt"),
        ("oracle://u:p@h:1/d", 'Unknown hook type "oracle"'),
        ("http://h", "HttpHook is no hook of a database"),
    ],
)
def test_a_driver_that_is_missing(project: Project, monkeypatch: pytest.MonkeyPatch, conn: str, problem: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DB", conn)
    for module in ("psycopg", "psycopg2", "pg8000", "MySQLdb", "pymysql", "redshift_connector", "snowflake"):
        monkeypatch.setitem(sys.modules, module, None)
    result = project.run(IMPORTS + 'SQLExecuteQueryOperator(task_id="q", dag=dag, conn_id="db", sql="select 1")')
    assert problem in result.errors["q"]


@pytest.mark.parametrize(
    ("check", "passes"),
    [
        ('SQLCheckOperator(sql="select count(*) from sales", {})', True),
        ('SQLCheckOperator(sql="select 1, 0", {})', False),
        ('SQLCheckOperator(sql="select 1 where 1 = 0", {})', False),
        ('SQLValueCheckOperator(sql="select count(*) from sales", pass_value=3, {})', True),
        ('SQLValueCheckOperator(sql="select 105", pass_value="100", tolerance=0.1, {})', True),
        ('SQLValueCheckOperator(sql="select 111", pass_value=100, tolerance=0.1, {})', False),
        ("SQLValueCheckOperator(sql=\"select '{{{{ ds }}}}'\", pass_value='{{{{ ds }}}}', {})", True),
        ("SQLValueCheckOperator(sql=\"select 'x'\", pass_value=1, {})", False),
        ('SQLThresholdCheckOperator(sql="select 5", min_threshold=5, max_threshold="select 6", {})', True),
        ('SQLThresholdCheckOperator(sql="select 7", min_threshold="1", max_threshold=6.5, {})', False),
        ('SQLIntervalCheckOperator(table="sales", metrics_thresholds={{"sum(amount)": 6}}, {})', True),
        ('SQLIntervalCheckOperator(table="sales", metrics_thresholds={{"sum(amount)": 5}}, {})', False),
        ('SQLIntervalCheckOperator(table="sales", metrics_thresholds={{"sum(0)": 5}}, ignore_zero=False, {})', False),
        (
            (
                'SQLIntervalCheckOperator(table="sales", metrics_thresholds={{"count(*)": 1.5}}, days_back=7,'
                ' ratio_formula="relative_diff", {})'
            ),
            True,
        ),
        ('SQLTableCheckOperator(table="sales", checks={{"rows": {{"check_statement": "count(*) = 3"}}}}, {})', True),
        (
            (
                'SQLTableCheckOperator(table="sales", partition_clause="id > 1",'
                ' checks={{"a": {{"check_statement": "amount > 15"}}, "b": {{"check_statement": "amount > 25",'
                ' "partition_clause": "id < 3"}}}}, {})'
            ),
            False,
        ),
        (
            (
                'SQLColumnCheckOperator(table="sales", column_mapping={{"id": {{"null_check": {{"equal_to": 0}},'
                ' "unique_check": {{"equal_to": 0}}, "min": {{"geq_to": 1}}}}, "amount": {{"max": {{"less_than": 28,'
                ' "tolerance": 0.1}}}}}}, {})'
            ),
            True,
        ),
        (
            (
                'SQLColumnCheckOperator(table="sales", column_mapping={{"note": {{"null_check": {{"equal_to": 3}},'
                ' "distinct_check": {{"greater_than": 0}}}}}}, {})'
            ),
            False,
        ),
    ],
)
@pytest.mark.usefixtures("database")
def test_checks(project: Project, check: str, passes: bool) -> None:
    result = project.run(IMPORTS + check.format('task_id="c", dag=dag, conn_id="db"'))
    assert result.tasks == {"c": "success" if passes else "failed"}, result.errors
    assert not result.xcoms.get("c")


@pytest.mark.usefixtures("database")
def test_a_failed_check_may_be_final(project: Project) -> None:
    arguments = 'task_id="c", dag=dag, conn_id="db", sql="select 0", retries=2, retry_on_failure=False'
    result = project.run(IMPORTS + f"SQLCheckOperator({arguments})")
    assert result.tasks == {"c": "failed"}
    assert result.makespan_s < 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('column_mapping={"id": {"median": {"equal_to": 0}}}', "Invalid column check: median."),
        ('column_mapping={"id": {"min": {}}}', "Please provide one or more of"),
        ('column_mapping={"id": {"min": {"geq_to": 2, "leq_to": 1}}}', "geq_to should be less than leq_to."),
        ('column_mapping={"id": {"min": {"geq_to": 2, "less_than": 2}}}', "geq_to should be strictly less than"),
        ('column_mapping={"id": {"min": {"geq_to": 2, "greater_than": 2}}}', "Only supply one of"),
        ('column_mapping={"id": {"min": {"geq_to": 2, "equal_to": 2}}}', "equal_to cannot be passed"),
        ('column_mapping={}, partition_clause="1; drop table sales"', "semicolons (;) not allowed"),
    ],
)
def test_column_checks_that_make_no_sense(project: Project, arguments: str, message: str) -> None:
    dag, _ = project.load(IMPORTS + "CHECK = SQLColumnCheckOperator")
    source = f'with dag:\n    SQLColumnCheckOperator(task_id="c", table="sales", {arguments})'
    assert dag is not None
    from dag_translator.load import load

    (project.folder / "file.py").write_text((project.folder / "file.py").read_text() + "\n" + source)
    assert any(message in each.message for each in load(project.folder / "file.py").problems)


@pytest.mark.parametrize(
    ("sql", "states"),
    [
        ("select 1", ("success", "skipped")),
        ("select 'off'", ("skipped", "success")),
        ("select 0", ("skipped", "success")),
        ("select 'maybe'", ("upstream_failed", "upstream_failed")),
        ("select 1.5", ("upstream_failed", "upstream_failed")),
        ("select 1 where 1 = 0", ("upstream_failed", "upstream_failed")),
    ],
)
@pytest.mark.usefixtures("database")
def test_branches(project: Project, sql: str, states: tuple[str, str]) -> None:
    result = project.run(
        IMPORTS
        + f"""
with dag:
    branch = BranchSQLOperator(task_id="branch", conn_id="db", sql="{sql}", follow_task_ids_if_true=["yes"],
                               follow_task_ids_if_false=["no"])
    branch >> [EmptyOperator(task_id="yes"), EmptyOperator(task_id="no")]
"""
    )
    assert (result.tasks["yes"], result.tasks["no"]) == states
    assert "return_value" not in result.xcoms.get("branch", {})


@pytest.mark.parametrize(
    ("arguments", "outcome", "waited"),
    [
        ('sql="select count(*) from sales"', "success", 0),
        ('sql="select amount from sales where ds > ?", parameters=["2025"]', "failed", 300),
        ('sql="select 1 where 1 = 0", fail_on_empty=True', "failed", 0),
        ('sql="select 5", success=lambda cell: cell > 5', "failed", 300),
        ('sql="select 5, 6", success=lambda cell: cell > 5, selector=lambda row: row[1]', "success", 0),
        ('sql="select 5", failure=lambda cell: cell == 5', "failed", 0),
    ],
)
@pytest.mark.usefixtures("database")
def test_the_sensor(project: Project, arguments: str, outcome: str, waited: float) -> None:
    sensor = f'SqlSensor(task_id="s", dag=dag, conn_id="db", poke_interval=60, timeout=300, {arguments})'
    result = project.run(IMPORTS + sensor)
    assert result.tasks == {"s": outcome}
    assert waited <= result.makespan_s < waited + 61


def test_rows_from_an_xcom(project: Project, database: Database) -> None:
    result = project.run(
        IMPORTS
        + """
from airflow.decorators import task
with dag:
    @task
    def rows():
        return [{"id": 7, "amount": 1, "note": "x", "ds": "2024"}, {"id": 8, "amount": 2, "note": None, "ds": "2024"}]
    @task
    def nothing():
        return []
    def halved(rows, ds, **_):
        return [{**row, "amount": row["amount"] / 2, "ds": ds} for row in rows]
    found, none = rows(), nothing()
    common = dict(conn_id="db", table_name="sales", ignored_columns=["note"], rows_processor=halved)
    insert = SQLInsertRowsOperator(task_id="insert", rows=found, preoperator="delete from sales", **common)
    skip = SQLInsertRowsOperator(task_id="skip", rows=none, **common)
    found >> insert
    none >> skip
"""
    )
    assert result.tasks["insert"] == "success", result.errors
    assert result.tasks["skip"] == "skipped"
    assert database.run("select * from sales") == [(7, "2024-01-15", 0.5, None), (8, "2024-01-15", 1.0, None)]


@pytest.mark.parametrize("paging", ["", "page_size=2", "page_size='{{ 2 }}', insert_args={'commit_every': '1'}"])
def test_from_one_table_into_another(project: Project, database: Database, paging: str) -> None:
    database.run("create table copy (id, amount)")
    result = project.run(
        IMPORTS
        + f"""
GenericTransfer(task_id="t", dag=dag, sql="select id, amount from sales order by id", destination_table="copy",
                source_conn_id="db", destination_conn_id="db", preoperator="delete from copy", {paging})
"""
    )
    assert result.tasks == {"t": "success"}, result.errors
    assert database.run("select * from copy") == [("1", "10.0"), ("2", "20.0"), ("3", "30.0")]
