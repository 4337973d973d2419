"""Mapping over what mapped tasks, and tasks that did not succeed, have pushed."""

from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException, AirflowSkipException


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t51_mapped_chains():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def fail_at_2(x):
        if x == 2:
            raise ValueError("2")
        return x * 10

    @task
    def skip_at_2(x):
        if x == 2:
            raise AirflowSkipException("2")
        return x * 10

    @task
    def over(y):
        return y + 1

    @task
    def collect(values):
        return list(values)

    failing = fail_at_2.expand(x=numbers())
    skipping = skip_at_2.expand(x=numbers.override(task_id="numbers_2")())
    for name, source in (("failing", failing), ("skipping", skipping)):
        for rule in ("all_success", "all_done", "none_failed", "one_success", "none_failed_min_one_success"):
            mapped = over.override(task_id=f"{name}_{rule}", trigger_rule=rule).expand(y=source)
            collect.override(task_id=f"{name}_{rule}_collect", trigger_rule="all_done")(mapped)

    @task
    def fails():
        raise AirflowFailException("no")

    @task
    def skips():
        raise AirflowSkipException("no")

    over.override(task_id="over_failed_all_done", trigger_rule="all_done").expand(y=fails())
    over.override(task_id="over_skipped_all_done", trigger_rule="all_done").expand(y=skips())
    never = over.override(task_id="never").expand(y=fails.override(task_id="fails_2")())
    over.override(task_id="over_never", trigger_rule="all_done").expand(y=never)
    empty = over.override(task_id="empty").expand(y=[])
    over.override(task_id="over_empty", trigger_rule="all_done").expand(y=empty)
    over.override(task_id="over_empty_none_failed", trigger_rule="none_failed").expand(y=empty)

    @task
    def none():
        return None

    @task
    def text():
        return "abc"

    @task
    def number():
        return 7

    over.override(task_id="over_none").expand(y=none())
    over.override(task_id="over_text").expand(y=text())
    over.override(task_id="over_number").expand(y=number())
    over.override(task_id="over_number_all_done", trigger_rule="all_done").expand(y=number.override(task_id="number_2")())
    all_fail = fail_at_2.override(task_id="all_fail").expand(x=[2, 2])
    over.override(task_id="over_all_fail_all_done", trigger_rule="all_done").expand(y=all_fail)
    all_skip = skip_at_2.override(task_id="all_skip").expand(x=[2, 2])
    over.override(task_id="over_all_skip_all_done", trigger_rule="all_done").expand(y=all_skip)
    over.override(task_id="over_all_skip_none_failed", trigger_rule="none_failed").expand(y=all_skip)

    @task(retries=2, retry_delay=timedelta(0))
    def flaky(x, ti=None):
        if ti.try_number <= x:
            raise ValueError("again")
        return [x, ti.try_number, ti.map_index]

    flaky.expand(x=[0, 1, 2, 5])


t51_mapped_chains()
