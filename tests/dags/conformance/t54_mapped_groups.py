"""Mapped task groups: rules inside look at their own index."""

from datetime import datetime

from airflow.decorators import dag, task, task_group
from airflow.exceptions import AirflowSkipException


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t54_mapped_groups():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def double(x):
        return x * 2

    @task
    def fail_at_2(x):
        if x == 2:
            raise ValueError("2")
        if x == 3:
            raise AirflowSkipException("3")
        return x

    @task
    def after(y):
        return y + 1

    @task(trigger_rule="all_done")
    def always_after(y):
        return "ran"

    @task(trigger_rule="one_failed")
    def alarm():
        return "alarm"

    @task_group
    def plain(x):
        return after(double(x))

    @task_group
    def rules(x):
        f = fail_at_2(x)
        after(f)
        always_after(f)
        f >> alarm()

    @task
    def collect(values):
        return list(values)

    nums = numbers()
    collect(plain.expand(x=nums))
    rules.expand(x=nums)
    g = rules.override(group_id="literal").expand(x=[1, 2])

    @task(trigger_rule="all_done")
    def end():
        return "end"

    g >> end()
    g >> end.override(task_id="end_success", trigger_rule="all_success")()
    plain.override(group_id="nothing").expand(x=[]) >> end.override(task_id="end_nothing", trigger_rule="none_failed")()


t54_mapped_groups()
