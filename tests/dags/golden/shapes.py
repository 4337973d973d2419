"""One DAG for each shape of the emitted machine."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.decorators import task_group
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import (
    BranchPythonOperator,
    PythonOperator,
    ShortCircuitOperator,
    PythonVirtualenvOperator,
)
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.providers.amazon.aws.operators.emr import EmrContainerOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.rds import RdsStartDbOperator
from airflow.providers.amazon.aws.operators.redshift_cluster import RedshiftDeleteClusterOperator
from airflow.providers.amazon.aws.operators.s3 import S3CopyObjectOperator
from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.providers.amazon.aws.sensors.athena import AthenaSensor
from airflow.providers.amazon.aws.sensors.ec2 import EC2InstanceStateSensor
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.amazon.aws.operators.eks import EksPodOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.docker.operators.docker import DockerOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sensors.date_time import DateTimeSensor
from airflow.sensors.external_task import ExternalTaskMarker, ExternalTaskSensor
from airflow.sensors.python import PythonSensor
from airflow.utils.task_group import TaskGroup
from kubernetes.client import models as k8s


def work():
    return 1


def step(task_id, **kwargs):
    return PythonOperator(task_id=task_id, python_callable=work, **kwargs)


KW = dict(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)

with DAG("chain", description="Three tasks, one after the other", **KW):
    step("a", doc_md="# Fetches the day's file") >> step("b", retries=3, retry_delay=timedelta(minutes=2)) >> step("c")

with DAG("retries", dagrun_timeout=timedelta(hours=2), **KW):
    step(
        "a",
        retries=4,
        retry_delay=timedelta(seconds=30),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(minutes=5),
        execution_timeout=timedelta(minutes=10),
    )

with DAG("diamond", **KW):
    step("first") >> [step("left"), step("right")] >> step("last")

with DAG("n_shape", **KW):
    a, b, c, d = (step(name) for name in "abcd")
    e = step("e", trigger_rule="all_done")
    a >> c
    [a, b] >> d
    [c, d] >> e

with DAG("cleanup", **KW):
    step("a") >> step("b") >> step("always_clean", trigger_rule="all_done")

with DAG("branch", **KW):
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "left")
    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
    branch >> [EmptyOperator(task_id="left"), EmptyOperator(task_id="right")] >> join

with DAG("short_circuit", **KW):
    gate = ShortCircuitOperator(task_id="gate", python_callable=lambda: False)
    gate >> step("a") >> step("b", trigger_rule="all_done")

with DAG("early", **KW):
    [step("a"), step("b")] >> step("alarm", trigger_rule="one_failed")

with DAG("groups", **KW):
    with TaskGroup("load") as load:
        [step("orders"), step("prices")]
    step("begin") >> load >> step("end")

with DAG("sensors", **KW):
    short = PythonSensor(task_id="short", python_callable=work, poke_interval=30, timeout=600, mode="reschedule")
    long = PythonSensor(task_id="long", python_callable=work, poke_interval=30)
    short >> long >> step("go")

with DAG("external", **KW):
    woken = ExternalTaskSensor(task_id="woken", external_dag_id="chain", failed_states=["failed"])
    polled = ExternalTaskSensor(
        task_id="polled", external_dag_id="diamond", external_task_id="b", allowed_states=["running", "success"]
    )
    moment = DateTimeSensor(task_id="moment", target_time="{{ data_interval_end.add(hours=3) }}")
    [woken, polled] >> moment >> ExternalTaskMarker(task_id="mark", external_dag_id="fan", external_task_id="join")

with DAG("athena", **KW):
    query = AthenaOperator(
        task_id="query",
        query="SELECT 1",
        database="db",
        output_location="s3://bucket/results/",
        workgroup="team",
        retries=2,
        retry_delay=timedelta(minutes=1),
        execution_timeout=timedelta(minutes=30),
    )
    query >> AthenaSensor(task_id="watch", query_execution_id=query.output, timeout=900, sleep_time=10)

with DAG("trigger", **KW):
    started = TriggerDagRunOperator(task_id="start", trigger_dag_id="chain", conf={"day": "{{ ds }}"})
    started >> TriggerDagRunOperator(
        task_id="run",
        trigger_dag_id="diamond",
        wait_for_completion=True,
        allowed_states=["success", "failed"],
        failed_states=[],
        retries=1,
    )

with DAG("calls", **KW):
    arrived = S3KeySensor(task_id="arrived", bucket_key="s3://inbox/{{ ds }}.csv", timeout=3600)
    copy = S3CopyObjectOperator(
        task_id="copy", source_bucket_key="s3://inbox/{{ ds }}.csv", dest_bucket_key="s3://archive/{{ ds }}.csv"
    )
    invoke = LambdaInvokeFunctionOperator(task_id="invoke", function_name="check", payload='{"day": "{{ ds }}"}')
    start = StepFunctionStartExecutionOperator(
        task_id="start",
        state_machine_arn="arn:aws:states:eu-west-1:123456789012:stateMachine:load",
        state_machine_input=invoke.output,
        deferrable=True,
    )
    arrived >> copy >> invoke >> start

with DAG("jobs", **KW):
    glue = GlueJobOperator(task_id="glue", job_name="load", script_args={"--day": "{{ ds }}"}, retries=1)
    ecs = EcsRunTaskOperator(
        task_id="ecs", task_definition="etl:3", cluster="c", overrides={}, launch_type="FARGATE", skip_on_exit_code=99
    )
    batch = BatchOperator(task_id="batch", job_name="n", job_definition="d", job_queue="q", wait_for_completion=False)
    glue >> ecs >> batch

with DAG("images", **KW):
    DockerOperator(
        task_id="report",
        image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/report:7",
        command="python report.py {{ ds }}",
        environment={"DAY": "{{ ds }}"},
        mem_limit="3g",
        retries=1,
        skip_on_exit_code=99,
        execution_timeout=timedelta(hours=2),
    )

with DAG("pods", **KW):
    KubernetesPodOperator(
        task_id="train",
        image="train:7",
        namespace="ml",
        arguments=["--day", "{{ ds }}"],
        container_resources=k8s.V1ResourceRequirements(limits={"memory": "4Gi"}),
        do_xcom_push=True,
        skip_on_exit_code=99,
        retries=1,
        execution_timeout=timedelta(hours=6),
    ) >> EksPodOperator(
        task_id="serve", cluster_name="serving", image="serve:7", execution_timeout=timedelta(minutes=10)
    )

with DAG("services", **KW):
    (
        EmrContainerOperator(
            task_id="synced",
            name="report",
            virtual_cluster_id="abcdef",
            execution_role_arn="arn:aws:iam::123456789012:role/emr",
            release_label="emr-7.0.0-latest",
            job_driver={"sparkSubmitJobDriver": {"entryPoint": "s3://bucket/report.py"}},
        )
        >> RdsStartDbOperator(task_id="polled", db_identifier="reports", retries=1)
        >> RedshiftDeleteClusterOperator(task_id="asked", cluster_identifier="old")
        >> EC2InstanceStateSensor(task_id="watched", instance_id="i-0123", target_state="running", timeout=3600)
    )

with DAG("mapped", **KW):
    files = step("files")
    load = PythonOperator.partial(
        task_id="load", python_callable=work, retries=1, retry_delay=timedelta(minutes=1), max_active_tis_per_dagrun=10
    ).expand(op_args=files.output)
    PythonOperator.partial(task_id="regions", python_callable=work).expand(op_args=[["eu"], ["us"]])
    load >> step("report", trigger_rule="none_failed_min_one_success")
    AthenaOperator.partial(
        task_id="repair", database="db", output_location="s3://bucket/results/", trigger_rule="all_done"
    ).expand(query=load.output)

with DAG("mapped_groups", **KW):

    @task_group
    def load(day):
        """Each day by itself"""
        fetched = step("fetch", op_args=[day], retries=1, retry_delay=timedelta(minutes=1))
        fetched >> [step("clean"), EmptyOperator(task_id="mark")] >> step("alarm", trigger_rule="one_failed")

    days = step("days")
    load.expand(day=days.output) >> step("report", trigger_rule="none_failed")
    load.override(group_id="fixed").expand(day=["mon", "tue"])

with DAG("mapped_branch", **KW):
    choose = BranchPythonOperator.partial(task_id="choose", python_callable=lambda x: f"way_{x}").expand(
        op_args=[[1], [2]]
    )
    choose >> [step("way_1"), step("way_2")]
with DAG("own_compute", **KW):
    container = {"airstep": {"compute": "fargate", "memory": 16_384}}
    train = step("train", executor_config=container, execution_timeout=timedelta(hours=6), retries=1)
    train >> step("score", executor_config={"airstep": {"memory": 3008, "ephemeral_storage": 2048}})
    PythonOperator.partial(task_id="parts", python_callable=work, executor_config=container).expand(
        op_args=[["a"], ["b"]]
    )
    PythonVirtualenvOperator(task_id="alone", python_callable=work, requirements=["tiny==1"])

with DAG("setup_teardown", **KW):
    cluster = step("make_cluster").as_setup()
    cluster >> step("work") >> step("drop_cluster").as_teardown(setups=cluster)

with DAG("fail_fast", fail_fast=True, **KW):
    b = step("b")
    step("begin") >> [step("a"), b]
    b >> [step("c"), step("d")]

with DAG("asked_retries", **KW):
    policy = ExceptionRetryPolicy([RetryRule(exception=KeyError, action=RetryAction.FAIL)])
    again = {"retries": 2, "retry_delay": timedelta(minutes=1)}
    decides = step("decides", retry_policy=policy, **again)
    decides >> GlueJobOperator(task_id="tells", job_name="load", on_retry_callback=work, **again)

with DAG("odd_names", **KW):
    long_name = "a_name_of_more_than_eighty_characters_which_airflow_allows_and_step_functions_does_not_" + "x" * 20
    step("größe") >> step(long_name + "1") >> step(long_name + "2") >> step("and")

with DAG("limited", max_active_tasks=2, **KW):
    fetch = [step(f"fetch_{part}", pool="partner_api", pool_slots=2, priority_weight=3) for part in ("a", "b")]
    query = AthenaOperator(task_id="query", query="SELECT 1", database="db", output_location="s3://b/x", pool="athena")
    landed = PythonSensor(task_id="landed", python_callable=work, mode="reschedule", timeout=600, pool="partner_api")
    late = PythonSensor(task_id="late", python_callable=work, mode="reschedule", pool="partner_api")
    alone = step("alone", max_active_tis_per_dag=1)
    each = PythonOperator.partial(task_id="each", python_callable=print, pool="partner_api").expand(op_args=[[1], [2]])
    fetch >> alone
    query >> alone
    [landed, late, each] >> alone

with DAG("past", default_args={"depends_on_past": True}, **KW):
    step("a", wait_for_downstream=True) >> EmptyOperator(task_id="b") >> step("c", depends_on_past=False, pool="db")
    PythonOperator.partial(task_id="m", python_callable=print).expand(op_args=[[1], [2]])

# The project vouches for the bucket `lake`, and has a connection for `my_api`.
with DAG("vouched", **KW):
    day = S3KeySensor(task_id="day", bucket_key="s3://lake/{{ ds }}.csv")
    checked = S3KeySensor(task_id="checked", bucket_key=["s3://lake/*.csv"], wildcard_match=True, check_fn=bool)
    known_late = S3KeySensor(task_id="known_late", bucket_name="{{ params.bucket }}", bucket_key="a", timeout=3600)
    tell = HttpOperator(
        task_id="tell",
        http_conn_id="my_api",
        endpoint="days/{{ ds }}",
        data={"rows": "1"},
        headers={"X-Run": "{{ run_id }}"},
    )
    [day, checked, known_late] >> tell >> HttpOperator(task_id="ask", http_conn_id="my_api", method="GET", retries=2)
