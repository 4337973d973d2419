"""A mapped branch or short circuit above mapped tasks: the scheduler asks the note of the same index."""

from datetime import datetime

from airflow.decorators import dag, task, task_group
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator, ShortCircuitOperator


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t71_mapped_branch_onto_mapped():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def work(x):
        return x

    nums = numbers()

    def children(name, above, over):
        above >> work.override(task_id=f"{name}_literal").expand(x=[1, 2, 3])
        above >> work.override(task_id=f"{name}_xcom").expand(x=over) >> EmptyOperator(task_id=f"{name}_below")
        above >> work.override(task_id=f"{name}_done", trigger_rule="all_done").expand(x=[1, 2, 3])

        @task_group
        def group(x):
            first = work.override(task_id="first")(x)
            second = EmptyOperator(task_id="second")
            first >> second
            above >> first
            above >> second

        group.override(group_id=f"{name}_group").expand(x=[1, 2])
        group.override(group_id=f"{name}_group_xcom").expand(x=over)

    shut = ShortCircuitOperator.partial(task_id="shut", python_callable=lambda x: x != 2).expand(op_args=[[1], [2]])
    children("shut", shut, nums)
    soft = ShortCircuitOperator.partial(
        task_id="soft", python_callable=lambda x: x != 2, ignore_downstream_trigger_rules=False
    ).expand(op_args=[[1], [2]])
    children("soft", soft, nums)
    branch = BranchPythonOperator.partial(
        task_id="branch", python_callable=lambda x: "branch_literal" if x == 1 else "branch_xcom"
    ).expand(op_args=[[1], [2]])
    children("branch", branch, nums)

    @task.short_circuit
    def gate(x):
        return x != 2

    children("gate", gate.expand(x=[1, 2]), nums)


t71_mapped_branch_onto_mapped()
