"""Mapped task groups that are not expanded, or only in parts, because of what is above them."""

from datetime import datetime

from airflow.decorators import dag, task, task_group
from airflow.exceptions import AirflowSkipException

RULES = ["all_success", "all_failed", "all_done", "one_failed", "none_failed", "none_failed_min_one_success"]


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t56_group_unexpanded():
    @task
    def source(how):
        if how == "fail":
            raise ValueError(how)
        if how == "skip":
            raise AirflowSkipException(how)
        return [] if how == "empty" else ["a", "b"]

    @task
    def first(x):
        return x

    @task(trigger_rule="all_done")
    def first_done(x):
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
        first_done(x)

    for how in ("fail", "skip", "empty"):
        over = source.override(task_id=f"over_{how}")(how)
        group = each.override(group_id=how).expand(x=over)
        group >> ruled(f"after_{how}", "all_done")
        group >> ruled(f"alarm_{how}", "one_failed")

    # What else is above: seen by each instance.
    good = source.override(task_id="over_good")("good")
    for how in ("fail", "skip"):
        other = source.override(task_id=f"other_{how}")(how)
        for name, values in ((f"beside_{how}", good), (f"literal_{how}", ["a", "b"])):
            group = each.override(group_id=name).expand(x=values)
            other >> group["first"]
        inner = each.override(group_id=f"inner_{how}").expand(x=good)
        other >> inner["all_done"]
        other >> inner["all_success"]
        other >> inner["one_failed"]


t56_group_unexpanded()
