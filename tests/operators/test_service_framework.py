"""What every `ServiceOperator` and `ServiceSensor` does: who starts and who asks, tries, deadlines, permissions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operators.aws_fake import Failure, FakeAws
from tests.operators.conftest import Project

QUERY = """
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
RedshiftDataOperator(task_id="q", dag=dag, sql="select {{{{ ds_nodash }}}}", cluster_identifier="c", database="db", {})
"""
SENSOR = """
from airflow.providers.amazon.aws.sensors.redshift_cluster import RedshiftClusterSensor
RedshiftClusterSensor(task_id="s", dag=dag, cluster_identifier="c", {})
"""
STARTED: dict[str, Any] = {"Id": "q1"}


def status(*states: str) -> list[dict[str, Any]]:
    return [{"Id": "q1", "Status": each} for each in states]


def statements(*states: str) -> FakeAws:
    return FakeAws({"redshift-data:ExecuteStatement": STARTED, "redshift-data:DescribeStatement": [*status(*states)]})


def clusters(*states: str) -> FakeAws:
    return FakeAws({"redshift:DescribeClusters": [{"Clusters": [{"ClusterStatus": each}]} for each in states]})


def names(aws: FakeAws) -> list[str]:
    return [name.partition(":")[2] for name, _ in aws.calls]


def test_step_functions_asks(project: Project) -> None:
    aws = statements("SUBMITTED", "STARTED", "FINISHED")
    result = project.run(QUERY.format(""), aws.services, aws)
    assert result.tasks["q"] == "success", result.errors
    assert result.xcoms["q"]["return_value"] == ["q1"]
    assert aws.calls[0] == (
        "redshift-data:ExecuteStatement",
        {"Sql": "select 20240115", "Database": "db", "ClusterIdentifier": "c", "WithEvent": False},
    )
    assert names(aws) == ["ExecuteStatement", *["DescribeStatement"] * 4]
    assert [service for service, _ in aws.lent] == ["redshift-data"] * 2  # to start and to finish


@pytest.mark.parametrize("argument", ['region_name="us-west-2"', 'aws_conn_id="elsewhere"'])
def test_a_lambda_asks_elsewhere(project: Project, argument: str) -> None:
    aws = statements("SUBMITTED", "FINISHED")
    assert project.run(QUERY.format(argument), aws.services, aws).tasks["q"] == "success"
    assert len(aws.lent) == 4
    if "region" in argument:
        assert all(arguments["region_name"] == "us-west-2" for _, arguments in aws.lent)
    manifest = project.translate(QUERY.format(argument)).manifest
    assert not any("redshift" in action for row in manifest["permissions"] for action in row["actions"])


def test_nobody_waits(project: Project) -> None:
    aws = statements("SUBMITTED")
    result = project.run(QUERY.format("wait_for_completion=False"), aws.services, aws)
    assert result.xcoms["q"]["return_value"] == ["q1"]
    translated = project.translate(QUERY.format("wait_for_completion=False"))
    assert [row["states"] for row in translated.manifest["tasks"]] == [["q", "q · failed"]]


def test_every_try_begins_anew(project: Project) -> None:
    aws = statements("FAILED", "STARTED", "FINISHED")
    text = QUERY.format("retries=1, retry_delay=timedelta(seconds=5), on_retry_callback=lambda c: print('again')")
    result = project.run(text, aws.services, aws)
    assert result.tasks["q"] == "success", result.errors
    assert names(aws).count("ExecuteStatement") == 2
    assert not project.translate(text).problems


def test_the_last_try_fails(project: Project) -> None:
    answer = {"Id": "q1", "Status": "FAILED", "Error": "no such table"}
    aws = FakeAws({"redshift-data:ExecuteStatement": STARTED, "redshift-data:DescribeStatement": answer})
    result = project.run(QUERY.format("retries=1, retry_delay=timedelta(seconds=5)"), aws.services, aws)
    assert result.tasks["q"] == "failed"
    assert names(aws).count("ExecuteStatement") == 2
    assert "no such table" in result.errors["q"]


def test_a_start_that_fails_is_tried_again(project: Project) -> None:
    aws = FakeAws(
        {
            "redshift-data:ExecuteStatement": [Failure("ActiveStatementsExceededException"), STARTED],
            "redshift-data:DescribeStatement": status("FINISHED"),
        }
    )
    retried = QUERY.format("retries=1, retry_delay=timedelta(seconds=5)")
    assert project.run(retried, aws.services, aws).tasks["q"] == "success"
    aws = FakeAws({"redshift-data:ExecuteStatement": Failure("ValidationException", "bad sql")})
    result = project.run(QUERY.format(""), aws.services, aws)
    assert result.tasks["q"] == "failed"
    assert "bad sql" in result.errors["q"]


def test_execution_timeout(project: Project) -> None:
    aws = statements("STARTED")
    result = project.run(QUERY.format("execution_timeout=timedelta(seconds=35)"), aws.services, aws)
    assert result.tasks["q"] == "failed"
    assert "Timeout" in result.errors["q"]
    assert names(aws).count("DescribeStatement") == 5


def test_mapped(project: Project) -> None:
    text = """
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
RedshiftDataOperator.partial(task_id="q", dag=dag, cluster_identifier="c", {}).expand(sql=["select 1", "select 2"])
"""
    for argument in ("", "region_name='x'"):
        aws = statements("STARTED", "FINISHED")
        result = project.run(text.format(argument), aws.services, aws)
        assert set(result.tasks.values()) == {"success"}, (result.tasks, result.errors)
        assert {each["Sql"] for each in aws.asked("redshift-data:ExecuteStatement")} == {"select 1", "select 2"}


def test_a_sensor(project: Project) -> None:
    aws = clusters("creating", "available")
    assert project.run(SENSOR.format(""), aws.services, aws).tasks["s"] == "success"
    assert aws.asked("redshift:DescribeClusters") == [{"ClusterIdentifier": "c"}] * 2
    assert not aws.lent


@pytest.mark.parametrize(("argument", "state"), [("", "failed"), ("soft_fail=True", "skipped")])
def test_a_sensor_times_out(project: Project, argument: str, state: str) -> None:
    for more in ("", ", region_name='x'"):
        aws = clusters("creating")
        result = project.run(SENSOR.format(f"timeout=300, {argument}".rstrip(", ") + more), aws.services, aws)
        assert result.tasks["s"] == state


def test_a_sensor_whose_service_fails(project: Project) -> None:
    aws = FakeAws({"redshift:DescribeClusters": Failure("ClusterNotFound", "no cluster c")})
    result = project.run(SENSOR.format("retries=1, retry_delay=timedelta(seconds=5)"), aws.services, aws)
    assert result.tasks["s"] == "failed"
    assert "no cluster c" in result.errors["s"]
    aws = clusters("available")
    assert project.run(SENSOR.format("never_fail=True"), aws.services, aws).tasks["s"] == "success"
    assert aws.lent  # Python asked


def test_execute_and_poke_work_by_themselves(project: Project) -> None:
    text = """
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
from airflow.providers.amazon.aws.sensors.redshift_cluster import RedshiftClusterSensor
class Mine(RedshiftDataOperator):
    def execute(self, context):
        return super().execute(context) + ["mine"]
