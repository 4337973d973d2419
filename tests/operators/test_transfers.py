"""Transfers between S3 and databases, against an S3 and a DynamoDB in this process; Redshift is a fake."""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.operators.aws_fake import FakeAws
from tests.operators.conftest import Lender, Project

IMPORTS = """
from airflow.providers.amazon.aws.transfers.dynamodb_to_s3 import DynamoDBToS3Operator
from airflow.providers.amazon.aws.transfers.http_to_s3 import HttpToS3Operator
from airflow.providers.amazon.aws.transfers.local_to_s3 import LocalFilesystemToS3Operator
from airflow.providers.amazon.aws.transfers.redshift_to_s3 import RedshiftToS3Operator
from airflow.providers.amazon.aws.transfers.s3_to_redshift import S3ToRedshiftOperator
from airflow.providers.amazon.aws.transfers.s3_to_sql import S3ToSqlOperator
from airflow.providers.amazon.aws.transfers.sql_to_s3 import SqlToS3Operator
"""
DATA_API = 'redshift_data_api_kwargs={"database": "d", "cluster_identifier": "k", "db_user": "u", "poll_interval": 0}'


@pytest.fixture
def s3(aws: Lender) -> Any:
    client = aws.client("s3")
    client.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "x.db"
    monkeypatch.setenv("AIRFLOW_CONN_DB", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("create table t (id, n); insert into t values (1, 1.5), (2, null), (3, 2)")
    return path


class Redshift(ModuleType):
    """The driver; it keeps what it is told."""

    autocommit = False

    def __init__(self) -> None:
        super().__init__("redshift_connector")
        self.told: list[Any] = []
        self.description = (("key", None),)
        self.rowcount = -1

    def connect(self, **_: Any) -> Redshift:
        return self

    cursor = connect

    def execute(self, *arguments: Any) -> None:
        self.told.append(arguments[0] if len(arguments) == 1 else arguments)

    def fetchall(self) -> list[Any]:
        return [("id",)]

    def commit(self) -> None:
        self.told.append("commit")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def redshift(monkeypatch: pytest.MonkeyPatch) -> Redshift:
    monkeypatch.setenv("AIRFLOW_CONN_REDSHIFT_DEFAULT", "redshift://u:p@h:5439/d")
    made = Redshift()
    monkeypatch.setitem(sys.modules, "redshift_connector", made)
    return made


def content(s3: Any, key: str) -> bytes:
    return bytes(s3.get_object(Bucket="data", Key=key)["Body"].read())


def test_from_a_file(project: Project, aws: Lender, s3: Any, tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("hello")
    common = f'filename="{tmp_path}/f.txt", dest_key="a/{{{{{{{{ ds }}}}}}}}", dest_bucket="data", dag=dag'.format()
    text = f'one = LocalFilesystemToS3Operator(task_id="o", {common})\n'
    text += f'one >> LocalFilesystemToS3Operator(task_id="again", {common})\n'
    text += f'one >> LocalFilesystemToS3Operator(task_id="over", replace=True, gzip=True, {common})'
    result = project.run(IMPORTS + text, lender=aws)
    assert (result.tasks["o"], result.tasks["again"], result.tasks["over"]) == ("success", "failed", "success")
    assert gzip.decompress(content(s3, "a/2024-01-15")) == b"hello"


def test_into_a_table(project: Project, aws: Lender, s3: Any, database: Path) -> None:
    s3.put_object(Bucket="data", Key="rows.csv", Body=b"7,8\n9,10\n")
    parser = (
        "lambda path: [line.strip().split(',') for line in __import__('pathlib').Path(path).read_text().splitlines()]"
    )
    text = 'S3ToSqlOperator(task_id="t", s3_key="rows.csv", s3_bucket="data", table="t", parser=PARSER, dag=dag, \
schema="main", sql_conn_id="db", column_list=["id", "n"])'.replace("PARSER", parser)
    result = project.run(
        IMPORTS + "import warnings; warnings.simplefilter('ignore', ResourceWarning)\n" + text, lender=aws
    )
    assert result.tasks == {"t": "success"}, result.errors
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("select * from t where n > 7").fetchall()[-2:] == [("7", "8"), ("9", "10")]


def test_from_dynamodb(project: Project, aws: Lender, s3: Any) -> None:
    table = aws.client("dynamodb")
    table.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(3):
        table.put_item(TableName="t", Item={"id": {"S": str(number)}, "n": {"N": "1.5"}})
    lender = Resources()
    common = 'dynamodb_table_name="t", s3_bucket_name="data", file_size=1, dag=dag'
    text = f'DynamoDBToS3Operator(task_id="t", s3_key_prefix="x/", dynamodb_scan_kwargs={{"Limit": 2}}, {common})'
    result = project.run(IMPORTS + text, lender=lender)
    assert result.tasks == {"t": "success"}, result.errors
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="data", Prefix="x/")["Contents"]]
    lines = b"".join(content(s3, key) for key in keys).splitlines()
    assert len(keys) == 2
    assert sorted(json.loads(line)["id"] for line in lines) == ["0", "1", "2"]
    assert json.loads(lines[0])["n"] == 1.5


