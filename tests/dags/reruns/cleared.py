"""DAGs whose tasks end differently when they are run again: what a clear makes of them was measured on Airflow 3.3.2.

A task knows by its try number which time it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task, task_group

START = datetime(2024, 1, 1)


@task
def says(ti=None):
    """Pushes which try it is."""
    ti.xcom_push(key=f"in_try_{ti.try_number}", value=True)
    return ti.try_number


@task
def fails_first(ti=None, tries=1):
    """Fails in its first tries."""
    if ti.try_number <= tries:
        raise ValueError(f"try {ti.try_number}")
    return ti.try_number


@task
def fails_later(ti=None):
    """Fails in every try but the first."""
    if ti.try_number > 1:
        raise ValueError(f"try {ti.try_number}")
    return ti.try_number


with DAG("clear_chain", schedule=None, start_date=START) as clear_chain:
    (
        says.override(task_id="a")()
        >> fails_first.override(task_id="b")()
        >> says.override(task_id="c")()
        >> EmptyOperator(task_id="d")
    )

with DAG("clear_retries", schedule=None, start_date=START) as clear_retries:
    (
        says.override(task_id="a")()
        >> fails_first.override(task_id="b", retries=1, retry_delay=timedelta(0))(tries=3)
        >> says.override(task_id="c")()
    )

with DAG("clear_kept_below", schedule=None, start_date=START) as clear_kept_below:
    (
        says.override(task_id="a")()
        >> fails_later.override(task_id="b")()
        >> says.override(task_id="c")()
        >> says.override(task_id="d")()
    )

with DAG("clear_branch", schedule=None, start_date=START) as clear_branch:

    @task.branch
    def br(ti=None):
        return "x" if ti.try_number == 1 else "y"

    x, y = says.override(task_id="x")(), says.override(task_id="y")()
    below = EmptyOperator(task_id="below_y")
    chosen = br()
    chosen >> [x, y]
    y >> below
    [x, below] >> says.override(task_id="join", trigger_rule="none_failed_min_one_success")()

with DAG("clear_short_circuit", schedule=None, start_date=START) as clear_short_circuit:

    @task.short_circuit
    def hard(ti=None):
        return ti.try_number > 1

    hard() >> says.override(task_id="h1")() >> says.override(task_id="h2", trigger_rule="all_done")()

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def soft():
        return False

    soft() >> says.override(task_id="s1")() >> says.override(task_id="s2", trigger_rule="all_done")()

with DAG("clear_setup", schedule=None, start_date=START) as clear_setup:
    up, down = says.override(task_id="up")(), says.override(task_id="down")()
    work = fails_first.override(task_id="work")()
    before = says.override(task_id="before")()
    before >> up.as_setup() >> work >> says.override(task_id="more")() >> down.as_teardown(setups=up)
    down >> says.override(task_id="after")()

with DAG("clear_mapped", schedule=None, start_date=START) as clear_mapped:

    @task
    def numbers():
        return [0, 1, 2]

    @task
    def each(number, ti=None):
        if number == 1 and ti.try_number == 1:
            raise ValueError(number)
        return number * 10 + ti.try_number

    @task
    def total(found):
        return sorted(found)

    total(each.expand(number=numbers()))

with DAG("clear_group", schedule=None, start_date=START) as clear_group:

    @task_group
    def g():
        says.override(task_id="one")() >> [fails_first.override(task_id="two")(), says.override(task_id="three")()]

    says.override(task_id="first")() >> g() >> says.override(task_id="last", trigger_rule="one_failed")()
