"""Trigger rules inside and below mapped task groups."""

from datetime import datetime

from airflow.decorators import dag, task, task_group
from airflow.exceptions import AirflowSkipException

RULES = [
    "all_success",
    "all_failed",
    "all_done",
    "all_skipped",
    "one_failed",
    "one_success",
    "one_done",
    "none_failed",
    "none_skipped",
    "none_failed_min_one_success",
]


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t55_group_rules():
    @task
    def numbers(values):
        return values

    @task
    def first(x):
        if x == "fail":
            raise ValueError(x)
        if x == "skip":
            raise AirflowSkipException(x)
        return x

    def ruled(name, rule):
        @task(task_id=name, trigger_rule=rule)
        def run():
            return "ran"

        return run()

    @task_group
    def each(x):
        done = first(x)
        for rule in RULES:
            done >> ruled(rule, rule)

    for name, values in (
        ("mixed", ["ok", "fail", "skip"]),
        ("calm", ["ok", "ok"]),
        ("lost", ["fail", "fail"]),
        ("skips", ["skip", "skip"]),
    ):
        over = numbers.override(task_id=f"over_{name}")(values)
        group = each.override(group_id=name).expand(x=over)
        literal = each.override(group_id=f"literal_{name}").expand(x=values)
        for rule in RULES:
            group["first"] >> ruled(f"{name}_first_{rule}", rule)
            literal["one_failed"] >> ruled(f"{name}_alarm_{rule}", rule)
    group >> ruled("below_everything", "all_done")


t55_group_rules()