class Resources(Lender):
    """Lends boto3's resources too."""

    def resource(self, service: str, **arguments: Any) -> Any:
        import boto3

        return boto3.resource(service, **arguments)


@pytest.mark.usefixtures("database")
def test_frames(project: Project, aws: Lender, s3: Any) -> None:
    pytest.importorskip("pandas")
    common = 'query="select * from t", s3_bucket="data", sql_conn_id="db", df_kwargs={"index": False}, dag=dag'
    text = f'SqlToS3Operator(task_id="a", s3_key="a.csv", {common})\n'
    text += f'SqlToS3Operator(task_id="b", s3_key="b", max_rows_per_file=2, file_format="parquet", {common})\n'
    zipped = common.replace("False", 'False, "compression": "gzip"')
    text += f'SqlToS3Operator(task_id="c", s3_key="c.csv.gz", groupby_kwargs={{"by": "id"}}, {zipped})'
    result = project.run(IMPORTS + text, lender=aws)
    assert set(result.tasks.values()) == {"success"}, result.errors
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="data")["Contents"]]
    assert keys == ["a.csv", "b_0.parquet", "b_1.parquet", "c_1.csv.gz", "c_2.csv.gz", "c_3.csv.gz"]
    assert content(s3, "a.csv") == b"id,n\n1,1.5\n2,\n3,2.0\n"
    assert gzip.decompress(content(s3, "c_3.csv.gz")) == b"id,n\n3,2.0\n"


@pytest.mark.parametrize("arguments", ['file_format="xml"', 'max_rows_per_file=1, groupby_kwargs={"by": "a"}'])
def test_what_frames_refuse(project: Project, arguments: str) -> None:
    text = f'SqlToS3Operator(task_id="a", query="q", s3_bucket="b", s3_key="k", sql_conn_id="c", dag=dag, {arguments})'
    assert project.refused(IMPORTS + text)


COPY_BY_ROLE = (
    "COPY s.t (a, b)\nFROM 's3://data/2024-01-15/'\ncredentials 'aws_iam_role=arn:r'\nregion 'us-east-1'\ncsv;"
)
# What moto sets.
KEYS = "credentials 'aws_access_key_id=FOOBARKEY;aws_secret_access_key=FOOBARSECRET'"


class Sessions(Lender):
    """Lends boto3's sessions too."""

    def session(self, **arguments: Any) -> Any:
        import boto3

        return boto3.Session(**{name: value for name, value in arguments.items() if name == "region_name"})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", ["COPY s.t\nFROM 's3://data/2024-01-15/'\n" + KEYS + "\ncsv;"]),
        (
            'method="REPLACE", column_list=["a", "b"], aws_conn_id="role"',
            [
                "BEGIN;",
                "DELETE FROM s.t;",
                COPY_BY_ROLE,
                "COMMIT",
            ],
        ),
        (
            'method="UPSERT"',
            [
                ("KEY", ("s", "t")),
                "commit",
                "CREATE TABLE #t (LIKE s.t INCLUDING DEFAULTS);",
                "COPY #t\nFROM 's3://data/2024-01-15/'\n" + KEYS + "\ncsv;",
                "BEGIN;",
                "DELETE FROM s.t USING #t WHERE t.id = #t.id;",
                "INSERT INTO s.t SELECT * FROM #t;",
                "COMMIT",
            ],
        ),
    ],
)
@pytest.mark.usefixtures("aws")
def test_copy(
    project: Project, redshift: Redshift, monkeypatch: pytest.MonkeyPatch, arguments: str, told: list[Any]
) -> None:
    role = {"conn_type": "aws", "extra": {"role_arn": "arn:r", "region": "us-east-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_ROLE", json.dumps(role))
    text = 'S3ToRedshiftOperator(task_id="t", schema="s", table="t", s3_bucket="data", s3_key="{{ ds }}/", dag=dag, '
    result = project.run(IMPORTS + text + f'copy_options=["csv"], {arguments})', lender=Sessions())
    assert result.tasks == {"t": "success"}, result.errors
    found = [("KEY", each[1]) if isinstance(each, tuple) else each for each in redshift.told]
    assert found == [*told, "commit"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            'schema="s", table="t", include_header=True, unload_options=["CSV"]',
            "UNLOAD ($$SELECT * FROM s.t$$)\nTO 's3://data/k/t_'\n" + KEYS + "\nCSV\nHEADER;",
        ),
        (
            "select_query=\"select ''{{ ds }}''\", table_as_file_name=False",
            "UNLOAD ($$select '2024-01-15'$$)\nTO 's3://data/k'\n" + KEYS + "\n;",
        ),
    ],
)
@pytest.mark.usefixtures("aws")
def test_unload(project: Project, redshift: Redshift, arguments: str, told: str) -> None:
    text = f'RedshiftToS3Operator(task_id="t", s3_bucket="data", s3_key="k", dag=dag, {arguments})'
    result = project.run(IMPORTS + text, lender=Sessions())
    assert result.tasks == {"t": "success"}, result.errors
    assert redshift.told == [told, "commit"]


