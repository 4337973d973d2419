"""A daily DAG of which a backfill runs a part. `conf` says which tasks fail."""

from datetime import datetime

from airflow.sdk import dag, task, task_group


def _work(name, dag_run, ti):
    if name in dag_run.conf.get("fail", ()):
        raise ValueError(name)
    return f"{name} in try {ti.try_number}"


@dag(schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False)
def parts():
    def make(name, **arguments):
        @task(task_id=name, **arguments)
        def work(dag_run=None, ti=None):
            return _work(name, dag_run, ti)

        return work()

    extract, transform = make("extract"), make("transform")
    load_a, load_b = make("load_a"), make("load_b")
    extract >> transform >> [load_a, load_b] >> make("report")
    extract >> make("audit")
    transform >> make("alarm", trigger_rule="one_failed")

    @task_group
    def each(number):
        @task
        def first(number):
            return number

        @task
        def second(number):
            return number

        second(first(number))

    each.expand(number=[1, 2])


parts()
