"""Work that Step Functions only polls is stopped, once, when its run is stopped, when its execution_timeout is over,
and when another task's failure stops it (`fail_fast`); as the provider's `on_kill` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dag_translator.authoring.exceptions import AirflowTaskTimeout
from dag_translator.pipeline import Translation
from infra.cli.inprocess import run_dag
from lambdas.run_ended import callback_due, run_ended
from lambdas.runtime import Runtime
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import changed
from lambdas.task_function import handle
from tests.lambdas.driver import start
from tests.operators.aws_fake import Failure, FakeAws
from tests.operators.conftest import LOGICAL_DATE, Project

STOPPED_SOON = """
dag = DAG("d", schedule=None, start_date=datetime(2024, 1, 1), dagrun_timeout=timedelta(minutes=5),
          on_failure_callback=lambda context: print("told"))
"""
QUERY = """
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
RedshiftDataOperator(task_id="t", dag=dag, sql="select 1", cluster_identifier="c", database="db", {})
"""
CANCEL = "redshift-data:CancelStatement"
TASK = "arn:aws:datasync:eu-west-1:111111111111:task/task-0123456789abcdef0"
EXECUTION = f"{TASK}/execution/exec-0123456789abcdef0"


def queries(*states: str, **more: Any) -> FakeAws:
    """The query's ids are q1, q2, …"""
    ids = [{"Id": f"q{number}"} for number in range(1, 9)]
    told = [{"Id": "q1", "Status": each} for each in states]
    answers = {"redshift-data:ExecuteStatement": ids, "redshift-data:DescribeStatement": told, CANCEL: {"Status": True}}
    return FakeAws({**answers, **more})


# Module and class, arguments, answers while it runs, the call that stops it.
POLLED: tuple[tuple[str, str, Mapping[str, Any], tuple[str, Any]], ...] = (
    (
        "redshift_data.RedshiftDataOperator",
        'sql="select 1", database="db"',
        queries("STARTED").answers,
        (CANCEL, {"Id": "q1"}),
    ),
    (
        "emr.EmrCreateJobFlowOperator",
        (
            'emr_conn_id=None, job_flow_overrides={"Name": "n", "Instances": {}}, wait_for_completion=True, '
            "terminate_job_flow_on_failure=False"
        ),
        {
            "emr:RunJobFlow": {"JobFlowId": "j-1"},
            "emr:DescribeCluster": {"Cluster": {"Status": {"State": "STARTING"}}},
            "emr:TerminateJobFlows": {},
        },
        ("emr:TerminateJobFlows", {"JobFlowIds": ["j-1"]}),
    ),
    (
        "athena_spark.AthenaSparkOperator",
        'session_id="s", code_block="print(1)"',
        {
            "athena:StartCalculationExecution": {"CalculationExecutionId": "c"},
            "athena:GetCalculationExecution": {"Status": {"State": "RUNNING"}},
            "athena:StopCalculationExecution": {},
        },
        ("athena:StopCalculationExecution", {"CalculationExecutionId": "c"}),
    ),
    (
        "datasync.DataSyncOperator",
        f'task_arn="{TASK}"',
        {
            "datasync:StartTaskExecution": {"TaskExecutionArn": EXECUTION},
            "datasync:DescribeTaskExecution": {"Status": "TRANSFERRING"},
            "datasync:CancelTaskExecution": {},
        },
        ("datasync:CancelTaskExecution", {"TaskExecutionArn": EXECUTION}),
    ),
    (
        "ec2.EC2CreateInstanceOperator",
        'image_id="ami-1", wait_for_completion=True, terminate_instance_on_failure=False',
        {
            "ec2:RunInstances": {"Instances": [{"InstanceId": "i-1"}]},
            "ec2:DescribeInstances": {
                "Reservations": [{"Instances": [{"InstanceId": "i-1", "State": {"Name": "pending"}}]}]
            },
            "ec2:TerminateInstances": {},
        },
        ("ec2:TerminateInstances", {"InstanceIds": ["i-1"]}),
    ),
    (
        "emr.EmrContainerOperator",
        (
            'name="n", virtual_cluster_id="v", execution_role_arn="arn:aws:iam::111111111111:role/r", '
            'release_label="emr-7", job_driver={}, region_name="us-west-2"'
        ),
        {
            "emr-containers:StartJobRun": {"id": "r"},
            "emr-containers:DescribeJobRun": {"jobRun": {"state": "RUNNING"}},
            "emr-containers:CancelJobRun": {},
        },
        ("emr-containers:CancelJobRun", {"virtualClusterId": "v", "id": "r"}),
    ),
    (
        "emr.EmrServerlessStartJobOperator",
        (
            'application_id="a", execution_role_arn="arn:aws:iam::111111111111:role/rrrrr", '
            'job_driver={"sparkSubmit": {"entryPoint": "s3://b/x.py"}}, '
            'region_name="us-west-2"'
        ),
        {
            "emr-serverless:GetApplication": {"application": {"state": "STARTED"}},
            "emr-serverless:StartJobRun": {"jobRunId": "r"},
            "emr-serverless:GetJobRun": {"jobRun": {"state": "RUNNING"}},
            "emr-serverless:CancelJobRun": {},
        },
        ("emr-serverless:CancelJobRun", {"applicationId": "a", "jobRunId": "r"}),
    ),
)


