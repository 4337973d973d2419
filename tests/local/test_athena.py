"""Athena in the running server: statements, results, errors in Athena's words."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Client

pytestmark = pytest.mark.local_aws

BUCKET = "athena-data"
OUTPUT = f"s3://{BUCKET}/out/"
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")

PEOPLE = """CREATE EXTERNAL TABLE people (id int COMMENT 'key', name string, born date, score double)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' STORED AS TEXTFILE LOCATION 's3://athena-data/people/'
TBLPROPERTIES ('skip.header.line.count'='1')"""
QUOTED = """CREATE EXTERNAL TABLE quoted (a string, b string) ROW FORMAT SERDE
'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('separatorChar'=';')
LOCATION 's3://athena-data/quoted/'"""
EVENTS = """CREATE EXTERNAL TABLE events (id bigint, tags array<string>, who struct<name:string,age:int>)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://athena-data/events/'"""
DAILY = """CREATE EXTERNAL TABLE daily (n int) PARTITIONED BY (dt string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://athena-data/daily/'"""


class Athena:
    """Runs queries to their end."""

    def __init__(self, client: Client, wait_for: Callable[..., Any]) -> None:
        self.client = client
        self._wait_for = wait_for

    def run(self, sql: str, database: str = "shop", **more: Any) -> dict[str, Any]:
        """The query execution when it is over."""
        started = self.client("athena").start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": database},
            ResultConfiguration={"OutputLocation": OUTPUT},
            **more,
        )
        return self.ended(started["QueryExecutionId"])

    def ended(self, query_id: str) -> dict[str, Any]:
        def look() -> Any:
            found = self.client("athena").get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            return found if found["Status"]["State"] in FINAL else None

        ended: dict[str, Any] = self._wait_for(look)
        return ended

    def rows(self, sql: str, **more: Any) -> list[list[str | None]]:
        """The rows of a query that succeeds, without the header."""
        ended = self.run(sql, **more)
        assert ended["Status"]["State"] == "SUCCEEDED", ended["Status"]
        answer = self.client("athena").get_query_results(QueryExecutionId=ended["QueryExecutionId"])
        rows = [[datum.get("VarCharValue") for datum in row["Data"]] for row in answer["ResultSet"]["Rows"]]
        return rows[1:] if ended["SubstatementType"] == "SELECT" else rows

    def failure(self, sql: str) -> str:
        ended = self.run(sql)
        assert ended["Status"]["State"] == "FAILED"
        return str(ended["Status"]["StateChangeReason"])


@pytest.fixture(scope="module")
def athena(client: Client) -> Athena:
    def wait_for(look: Callable[[], Any]) -> Any:
        for _ in range(500):
            time.sleep(0.03)
            if answer := look():
                return answer
        raise AssertionError("the query did not end")

    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    files = {
        "people/a.csv": 'id,name,born,score\n1,ann,2001-02-03,1.5\n2,bob,,\nx,"q",2002-01-01,2\n',
        "people/b.csv": "id,name,born,score\n3,cid,1999-12-31,1e10\n",
        "people/_temporary/c.csv": "id,name,born,score\n",
        "quoted/a.csv": '"x;y";"say \\"hi\\""\nplain;\n',
        "events/a.json": '{"ID": 1, "Tags": ["a", "b"], "who": {"name": "ann", "age": 3}}\n{"id": "2", "tags": null}\n',
        "daily/dt=2024-01-01/a.csv": "1\n2\n",
        "daily/dt=2024-01-02/a.csv": "3\n",
    }
    for key, text in files.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
    made = Athena(client, wait_for)
    assert made.run("CREATE DATABASE shop COMMENT 'of the tests'")["Status"]["State"] == "SUCCEEDED"
    for statement in (PEOPLE, QUOTED, EVENTS, DAILY):
        assert made.run(statement)["Status"]["State"] == "SUCCEEDED"
    return made


def test_text_is_read_by_the_table_s_types(athena: Athena) -> None:
    assert athena.rows("SELECT * FROM people ORDER BY name") == [
        [None, '"q"', "2002-01-01", "2.0"],
        ["1", "ann", "2001-02-03", "1.5"],
        ["2", "bob", None, None],
        ["3", "cid", "1999-12-31", "1.0E10"],
    ]


def test_quoted_text_and_json_are_read(athena: Athena) -> None:
    assert athena.rows("SELECT * FROM quoted") == [["x;y", 'say "hi"'], ["plain", ""]]
    assert athena.rows("SELECT id, tags, who.age, tags[1] FROM events ORDER BY id") == [
        ["1", "[a, b]", "3", "a"],
        ["2", None, None, None],
    ]