class DataApi(Sessions):
    """The Redshift Data API: a statement is done at the second look."""

    def __init__(self, status: str) -> None:
        super().__init__()
        self.status = status
        self.asked: list[Any] = []

    def client(self, service: str, **arguments: Any) -> Any:
        return self if service == "redshift-data" else super().client(service, **arguments)

    def execute_statement(self, **asked: Any) -> Any:
        self.asked.append(asked)
        return {"Id": "1"}

    batch_execute_statement = execute_statement

    def describe_statement(self, **_: Any) -> Any:
        self.asked.append("describe")
        return {"Status": "STARTED" if self.asked.count("describe") < 2 else self.status, "Error": "no table"}


@pytest.mark.parametrize(("status", "state"), [("FINISHED", "success"), ("FAILED", "failed")])
@pytest.mark.usefixtures("aws", "redshift")
def test_the_data_api(project: Project, status: str, state: str) -> None:
    lender = DataApi(status)
    text = f'S3ToRedshiftOperator(task_id="t", table="t", s3_bucket="data", s3_key="k", dag=dag, {DATA_API}, '
    result = project.run(IMPORTS + text + 'method="REPLACE")', lender=lender)
    assert result.tasks == {"t": state}
    assert lender.asked[0]["Sqls"][1] == "DELETE FROM t;"
    assert {name: value for name, value in lender.asked[0].items() if name != "Sqls"} == {
        "Database": "d", "ClusterIdentifier": "k", "DbUser": "u"
    }  # fmt: skip
    assert lender.asked[1:] == ["describe", "describe"]


ALL = "arn:${AWS::Partition}"
HERE = "${AWS::Region}:${AWS::AccountId}"


def test_permissions(project: Project, actions: Callable[[Any], dict[str, list[str]]]) -> None:
    text = f"""
with dag:
    RedshiftToS3Operator(task_id="u", table="t", s3_bucket="out", s3_key="k", unload_options=["CLEANPATH"], {DATA_API})
"""
    found = actions(project.translate(IMPORTS + text).manifest["task_permissions"])
    assert found["s3:DeleteObject"] == found["s3:PutObject"] == [f"{ALL}:s3:::out/*"]
    assert found["redshift-data:ExecuteStatement"][0] == f"{ALL}:redshift:{HERE}:cluster:k"
    assert found["redshift:GetClusterCredentials"][0] == f"{ALL}:redshift:{HERE}:dbuser:k/*"
    text = 'DynamoDBToS3Operator(task_id="d", dynamodb_table_name="t", s3_bucket_name="{{ params.b }}", dag=dag)'
    found = actions(project.translate(IMPORTS + text).manifest["task_permissions"])
    assert found["dynamodb:Scan"] == [f"{ALL}:dynamodb:{HERE}:table/t"]
    assert found["s3:PutObject"] == [f"{ALL}:s3:::*/*"]


class Tables(FakeAws):
    """Its resource is moto's: a temporary table is there, as if the import had made it."""

    def resource(self, service: str, **arguments: Any) -> Any:
        return Resources().resource(service, **arguments)


def test_an_import_into_a_table_that_exists(project: Project, aws: Lender) -> None:
    """By way of a temporary table, which goes away."""
    client = aws.client("dynamodb")
    schema = [{"AttributeName": "id", "KeyType": "HASH"}]
    kinds = [{"AttributeName": "id", "AttributeType": "S"}]
    for name in ("orders", "tmp_orders"):
        client.create_table(TableName=name, KeySchema=schema, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")
    client.put_item(TableName="tmp_orders", Item={"id": {"S": "a"}, "n": {"N": "1.5"}})
    text = "from airflow.providers.amazon.aws.transfers.s3_to_dynamodb import S3ToDynamoDBOperator\n"
    text += 'S3ToDynamoDBOperator(task_id="t", s3_bucket="data", s3_key="in/", dynamodb_table_name="orders", dag=dag, '
    text += f"use_existing_table=True, dynamodb_key_schema={schema}, dynamodb_attributes={kinds}, check_interval=1)"
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/tmp_orders/import/1"
    fake = Tables(
        {
            "dynamodb:ImportTable": {"ImportTableDescription": {"ImportArn": arn}},
            "dynamodb:DescribeImport": {"ImportTableDescription": {"ImportStatus": "COMPLETED"}},
            "dynamodb:DeleteTable": {},
        }
    )
    result = project.run(text, fake.services, fake)
    assert result.tasks == {"t": "success"}, result.errors
    assert result.xcoms["t"]["return_value"].endswith(":table/orders")
    assert client.get_item(TableName="orders", Key={"id": {"S": "a"}})["Item"]["n"] == {"N": "1.5"}
    assert fake.asked("dynamodb:ImportTable")[0]["TableCreationParameters"]["TableName"] == "tmp_orders"
    assert fake.asked("dynamodb:DeleteTable") == [{"TableName": "tmp_orders"}]
    failed = project.run(text.replace("=1)", "=1, wait_for_completion=False)"), lender=fake)
    assert "must be set to True" in failed.errors["t"]