class Watching(RedshiftClusterSensor):
    def poke(self, context):
        return super().poke(context)
Mine(task_id="q", sql="select 1", database="db", poll_interval=0.001, dag=dag)
Watching(task_id="s", cluster_identifier="c", dag=dag)
"""
    aws = FakeAws({**statements("STARTED", "FINISHED").answers, **clusters("available").answers})
    result = project.run(text, aws.services, aws)
    assert result.xcoms["q"]["return_value"] == ["q1", "mine"]
    assert result.tasks == {"q": "success", "s": "success"}
    aws = statements("ABORTED")
    assert "ABORTED" in project.run(text, aws.services, aws).errors["q"]


@pytest.mark.parametrize(
    ("text", "name"),
    [(QUERY.format("durable=False"), "durable"), (QUERY.format(""), "")],
)
def test_arguments_without_effect_are_noted(project: Project, text: str, name: str) -> None:
    problems = project.translate(text).problems
    assert [(each.code, each.message.partition(" ")[0]) for each in problems] == (
        [("unused-argument", name)] if name else []
    )


STEP = "EmrStepSensor(task_id='a', job_flow_id='j', step_id='s', max_attempts=3, dag=dag)"
CLUSTER = """EmrEksCreateClusterOperator(
    task_id="a", virtual_cluster_name="v", eks_cluster_name="c", eks_namespace="n", virtual_cluster_id="x", dag=dag
)"""
RUN = """MwaaDagRunSensor(
    task_id="a", external_env_name="e", external_dag_id="d", external_dag_run_id="r", airflow_version=2, dag=dag
)"""


@pytest.mark.parametrize(
    ("module", "call", "name"),
    [
        ("sensors.emr", STEP, "max_attempts"),
        ("operators.emr", CLUSTER, "virtual_cluster_id"),
        ("sensors.mwaa", RUN, "airflow_version"),
    ],
)
def test_arguments_without_effect_in_one_class_are_noted(project: Project, module: str, call: str, name: str) -> None:
    kind = call.partition("(")[0]
    text = f"\nfrom airflow.providers.amazon.aws.{module} import {kind}\n{call}\n"
    (problem,) = project.translate(text).problems
    assert (problem.code, problem.message) == ("unused-argument", f"{name} has no effect")


def test_permissions(project: Project, actions: Any) -> None:
    manifest = project.translate(QUERY.format("")).manifest
    assert actions(manifest["permissions"])["redshift-data:DescribeStatement"] == ["*"]
    granted = actions(manifest["task_permissions"])
    here = "${AWS::Region}:${AWS::AccountId}"
    assert granted["redshift-data:ExecuteStatement"][0] == f"arn:${{AWS::Partition}}:redshift:{here}:cluster:c"
    sensor = project.translate(SENSOR.format("timeout=600")).manifest
    assert actions(sensor["permissions"]) == {"redshift:DescribeClusters": ["*"]}
    python = project.translate(SENSOR.format("timeout=600, region_name='x'")).manifest
    assert "redshift:DescribeClusters" in actions(python["task_permissions"])


def test_a_dag_file_adds_to_a_dict_of_arguments(project: Project) -> None:
    text = """
from airflow.providers.amazon.aws.operators.bedrock import BedrockCreateDataSourceOperator
t = BedrockCreateDataSourceOperator(task_id="t", name="n", knowledge_base_id="k", bucket_name="b", dag=dag)
t.create_data_source_kwargs["dataDeletionPolicy"] = "RETAIN"
"""
    aws = FakeAws({"bedrock-agent:CreateDataSource": {"dataSource": {"dataSourceId": "d"}}})
    result = project.run(text, aws.services, aws)
    assert result.xcoms["t"]["return_value"] == "d", result.errors
    assert aws.asked("bedrock-agent:CreateDataSource")[0]["dataDeletionPolicy"] == "RETAIN"