FUNCTIONS = {
    "7 / 2": "3",
    "7 / 2.0": "3.5",
    "count(*)": "4",
    "date_format(date_parse('2024-05-06', '%Y-%m-%d'), '%d/%m')": "06/05",
    "date_diff('day', date '2024-01-01', date '2024-02-01')": "31",
    "cast(timestamp '2024-01-02 03:04:05' as varchar)": "2024-01-02 03:04:05",
    "timestamp '2024-01-02 03:04:05'": "2024-01-02 03:04:05.000",
    "json_extract_scalar('{\"a\": {\"b\": 5}}', '$.a.b')": "5",
    "cardinality(split('a,b,c', ','))": "3",
    "element_at(map(array['k'], array[9]), 'k')": "9",
    "array_agg(id ORDER BY id)[1]": "1",
    "approx_distinct(name)": "4",
    "regexp_like('airflow', 'f.o')": "true",
    "try_cast('x' as integer)": None,
    "coalesce(null, 'z')": "z",
    "cast(1.25 as decimal(10, 2))": "1.25",
    "row(1, 'a')": "{field0=1, field1=a}",
}


def test_trino_s_functions_work(athena: Athena) -> None:
    (row,) = athena.rows(f"SELECT {', '.join(FUNCTIONS)} FROM people")
    assert dict(zip(FUNCTIONS, row, strict=True)) == FUNCTIONS


def test_the_result_file_is_csv_under_the_documented_key(athena: Athena) -> None:
    ended = athena.run("SELECT name, born, count(*) FROM people WHERE id < 3 GROUP BY 1, 2 ORDER BY 1")
    location = ended["ResultConfiguration"]["OutputLocation"]
    assert location == f"{OUTPUT}{ended['QueryExecutionId']}.csv"
    body = athena.client("s3").get_object(Bucket=BUCKET, Key=location.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    assert body.decode() == '"name","born","_col2"\n"ann","2001-02-03","1"\n"bob",,"1"\n'


def test_results_come_in_pages_with_types(athena: Athena) -> None:
    ended = athena.run("SELECT id, name FROM people ORDER BY name")
    get = athena.client("athena").get_query_results
    first = get(QueryExecutionId=ended["QueryExecutionId"], MaxResults=3)
    second = get(QueryExecutionId=ended["QueryExecutionId"], MaxResults=3, NextToken=first["NextToken"])
    assert [len(page["ResultSet"]["Rows"]) for page in (first, second)] == [3, 2]
    assert first["ResultSet"]["Rows"][0]["Data"] == [{"VarCharValue": "id"}, {"VarCharValue": "name"}]
    info = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(column["Name"], column["Type"]) for column in info] == [("id", "integer"), ("name", "varchar")]


def test_partitions_are_seen_when_the_catalog_knows_them(athena: Athena) -> None:
    assert athena.rows("SELECT count(*) FROM daily") == [["0"]]
    assert len(athena.rows("MSCK REPAIR TABLE daily")) == 2
    assert athena.rows("SELECT * FROM daily WHERE dt = '2024-01-02'") == [["3", "2024-01-02"]]
    assert athena.rows("SHOW PARTITIONS daily") == [["dt=2024-01-01"], ["dt=2024-01-02"]]
    athena.rows("ALTER TABLE daily DROP PARTITION (dt = '2024-01-01')")
    added = "ALTER TABLE daily ADD IF NOT EXISTS PARTITION (dt = 'x') LOCATION 's3://athena-data/daily/dt=2024-01-01/'"
    athena.rows(added)
    assert athena.rows("SELECT n, dt FROM daily ORDER BY n") == [["1", "x"], ["2", "x"], ["3", "2024-01-02"]]


def test_tables_are_made_by_queries_and_inserted_into(athena: Athena) -> None:
    ended = athena.run(
        "CREATE TABLE made WITH (format = 'PARQUET', external_location = 's3://athena-data/made/', "
        "partitioned_by = ARRAY['y']) AS SELECT id, name, cast(year(born) AS varchar) AS y FROM people WHERE id <> 2"
    )
    assert (ended["Status"]["State"], ended["StatementType"]) == ("SUCCEEDED", "DDL")
    assert athena.run("INSERT INTO made VALUES (9, 'new', '2030')")["Status"]["State"] == "SUCCEEDED"
    assert athena.run("INSERT INTO made (id, y) SELECT 10, '2030'")["Status"]["State"] == "SUCCEEDED"
    assert athena.rows("SELECT * FROM made ORDER BY id") == [
        ["1", "ann", "2001"],
        ["3", "cid", "1999"],
        ["9", "new", "2030"],
        ["10", None, "2030"],
    ]
    assert athena.rows("SHOW PARTITIONS made") == [["y=1999"], ["y=2001"], ["y=2030"]]
    assert "TABLE_ALREADY_EXISTS" in athena.failure("CREATE TABLE made AS SELECT 1 AS a")
    message = athena.failure("CREATE TABLE again WITH (external_location = 's3://athena-data/made/') AS SELECT 1 AS a")
    assert message.startswith("HIVE_PATH_ALREADY_EXISTS")


