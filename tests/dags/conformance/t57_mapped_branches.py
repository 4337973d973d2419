"""Branches and short circuits: mapped, inside mapped task groups, and above them."""

from datetime import datetime

from airflow.decorators import dag, task, task_group
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator, ShortCircuitOperator


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t57_mapped_branches():
    @task
    def numbers():
        return [1, 2, 3]

    def ruled(name, rule="all_success"):
        @task(task_id=name, trigger_rule=rule)
        def run():
            return name

        return run()

    def below(branch, name):
        left, right = ruled(f"{name}_left"), ruled(f"{name}_right")
        branch >> [left, right]
        [left, right] >> ruled(f"{name}_join", "none_failed_min_one_success")
        right >> ruled(f"{name}_after_right", "all_done")
        return left, right

    nums = numbers()

    # A mapped branch: who chooses what.
    @task.branch
    def choose(x, name):
        return f"{name}_left" if x == 1 else f"{name}_right"

    for name, over in (("xcom", nums), ("literal", [1, 2, 3]), ("agreed", [1, 1]), ("lone", [2])):
        below(choose.override(task_id=f"choose_{name}").partial(name=name).expand(x=over), name)

    @task.branch
    def fails_sometimes(x):
        if x == 2:
            raise ValueError(x)
        return "some_left"

    below(fails_sometimes.expand(x=nums), "some")

    classic = BranchPythonOperator.partial(task_id="classic", python_callable=lambda x: None if x == 1 else "c_left")
    below(classic.expand(op_args=[[1], [2]]), "c")

    # A mapped short circuit.
    @task.short_circuit
    def gate(x):
        return x != 2

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def soft_gate(x):
        return x != 2

    gate.expand(x=nums) >> ruled("gated") >> ruled("gated_done", "all_done")
    soft_gate.expand(x=nums) >> ruled("soft") >> ruled("soft_done", "all_done")
    gate.override(task_id="open_gate").expand(x=[1, 3]) >> ruled("open") >> ruled("open_done", "all_done")
    shut = ShortCircuitOperator.partial(task_id="shut_gate", python_callable=lambda x: False).expand(op_args=[[1], [2]])
    shut >> ruled("shut") >> ruled("shut_done", "all_done")

    # A mapped branch onto a mapped task.
    @task
    def work(x):
        return x

    @task.branch
    def to_mapped(x):
        return "work_1" if x == 1 else "work_2"

    chosen = to_mapped.expand(x=nums)
    chosen >> work.override(task_id="work_1").expand(x=[1, 2])
    chosen >> work.override(task_id="work_2").expand(x=nums)
    never = to_mapped.override(task_id="never_2").expand(x=[1, 1])
    never >> [
        work.override(task_id="work_1__x").expand(x=[1, 2]),
        EmptyOperator(task_id="work_1_y"),
    ]

    # Inside a mapped group.
    @task.branch
    def inside(x, group):
        return f"{group}.left" if x == 1 else f"{group}.right"

    @task_group
    def branching(x, group):
        chosen = inside(x, group)
        left, right = ruled("left"), EmptyOperator(task_id="right")
        chosen >> [left, right]
        right >> ruled("after_right")
        [left, right] >> ruled("join", "none_failed_min_one_success")
        [left, right] >> ruled("join_done", "all_done")

    branching.override(group_id="b").partial(group="b").expand(x=nums) >> ruled("below_b", "none_failed")
    branching.override(group_id="bl").partial(group="bl").expand(x=[1, 2]) >> ruled("below_bl")

    @task_group
    def gated_group(x):
        shut = gate.override(task_id="gate")(x)
        shut >> ruled("one") >> ruled("two", "all_done")
        soft = soft_gate.override(task_id="soft_gate")(x)
        soft >> ruled("soft_one") >> ruled("soft_two", "all_done")

    gated_group.override(group_id="gg").expand(x=nums) >> ruled("below_gg", "all_done")
    ggl = gated_group.override(group_id="ggl").expand(x=[1, 2])
    ggl["two"] >> ruled("below_two", "all_done")
    ggl["one"] >> ruled("below_one", "all_success")

    # A branch outside skips a mapped group.
    @task.branch
    def outside():
        return ["o_other"]

    out = outside()
    out >> ruled("o_other")

    @task_group
    def skipped_group(x):
        ruled("one") >> ruled("two")
        ruled("three", "all_done")

    for name, over in (("o_xcom", nums), ("o_literal", [1, 2])):
        out >> skipped_group.override(group_id=name).expand(x=over)


t57_mapped_branches()
