import json
import os
import tempfile
from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.providers.common.sql.hooks.handlers import fetch_one_handler
from airflow.providers.common.sql.operators.generic_transfer import GenericTransfer
from airflow.providers.common.sql.operators.sql import (
    BranchSQLOperator,
    SQLCheckOperator,
    SQLColumnCheckOperator,
    SQLExecuteQueryOperator,
    SQLInsertRowsOperator,
    SQLIntervalCheckOperator,
    SQLTableCheckOperator,
    SQLThresholdCheckOperator,
    SQLValueCheckOperator,
)
from airflow.providers.common.sql.sensors.sql import SqlSensor

DATABASE = os.path.join(tempfile.gettempdir(), f"t70_{os.getpid()}.db")
os.environ["AIRFLOW_CONN_T70"] = json.dumps({"conn_type": "sqlite", "host": DATABASE})

with DAG(
    "t70_sql", schedule=None, start_date=datetime(2024, 1, 1), catchup=False, default_args={"conn_id": "t70"}
) as dag:
    make = SQLExecuteQueryOperator(
        task_id="make",
        sql="""
            -- a comment; with a semicolon
            create table sales (id integer, ds text, amount real);
            insert into sales values (1, '{{ macros.ds_add(ds, -7) }}', 10), (2, '{{ ds }}', 20.5);
            insert into sales values (3, '{{ ds }}', null); /* the end; */
        """,
        split_statements=True,
    )
    execute = {
        "rows": dict(sql="select id, ds, amount from sales order by id"),
        "one": dict(sql="select count(*) from sales", handler=fetch_one_handler),
        "none": dict(sql="select id from sales where id > 10"),
        "list": dict(sql=["select 1", "select 'a', 2.5"]),
        "first_and_last": dict(sql="select 1; select 2", split_statements=True, return_last=False),
        "last": dict(sql="select 1; select 2", split_statements=True),
        "unsplit": dict(sql="select 1", split_statements=False, return_last=False),
        "not_last": dict(sql="select 1", return_last=False),
        "two_unsplit": dict(sql="select 1; select 2"),
        "given": dict(sql="select id from sales where id >= ?", parameters=["{{ 2 }}"]),
        "named": dict(sql="select id from sales where id = :id", parameters={"id": 3}),
        "blank": dict(sql=" "),
        "no_push": dict(sql="select 1", do_xcom_push=False),
        "no_handler": dict(sql="select 1", handler=None),
        "quoted": dict(sql="select 'a;b', 'it''s;'; select '--x;'", split_statements=True, return_last=False),
        "processed": dict(sql="select 1 as x", output_processor=lambda results, about: [about[0][0][0], results]),
        "update": dict(sql="update sales set ds = ds where id = 1"),
        "wrong": dict(sql="select nothing"),
    }
    for name, arguments in execute.items():
        make >> SQLExecuteQueryOperator(task_id=f"x_{name}", **arguments)

    make >> [
        SQLCheckOperator(task_id="c_true", sql="select count(*), 'x' from sales"),
        SQLCheckOperator(task_id="c_zero", sql="select 1, 0"),
        SQLCheckOperator(task_id="c_none", sql="select 1 where 1 = 2"),
        SQLValueCheckOperator(task_id="v_equal", sql="select 3, '3.0'", pass_value=3),
        SQLValueCheckOperator(task_id="v_near", sql="select 110", pass_value="{{ 100 }}", tolerance=0.1),
        SQLValueCheckOperator(task_id="v_far", sql="select 111", pass_value=100, tolerance=0.1),
        SQLValueCheckOperator(task_id="v_negative", sql="select -110", pass_value=-100, tolerance=0.1),
        SQLValueCheckOperator(task_id="v_text", sql="select 'x'", pass_value=1),
        SQLThresholdCheckOperator(task_id="t_within", sql="select 5", min_threshold=5, max_threshold="select 6"),
        SQLThresholdCheckOperator(task_id="t_outside", sql="select 7", min_threshold=5, max_threshold="6.5"),
        SQLIntervalCheckOperator(task_id="i_below", table="sales", metrics_thresholds={"sum(amount)": 2.1}),
        SQLIntervalCheckOperator(task_id="i_above", table="sales", metrics_thresholds={"sum(amount)": 2}),
        SQLTableCheckOperator(
            task_id="table_good", table="sales", checks={"rows": {"check_statement": "count(*) = 3"}}
        ),
        SQLTableCheckOperator(
            task_id="table_bad",
            table="sales",
            partition_clause="id > 1",
            checks={"a": {"check_statement": "id > 2", "partition_clause": "id < 3"}},
        ),
        SQLTableCheckOperator(
            task_id="table_empty",
            table="sales",
            partition_clause="id > 10",
            checks={"a": {"check_statement": "id > 2"}},
        ),
        SQLColumnCheckOperator(
            task_id="column_good",
            table="sales",
            column_mapping={
                "amount": {"null_check": {"equal_to": 1}, "max": {"less_than": 20, "tolerance": 0.1}},
                "id": {"unique_check": {"equal_to": 0}, "min": {"geq_to": 1, "leq_to": 1}},
            },
        ),
        SQLColumnCheckOperator(
            task_id="column_bad", table="sales", column_mapping={"id": {"distinct_check": {"greater_than": 3}}}
        ),
        SqlSensor(task_id="s_found", conn_id="t70", sql="select count(*) from sales", poke_interval=1),
        SqlSensor(task_id="s_failure", conn_id="t70", sql="select 5", failure=lambda cell: cell == 5),
        SqlSensor(task_id="s_empty", conn_id="t70", sql="select 1 where 1 = 2", fail_on_empty=True),
    ]

    for name, sql in {"true": "select 1", "false": "select 'off'", "odd": "select 'maybe'", "float": "select 1.0"}.items():
        branch = BranchSQLOperator(
            task_id=f"b_{name}", sql=sql, follow_task_ids_if_true=[f"b_{name}_yes"], follow_task_ids_if_false=f"b_{name}_no"
        )
        make >> branch >> [EmptyOperator(task_id=f"b_{name}_yes"), EmptyOperator(task_id=f"b_{name}_no")]

    insert = SQLInsertRowsOperator(
        task_id="insert",
        table_name="copy",
        columns=["id", "ds", "amount"],
        ignored_columns=["ds"],
        rows=[(1, 2.5), (2, None)],
        preoperator="create table copy (id integer, ds text, amount real)",
        postoperator="update copy set ds = 'x'",
    )
    no_rows = SQLInsertRowsOperator(task_id="no_rows", table_name="copy", columns=["id"], rows=[])
    transfer = GenericTransfer(
        task_id="transfer",
        sql="select id, ds from sales order by id",
        destination_table="copy",
        source_conn_id="t70",
        destination_conn_id="t70",
        insert_args={"target_fields": ["id", "ds"]},
        page_size=2,
    )
    copied = SQLExecuteQueryOperator(task_id="copied", sql="select * from copy order by id, amount")
    make >> insert >> [no_rows, transfer]
    transfer >> copied
