"""Orders and prices of a day: a sensor, a flaky task with retries, an N-shaped graph, a branch, a task group.

`check_orders` needs the orders alone, `enrich` needs orders and prices: neither waits for what it does not need.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowException
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator
from airflow.sensors.base import PokeReturnValue
from airflow.utils.task_group import TaskGroup


def size_of_day(ti):
    total = ti.xcom_pull(task_ids="enrich")["total"]
    return "large_day.audit" if total > 100 else "small_day"


with DAG(
    dag_id="daily_orders",
    schedule="@once",
    start_date=datetime(2024, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
    tags=["example"],
) as dag:

    @task.sensor(poke_interval=2, timeout=600, mode="reschedule")
    def orders_have_arrived(ti=None, data_interval_start=None):
        # Stands in for a look at a bucket or a queue: there on the second look.
        looks = (ti.xcom_pull(task_ids="orders_have_arrived", key="looks") or 0) + 1
        ti.xcom_push(key="looks", value=looks)
        return PokeReturnValue(is_done=looks > 1, xcom_value={"day": str(data_interval_start), "looks": looks})

    @task
    def load_orders():
        return [{"item": "tea", "count": 12}, {"item": "rice", "count": 3}]

    @task
    def load_prices(ti=None):
        if ti.try_number == 1:
            raise AirflowException("the price service answers at the second try")
        return {"tea": 4.5, "rice": 21.0}

    @task
    def check_orders(orders):
        return all(order["count"] > 0 for order in orders)

    @task(multiple_outputs=True)
    def enrich(orders, prices):
        lines = [order | {"price": prices[order["item"]] * order["count"]} for order in orders]
        return {"lines": lines, "total": sum(line["price"] for line in lines)}

    orders = load_orders()
    enriched = enrich(orders, load_prices())
    checked = check_orders(orders)
    orders_have_arrived() >> orders

    branch = BranchPythonOperator(task_id="size_of_day", python_callable=size_of_day)
    small_day = EmptyOperator(task_id="small_day")
    with TaskGroup("large_day") as large_day:
        audit = BashOperator(task_id="audit", bash_command="echo 'audit of {{ ds }}'")
        archive = BashOperator(task_id="archive", bash_command='echo "archived $(date -u +%Y)"')
        audit >> archive
    report = BashOperator(
        task_id="report",
        bash_command='echo \'total {{ ti.xcom_pull(task_ids="enrich", key="total") }} on {{ ds }}\'',
        trigger_rule="none_failed_min_one_success",
    )
    enriched >> branch >> [small_day, audit]
    [small_day, large_day, checked] >> report
