"""Which Variables and Connections a DAG's role may read: the names that stand in its source, or any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dag_translator.pipeline import Translation, translate_file
from dag_translator.secret_reader import DEFAULT_CONNECTIONS, names_in

HERE = "${AWS::Region}:${AWS::AccountId}"
PARAMETER = f"arn:${{AWS::Partition}}:ssm:{HERE}:parameter/airflow/variables/"
SECRET = f"arn:${{AWS::Partition}}:secretsmanager:{HERE}:secret:airflow/connections/"


def read(text: str, **others: str) -> Any:
    files = {Path("d.py"): text, **{Path(name.replace("__", ".")): each for name, each in others.items()}}
    return names_in(files)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Variable.get('a'); models.Variable.get(key='b', default_var=1)", ["a", "b"]),
        ("from airflow.models import Variable as V\nV.get('a')", ["a"]),
        ("KEY = 'a'\nVariable.get(KEY)", ["a"]),
        ("sql = 'SELECT {{ var.value.a }}, {{ var.json.b.depth }}, {{ var.value.get(\"c\", 1) }}'", ["a", "b", "c"]),
        ("sql = '-- the var of {{ ds }}'", []),
        ("f'{{{{ var.value.a }}}} {n}'", ["a"]),
    ],
)
def test_variables_by_name(text: str, names: list[str]) -> None:
    found = read(text).variables
    assert (sorted(found.names), found.any_because, found.writes) == (names, None, False)


@pytest.mark.parametrize(
    "text",
    [
        "Variable.get(f())",
        "Variable.get(f'a_{n}')",
        "for key in ('a', 'b'): Variable.get(key)",
        "KEY = 'a'\nKEY = f()\nVariable.get(KEY)",
        "getattr(Variable, 'get')('a')",
        "f'{{{{ var.value.a_{n} }}}}'",
        "'{{ var.value.' + name + ' }}'",
        "'{{{{ var.value.{} }}}}'.format(name)",
        "'{{ var.value[params.key] }}'",
        "'{{ var.value.get(params.key) }}'",
        "context['var']['value'].a",
        "def task(var): var['value'].a",
    ],
)
def test_variables_by_any_name(text: str) -> None:
    assert read(text).variables.any_because is not None


@pytest.mark.parametrize("method", ["set", "delete", "update", "setdefault"])
def test_variables_that_are_written(method: str) -> None:
    assert read(f"Variable.{method}('a', 1)").variables.writes


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Operator(aws_conn_id='a', http_conn_id=None)", ["a"]),
        ("CONN = 'a'\nOperator(aws_conn_id=CONN)", ["a"]),
        ("default_args = {'aws_conn_id': 'a'}", ["a"]),
        ("BaseHook.get_connection('a'); Connection.get('b')", ["a", "b"]),
        ("bash = 'curl {{ conn.a.host }} {{ conn.get(\"b\").login }}'", ["a", "b"]),
        ("def load(conn_id='a'): pass", ["a"]),
        ("ObjectStoragePath('s3://a@bucket/key')", ["a"]),
        ("BASE = 's3://a@bucket'\nObjectStoragePath(BASE); ObjectStoragePath('s3://b/c@d')", ["a"]),
        ("ObjectStoragePath(f'{SYSTEM}://{PATH}/{NAME}'); ObjectStoragePath(path, conn_id='a')", ["a"]),
        ("S3Hook()", sorted(DEFAULT_CONNECTIONS)),
        ("HttpHook('GET', 'a')", sorted({"GET", "a", *DEFAULT_CONNECTIONS})),
    ],
)
def test_connections_by_name(text: str, names: list[str]) -> None:
    found = read(text).connections
    assert (sorted(found.names), found.any_because) == (names, None)


@pytest.mark.parametrize(
    "text",
    [
        "Operator(aws_conn_id='{{ params.conn }}')",
        "def load(conn_id): S3Hook(aws_conn_id=conn_id)",
        "BaseHook.get_connection(name)",
        "S3Hook(**arguments)",
        "ObjectStoragePath(f's3://{conn}@{bucket}')",
        "ObjectStoragePath(variable)",
        "'{{ conn[params.c].host }}'",
        "def task(conn): conn.a",
    ],
)
def test_connections_by_any_name(text: str) -> None:
    assert read(text).connections.any_because is not None


def test_modules_and_templates_count_too() -> None:
    found = read(
        "from config import CONN\nOperator(aws_conn_id=CONN)",
        config__py="CONN = 'a'\n",
        query__sql="SELECT {{ var.value.day }} -- the conn of the var",
    )
    assert (found.connections.names, found.variables.names) == ({"a"}, {"day"})
    assert found.connections.any_because is found.variables.any_because is None


def permissions(folder: Path, text: str) -> dict[str, Any]:
    file = folder / "d.py"
    file.write_text(
        "from datetime import datetime\nfrom airflow import DAG\nfrom airflow.models import Variable\n"
        "from airflow.operators.python import PythonOperator\n"
        "from airflow.providers.amazon.aws.operators.s3 import S3ListOperator\n"
        f"with DAG('d', schedule=None, start_date=datetime(2024, 1, 1)):\n    {text}\n"
    )
    (translated,) = translate_file(file)
    assert isinstance(translated, Translation), translated.problems
    rows = translated.manifest["task_permissions"]
    return {action: row for row in rows for action in row["actions"] if action.startswith(("ssm:", "secretsm"))}


def test_what_the_role_may_do(tmp_path: Path) -> None:
    assert permissions(tmp_path, "PythonOperator(task_id='a', python_callable=print)") == {}
    got = permissions(tmp_path, "PythonOperator(task_id='a', python_callable=lambda: Variable.get('colour'))")
    assert {name: row["resources"] for name, row in got.items()} == {"ssm:GetParameter": [f"{PARAMETER}colour"]}
    got = permissions(tmp_path, "PythonOperator(task_id='a', python_callable=lambda: Variable.set('colour', 1))")
    assert got.keys() == {"ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"}
    got = permissions(tmp_path, "PythonOperator(task_id='a', python_callable=lambda ds: Variable.get(ds))")
    assert got["ssm:GetParameter"]["resources"] == [f"{PARAMETER}*"]
    assert "d.py:7: a computed name" in got["ssm:GetParameter"]["reason"]


def test_an_operator_tells_its_connection(tmp_path: Path) -> None:
    """Its default too, and what a computation in the file made of it."""
    got = permissions(tmp_path, "S3ListOperator(task_id='a', bucket='b')")
    names = [f"{SECRET}aws_default", f"{SECRET}aws_default-??????"]
    assert got["secretsmanager:GetSecretValue"]["resources"] == names


def test_a_module_that_is_no_python(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def")
    got = permissions(tmp_path, "PythonOperator(task_id='a', python_callable=lambda: __import__('broken'))")
    assert got["ssm:GetParameter"]["resources"] == [f"{PARAMETER}*"]
    assert "can't be read" in got["secretsmanager:GetSecretValue"]["reason"]


def test_a_database_hook_brings_its_default() -> None:
    source = "from airflow.providers.postgres.hooks.postgres import PostgresHook\nclass Mine(PostgresHook): pass"
    assert names_in({Path("d.py"): source}).connections.names == {"postgres_default"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ti.xcom_pull(task_ids='t', dag_id='etl')", ["etl"]),
        ("context['ti'].xcom_pull('t', 'etl')", ["etl"]),
        ("OTHER = 'etl'\nti.xcom_pull(dag_id=OTHER, task_ids='t')", ["etl"]),
        ("sql = \"{{ ti.xcom_pull(task_ids='t', dag_id='etl') }}\"", ["etl"]),
        ("ti.xcom_pull('t', dag_id=dag.dag_id); ti.xcom_pull('t', dag_id=context['dag'].dag_id)", []),
        ("ti.xcom_pull('t', dag_id=self.dag_id); sql = '{{ ti.xcom_pull(\"t\", dag_id=dag.dag_id) }}'", []),
        ("TriggerDagRunOperator(dag_id='etl'); ti.xcom_pull('t')", []),
    ],
)
def test_other_dags_whose_xcoms_are_pulled(text: str, names: list[str]) -> None:
    found = read(text).dags
    assert (sorted(found.names), found.any_because) == (names, None)


@pytest.mark.parametrize(
    "text",
    [
        "ti.xcom_pull('t', dag_id=f())",
        "ti.xcom_pull('t', dag_id=other.dag_id)",
        "sql = '{{ ti.xcom_pull(\"t\", dag_id=params.other) }}'",
        "sql = f\"{{{{ ti.xcom_pull('t', dag_id='{name}') }}}}\"",
    ],
)
def test_xcoms_of_any_dag(text: str) -> None:
    assert read(text).dags.any_because is not None


def test_the_role_may_read_the_dags_that_are_named(tmp_path: Path) -> None:
    file = tmp_path / "reads.py"
    file.write_text("""
from airflow import DAG
from airflow.decorators import task
with DAG("reads", schedule=None):
    @task
    def t(ti=None):
        return [ti.xcom_pull("w", dag_id="writes"), ti.xcom_pull("t", dag_id="reads")]
    t()
""")
    (translation,) = translate_file(file)
    assert isinstance(translation, Translation)
    assert translation.manifest["reads"] == ["writes"]