def test_views_are_queries(athena: Athena) -> None:
    athena.rows(
        "CREATE OR REPLACE VIEW adults AS SELECT id + 100 AS number, name FROM people WHERE born < DATE '2000-01-01'"
    )
    assert athena.rows("SELECT * FROM adults") == [["103", "cid"]]
    assert athena.rows("SHOW VIEWS") == [["adults"]]
    assert athena.rows("DESCRIBE adults")[0][0] == f"{'number':<20}\t{'int':<20}\t{'':<20}"
    athena.rows("DROP VIEW adults")
    assert athena.failure("SELECT * FROM adults").startswith("TABLE_NOT_FOUND: line 1:15:")


def test_show_lists_databases_and_tables(athena: Athena) -> None:
    assert ["shop"] in athena.rows("SHOW DATABASES")
    assert athena.rows("SHOW TABLES 'p*|quo*'") == [["people"], ["quoted"]]
    assert athena.rows("SHOW TABLES IN shop 'ev*'") == [["events"]]
    assert [row[0].strip() for row in athena.rows("SHOW COLUMNS IN people") if row[0]] == [
        "id",
        "name",
        "born",
        "score",
    ]


def test_a_database_is_dropped_with_its_tables_only_on_demand(athena: Athena) -> None:
    athena.rows("CREATE SCHEMA IF NOT EXISTS passing")
    athena.rows(PEOPLE.replace("people (", "passing.people ("))
    assert "is not empty" in athena.failure("DROP DATABASE passing")
    athena.rows("DROP DATABASE passing CASCADE")
    athena.rows("DROP DATABASE IF EXISTS passing")
    assert "Database does not exist: passing" in athena.failure("DROP DATABASE passing")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT * FROM nope", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop.nope' does not exist"),
        ("SELECT * FROM nodb.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nodb' does not exist"),
        ("SELECT nope FROM people", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"),
        ("SELECT nope(1)", "FUNCTION_NOT_FOUND"),
        ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT"),
        ("CREATE DATABASE shop", "Database shop already exists"),
        ("DROP TABLE nope", "Table not found shop.nope"),
        ("UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'PARQUET')", "NOT_SUPPORTED: UNLOAD"),
        ("INSERT INTO people SELECT 1", "TYPE_MISMATCH"),
    ],
)
def test_failures_are_worded_as_athena_words_them(athena: Athena, sql: str, message: str) -> None:
    assert message in athena.failure(sql)


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT 1 FROM (", "SELECT 1; SELECT 2", "CREATE TABLE t (a int)"])
def test_what_is_no_sql_is_refused_at_once(athena: Athena, sql: str) -> None:
    with pytest.raises(ClientError) as refused:
        athena.run(sql)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
    assert refused.value.response["AthenaErrorCode"] == "MALFORMED_QUERY"


def test_a_request_token_starts_one_query(athena: Athena) -> None:
    start = athena.client("athena").start_query_execution
    token = "t" * 32
    request = {"ResultConfiguration": {"OutputLocation": OUTPUT}, "ClientRequestToken": token}
    ids = {start(QueryString="SELECT 1", **request)["QueryExecutionId"] for _ in range(3)}
    assert len(ids) == 1
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        start(QueryString="SELECT 2", **request)


def test_a_workgroup_gives_the_output_location(athena: Athena) -> None:
    client = athena.client("athena")
    configuration = {"ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/team"}}
    client.create_work_group(Name="team", Configuration=configuration)
    started = client.start_query_execution(QueryString="SELECT 1", WorkGroup="team")["QueryExecutionId"]
    ended = athena.ended(started)
    assert ended["ResultConfiguration"]["OutputLocation"] == f"s3://{BUCKET}/team/{started}.csv"
    assert client.list_query_executions(WorkGroup="team")["QueryExecutionIds"] == [started]
    for request, message in (({}, "No output location"), ({"WorkGroup": "nope"}, "WorkGroup nope is not found")):
        with pytest.raises(ClientError, match=message):
            client.start_query_execution(QueryString="SELECT 1", **request)


def test_parameters_take_the_places_of_question_marks(athena: Athena) -> None:
    found = athena.rows("SELECT name FROM people WHERE id = ? AND name = ?", ExecutionParameters=["1", "'ann'"])
    assert found == [["ann"]]
    with pytest.raises(ClientError, match="Incorrect number of parameters"):
        athena.run("SELECT ?", ExecutionParameters=["1", "2"])


def test_results_of_a_failed_query_are_refused(athena: Athena) -> None:
    ended = athena.run("SELECT * FROM nope")
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        athena.client("athena").get_query_results(QueryExecutionId=ended["QueryExecutionId"])


def test_a_query_can_be_stopped(athena: Athena) -> None:
    endless = " CROSS JOIN ".join(f"UNNEST(sequence(1, 100000)) AS t{i}(x{i})" for i in itertools.islice(range(9), 4))
    started = athena.client("athena").start_query_execution(
        QueryString=f"SELECT sum(x0 * x1 * x2 * x3) FROM {endless}", ResultConfiguration={"OutputLocation": OUTPUT}
    )["QueryExecutionId"]
    athena.client("athena").stop_query_execution(QueryExecutionId=started)
    assert athena.ended(started)["Status"]["State"] == "CANCELLED"