@pytest.mark.parametrize(("how", "state"), [("run", "skipped"), ("task", "failed")])
@pytest.mark.parametrize(("name", "arguments", "answers", "stops"), POLLED, ids=[each[0] for each in POLLED])
def test_what_was_started_is_stopped(
    project: Project, actions: Any, name: str, arguments: str, answers: Any, stops: Any, how: str, state: str
) -> None:
    """how: whether the run's time is over, or the task's."""
    module, _, kind = name.partition(".")
    head = STOPPED_SOON if how == "run" else ""
    limit = "" if how == "run" else ", execution_timeout=timedelta(minutes=4)"
    text = f"""{head}
from airflow.providers.amazon.aws.operators.{module} import {kind}
{kind}(task_id="t", dag=dag, {arguments}{limit})
"""
    aws = FakeAws(answers)
    result = project.run(text, aws.services, aws)
    assert result.tasks == {"t": state}, result.errors
    assert [call for call in aws.calls if call[0] == stops[0]] == [stops]
    granted = actions(project.translate(text).manifest["task_permissions"])
    service = stops[0].partition(":")[0].replace("emr", "elasticmapreduce", stops[0].startswith("emr:"))
    assert f"{service}:{stops[0].partition(':')[2]}" in granted


@pytest.mark.parametrize("argument", ["cancel_on_kill=False", 'region_name="us-west-2", cancel_on_kill=False'])
def test_unless_the_dag_says_otherwise(project: Project, actions: Any, argument: str) -> None:
    aws = queries("STARTED")
    text = STOPPED_SOON + QUERY.format(argument)
    assert project.run(text, aws.services, aws).tasks == {"t": "skipped"}
    assert not aws.asked(CANCEL)
    assert CANCEL not in actions(project.translate(text).manifest["task_permissions"])


def test_what_is_over_is_not_stopped(project: Project, actions: Any) -> None:
    text = STOPPED_SOON + QUERY.format("") + 'dag.tasks[0] >> TimeDeltaSensor(task_id="w", dag=dag, delta=timedelta(1))'
    aws = queries("STARTED", "FINISHED")
    result = project.run(text.replace("dag = DAG", _SENSOR, 1), aws.services, aws)
    assert result.tasks == {"t": "success", "w": "skipped"}, result.errors
    assert not aws.asked(CANCEL)
    started_only = project.translate(QUERY.format("wait_for_completion=False")).manifest
    assert CANCEL not in actions(started_only["task_permissions"])


_SENSOR = "from airflow.sensors.time_delta import TimeDeltaSensor\ndag = DAG"


def test_each_try_that_takes_too_long_is_stopped(project: Project) -> None:
    for region in ("", ', region_name="us-west-2"'):
        aws = queries("STARTED")
        limits = "execution_timeout=timedelta(seconds=35), retries=1, retry_delay=timedelta(seconds=5)"
        result = project.run(QUERY.format(limits + region), aws.services, aws)
        assert result.tasks == {"t": "failed"}
        assert aws.asked(CANCEL) == [{"Id": "q1"}, {"Id": "q2"}]


def test_a_try_that_failed_by_itself_is_not(project: Project) -> None:
    aws = queries("FAILED")
    text = STOPPED_SOON + QUERY.format("retries=1, retry_delay=timedelta(hours=1)")
    assert project.run(text, aws.services, aws).tasks == {"t": "skipped"}  # it waited for its second try
    assert not aws.asked(CANCEL)


def test_each_instance_is_stopped_with_its_own_arguments(project: Project, actions: Any) -> None:
    text = STOPPED_SOON + QUERY.replace("(task_id", ".partial(task_id").replace(
        'sql="select 1", cluster_identifier="c", database="db", {})',
        'sql="select 1", database="db").expand(cancel_on_kill=[True, False, True])',
    )
    aws = queries("STARTED")
    project.run(text, aws.services, aws)
    assert CANCEL in actions(project.translate(text).manifest["task_permissions"])
    assert len(aws.asked("redshift-data:ExecuteStatement")) == 3
    assert len({each["Id"] for each in aws.asked(CANCEL)}) == 2


