"""What people reported of Airflow, each as a small DAG: rules, setups, skips and mapping that meet."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.decorators import setup, task, task_group, teardown
from airflow.exceptions import AirflowSkipException
from airflow.operators.empty import EmptyOperator
from airflow.operators.latest_only import LatestOnlyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup

KW = dict(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)


@task
def end(how="s", value=None):
    if how == "f":
        raise ValueError("told to fail")
    if how == "k":
        raise AirflowSkipException("told to skip")
    return value


@task
def count(values=None):
    return repr(list(values)) if values is not None else "nothing"


def empty(name, rule="all_success"):
    return EmptyOperator(task_id=name, trigger_rule=rule)


# apache/airflow issues 51320 and 37091
with DAG("t70_mapped_over_skipped", **KW):
    skipped = end.override(task_id="skipped")("k")
    for rule in ("all_success", "all_done", "none_failed", "one_success", "none_failed_min_one_success", "all_skipped"):
        end.override(task_id=f"over_{rule}", trigger_rule=rule).expand(how=skipped)
    failed = end.override(task_id="failed")("f")
    for rule in ("all_success", "all_done", "one_failed", "none_skipped", "all_failed"):
        end.override(task_id=f"over_failed_{rule}", trigger_rule=rule).expand(how=failed)
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "other")
    chosen = end.override(task_id="left_out")("s", ["s", "s"])
    branch >> [chosen, empty("other")]
    end.override(task_id="below_left_out", trigger_rule="none_failed").expand(how=chosen)

# 48451: a setup that a branch skips takes the tasks of its scope with it, whatever their rule
with DAG("t70_branch_skips_setup", **KW):
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "job")
    up, down = end.override(task_id="up")(), end.override(task_id="down")()
    job = empty("job", "one_success")
    wait = empty("wait")
    branch >> [up, job]
    up >> wait >> job >> down.as_teardown(setups=up)

# 32538: a short circuit skips neither the teardown of its scope nor more than it should
with DAG("t70_short_circuit_and_teardowns", **KW):
    s1, s2 = end.override(task_id="s1")(), end.override(task_id="s2")()
    t1, t2 = end.override(task_id="t1")(), end.override(task_id="t2")()
    op1 = ShortCircuitOperator(task_id="op1", python_callable=lambda: False)
    op2 = empty("op2", "all_success")
    op3 = empty("op3", "all_done")
    s1.as_setup() >> op1 >> s2.as_setup() >> op2 >> op3 >> [t1.as_teardown(setups=s1), t2.as_teardown(setups=s2)]
    after = empty("after")
    t1 >> after

# 53667: a list of what mapped tasks returned, when none of them returned anything
with DAG("t70_all_instances_skipped", **KW):
    mapped = end.override(task_id="mapped").partial(value=1).expand(how=["k", "k"])
    for rule in ("all_success", "all_done", "none_failed", "all_skipped", "none_failed_min_one_success"):
        count.override(task_id=f"count_{rule}", trigger_rule=rule)(mapped)
    nothing = end.override(task_id="nothing")("s", [])
    zero = end.override(task_id="zero").expand(how=nothing)
    for rule in ("all_success", "all_done", "none_failed", "all_skipped", "none_skipped"):
        count.override(task_id=f"zero_{rule}", trigger_rule=rule)(zero)

# 64181: a teardown waits for all of its scope
with DAG("t70_teardown_scope", **KW):
    up, down = end.override(task_id="up")(), end.override(task_id="down")()
    w1, w2, w3 = empty("w1"), end.override(task_id="w2")("f"), empty("w3", "all_failed")
    up.as_setup() >> [w1, w2]
    w2 >> w3
    w1 >> down.as_teardown(setups=up)
    w3 >> empty("last", "all_done") >> down

with DAG("t70_literal_below_short_circuit", **KW):
    stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: False)
    near = end.override(task_id="near", trigger_rule="all_done").expand(how=["s", "s"])
    step = empty("step")
    far = end.override(task_id="far", trigger_rule="all_done").expand(how=["s", "s"])
    last = end.override(task_id="last").expand(how=["s"])
    stop >> near
    stop >> step >> far >> last
    soft = ShortCircuitOperator(
        task_id="soft", python_callable=lambda: False, ignore_downstream_trigger_rules=False
    )
    soft >> end.override(task_id="soft_near", trigger_rule="all_done").expand(how=["s", "s"]) >> empty("soft_last")
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: None)
    branch >> end.override(task_id="branch_near", trigger_rule="always").expand(how=["s"]) >> empty("branch_last")

with DAG("t70_group_with_branch", **KW):
    with TaskGroup("g") as g:
        branch = BranchPythonOperator(task_id="branch", python_callable=lambda: ["g.inner", "g.d"])
        with TaskGroup("inner") as inner:
            empty("a") >> empty("b")
        c, d = empty("c"), end.override(task_id="d")("k")
        branch >> Label("one") >> inner
        branch >> [c, d]
        [inner, c, d] >> empty("join", "none_failed_min_one_success")
    g >> empty("after") >> empty("last", "none_skipped")
    g >> empty("skips", "all_skipped")

with DAG("t70_branch_and_mapped_groups", **KW):
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "chosen")

    @task_group
    def each(how):
        end.override(task_id="first")(how) >> empty("done", "all_done")

    literal = each.override(group_id="literal").expand(how=["s", "k", "f"])
    left_out = each.override(group_id="left_out").expand(how=["s", "k"])
    chosen = each.override(group_id="chosen").expand(how=["s", "k", "f"])
    branch >> [left_out, chosen]
    for rule in ("all_success", "none_failed", "all_done", "one_failed", "all_skipped"):
        literal >> empty(f"literal_{rule}", rule)
        left_out >> empty(f"left_out_{rule}", rule)
        chosen >> empty(f"chosen_{rule}", rule)

with DAG("t70_nested_contexts", **KW):
    @setup
    def outer_up():
        return 1

    @teardown
    def outer_down():
        return 2

    @setup
    def inner_up():
        raise AirflowSkipException("no")

    @teardown(on_failure_fail_dagrun=True)
    def inner_down():
        raise ValueError("teardown")

    with outer_up() >> outer_down() as scope:
        empty("work")
        with inner_up() >> inner_down():
            empty("deep") >> empty("deeper", "all_done")
    with end.override(task_id="solo")("f").as_teardown(on_failure_fail_dagrun=True):
        empty("alone")

with DAG("t70_setups_of_different_fate", **KW):
    ups = [end.override(task_id=f"up_{how}")(how).as_setup() for how in "skf"]
    works = [empty(f"work_{how}") for how in "skf"]
    for up, work in zip(ups, works):
        up >> work
    join = empty("join", "all_done")
    works >> join
    join >> end.override(task_id="down")("s").as_teardown(setups=ups) >> empty("after")

with DAG("t70_retries_and_instances", default_args={"retries": 2, "retry_delay": timedelta(0)}, **KW):
    @task(multiple_outputs=True)
    def flaky(after, ti=None):
        ti.xcom_push(key="try", value=ti.try_number)
        if ti.try_number <= after:
            raise SystemExit(7)
        return {"after": after, "tries": ti.try_number}

    tried = flaky.expand(after=[0, 1, 2, 3])
    count.override(task_id="tries", trigger_rule="all_done")(tried["tries"])
    tried >> empty("one_failed", "one_failed") >> empty("below")
    tried >> empty("all_failed", "all_failed")

with DAG("t70_latest_only_and_rules", **KW):
    latest = LatestOnlyOperator(task_id="latest")
    latest >> [empty("a"), empty("b", "all_done"), end.override(task_id="m").expand(how=["s", "k"])] >> empty("c", "none_failed")

with DAG("t70_groups_and_teardowns", **KW):
    with TaskGroup("g", default_args={"retries": 1, "retry_delay": timedelta(0)}) as g:
        up = end.override(task_id="up")()
        up >> end.override(task_id="work")("f") >> end.override(task_id="down")("f").as_teardown(setups=up)
    with TaskGroup("h") as h:
        empty("x") >> empty("y", "all_done")
    g >> h
    g >> empty("alarm", "one_failed")

with DAG("t70_upstream_failed_and_skipped", **KW):
    bad, skip, good = end.override(task_id="bad")("f"), end.override(task_id="skip")("k"), end.override(task_id="good")()
    below_bad, below_skip = empty("below_bad"), empty("below_skip")
    bad >> below_bad
    skip >> below_skip
    RULES = ("all_failed", "all_done", "one_failed", "one_done", "none_failed", "none_skipped", "all_done_min_one_success",
             "none_failed_min_one_success", "one_success", "all_skipped")
    for rule in RULES:
        [below_bad, below_skip] >> empty(f"both_{rule}", rule) >> empty(f"below_both_{rule}", "none_failed")
        [below_bad, good] >> empty(f"bad_good_{rule}", rule)
        [below_skip, good] >> empty(f"skip_good_{rule}", rule)
