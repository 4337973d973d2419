"""A walk through Athena: make a small CSV file, put a table over it, query it, wait, read the rows, clean up.

Needs a bucket, named by the Airflow Variable `athena_bucket`:

    airstep variables set athena_bucket my-bucket
    airstep dags trigger athena_walkthrough --wait
"""

from __future__ import annotations

import csv
import io
from datetime import datetime

from airflow.decorators import dag, task
from airflow.models import Variable
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.sensors.athena import AthenaSensor

SAMPLE = "athena-walkthrough/sample/sample.csv"
OUTPUT = "s3://{{ var.value.athena_bucket }}/athena-walkthrough/results/"
DATABASE = "default"
TABLE = "airstep_walkthrough"

QUERY_CREATE_TABLE = f"""
CREATE EXTERNAL TABLE IF NOT EXISTS {DATABASE}.{TABLE} (`name` string, `age` int)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
WITH SERDEPROPERTIES ('serialization.format' = ',', 'field.delim' = ',')
LOCATION 's3://{{{{ var.value.athena_bucket }}}}/athena-walkthrough/sample/'
TBLPROPERTIES ('has_encrypted_data' = 'false')
"""
QUERY_READ_TABLE = f"SELECT name, age FROM {DATABASE}.{TABLE} WHERE age >= 30 ORDER BY age"
QUERY_DROP_TABLE = f"DROP TABLE IF EXISTS {DATABASE}.{TABLE}"


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False, tags=["example", "athena"])
def athena_walkthrough():
    @task
    def add_sample_data_to_s3():
        people = "Alice,20\nBob,25\nCharlie,30\nDora,41\n"
        S3Hook().load_string(people, SAMPLE, bucket_name=Variable.get("athena_bucket"), replace=True)

    @task
    def read_results_from_s3(query_execution_id):
        key = f"athena-walkthrough/results/{query_execution_id}.csv"
        text = S3Hook().read_key(key, bucket_name=Variable.get("athena_bucket"))
        rows = list(csv.DictReader(io.StringIO(text)))
        print(f"{len(rows)} rows: {rows}")
        return rows

    @task
    def remove_sample_data_from_s3():
        S3Hook().delete_objects(bucket=Variable.get("athena_bucket"), keys=SAMPLE)

    def query(task_id: str, sql: str) -> AthenaOperator:
        return AthenaOperator(
            task_id=task_id, query=sql, database=DATABASE, output_location=OUTPUT, sleep_time=30, aws_conn_id=None
        )

    create_table = query("setup__create_table", QUERY_CREATE_TABLE)
    read_table = query("query__read_table", QUERY_READ_TABLE)
    get_read_state = AthenaSensor(
        task_id="query__get_read_state", query_execution_id=read_table.output, sleep_time=10, aws_conn_id=None
    )
    read_results = read_results_from_s3("{{ task_instance.xcom_pull('query__read_table', key='return_value') }}")
    drop_table = query("teardown__drop_table", QUERY_DROP_TABLE)

    (
        add_sample_data_to_s3()
        >> create_table
        >> read_table
        >> get_read_state
        >> read_results
        >> drop_table
        >> remove_sample_data_from_s3()
    )


athena_walkthrough()