def test_an_error_ends_nothing(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    aws = queries("STARTED", **{CANCEL: Failure("ValidationException", "it is over")})
    text = STOPPED_SOON.replace('print("told")', 'open(__file__ + ".told", "w").close()') + QUERY.format("")
    assert project.run(text, aws.services, aws).tasks == {"t": "skipped"}
    assert (project.folder / "file.py.told").exists()
    assert "What task t has started could not be stopped" in caplog.text
    assert "it is over" in caplog.text


def test_a_failure_elsewhere_stops_it(project: Project) -> None:
    text = """
import time
from airflow.operators.empty import EmptyOperator
dag = DAG("d", schedule=None, start_date=datetime(2024, 1, 1), fail_fast=True)
def no(): raise ValueError("no")
begin = EmptyOperator(task_id="begin", dag=dag)
fails = PythonOperator(task_id="fails", python_callable=no, retries=1, retry_delay=timedelta(seconds=45), dag=dag)
begin >> fails
""" + QUERY.format("")
    aws = queries("STARTED")
    result = project.run(text + "begin >> dag.get_task('t')\n", aws.services, aws)
    assert result.tasks == {"begin": "success", "fails": "failed", "t": "failed"}
    assert aws.asked(CANCEL) == [{"Id": "q1"}]


def test_python_that_waits_by_itself(project: Project) -> None:
    """A subclass with an `execute` of its own runs in Lambda: Airflow's `on_kill` is called there."""
    text = """
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
class Mine(RedshiftDataOperator):
    def execute(self, context):
        return super().execute(context)
Mine(task_id="t", sql="select 1", database="db", dag=dag)
"""

    def late(_request: Any) -> Any:
        raise AirflowTaskTimeout("Timeout")

    aws = queries("STARTED", **{"redshift-data:DescribeStatement": late})
    result = project.run(text, aws.services, aws)
    assert result.tasks == {"t": "failed"}
    assert aws.asked(CANCEL) == [{"Id": "q1"}]


def test_an_own_on_kill_is_called(project: Project) -> None:
    text = STOPPED_SOON + QUERY.format("").replace(
        "RedshiftDataOperator(task_id",
        """import pathlib
class Mine(RedshiftDataOperator):
    def on_kill(self):
        super().on_kill()
        pathlib.Path(__file__ + ".killed").write_text(f"{self.task_id} {self.sql}")
Mine(task_id""",
    )
    aws = queries("STARTED")
    project.run(text, aws.services, aws)
    assert aws.asked(CANCEL) == [{"Id": "q1"}]
    assert (project.folder / "file.py.killed").read_text() == "t select 1"


def test_a_run_that_is_stopped_while_its_work_is_being_started(project: Project) -> None:
    """Nobody has the handle yet, so who gets it stops the work."""
    dag, translated = project.load(QUERY.format(""))
    assert isinstance(translated, Translation)
    store = MemoryStore()

    def starting(_request: Any) -> dict[str, Any]:
        (record,) = [each for run in store.list_runs("d") for each in store.list_tasks(run.key)]
        store.save_tasks([changed(record, state="failed", error="ABORTED")])
        return {"Id": "q1"}

    aws = queries("ABORTED", **{"redshift-data:ExecuteStatement": starting})
    run_dag(translated, dag, LOGICAL_DATE, store=store, services=aws.services, lender=aws)
    assert aws.asked(CANCEL) == [{"Id": "q1"}]


def ended(name: str) -> dict[str, Any]:
    return {"detail": {"executionArn": name, "status": "ABORTED"}}


@pytest.mark.parametrize("taken_over", [False, True])
def test_once_however_often_the_dag_is_told(project: Project, taken_over: bool) -> None:
    """taken_over: the run was cleared, and has begun anew, before the DAG's function heard of its end."""
    dag, _ = project.load(QUERY.format("") + QUERY.format("").replace('"t"', '"other"'))
    aws = queries("STARTED")
    runtime = Runtime(dag=dag, store=MemoryStore(), lender=aws, function="airstep-d:7")
    run = start(runtime, {"run_id": "r"})
    run.call("prepare_task", "t")
    stopped = ended("arn:aws:states:us-east-1:1:execution:d:r1")
    assert run_ended(runtime.store, stopped, "t9")["tasks"] == {"t": "failed"}
    if taken_over:
        again = start(runtime, {"run_id": "r"}, {"Id": "arn:2", "Name": "r2", "StartTime": "2024-01-20T13:00:00Z"})
        again.call("prepare_task", "other")
    due = callback_due(runtime.store, stopped)
    assert due is not None
    answers = [handle(runtime, due[1]) for _ in range(2)]
    assert [each["called"] for each in answers] == [not taken_over, False]
    assert aws.asked(CANCEL) == [{"Id": "q1"}]
    assert run.record("t").started is None
    if taken_over:
        assert run.record("other").started == '{"Id": "q2"}'


def test_a_result_closes_the_try(project: Project) -> None:
    dag, _ = project.load(QUERY.format(""))
    runtime = Runtime(dag=dag, store=MemoryStore(), lender=queries("FINISHED"))
    run = start(runtime, {"run_id": "r"})
    prepared = run.call("prepare_task", "t")
    assert run.record("t").started == '{"Id": "q1"}'
    run.call("record_result", "t", result=prepared["handle"])
    assert run.record("t").started is None
