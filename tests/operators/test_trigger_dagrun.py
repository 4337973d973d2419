"""TriggerDagRunOperator: what it asks Step Functions for, and what the answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dag_translator.pipeline import Translation
from infra.cli.inprocess import run_dag
from infra.local.engine import TaskFailed
from lambdas.scheduling.dag_state import DagState
from lambdas.storage.memory_store import MemoryStore
from tests.operators.conftest import LOGICAL_DATE, Project, Services

START, WAIT = "states:startExecution", "states:startExecution.sync:2"
EXISTS = TaskFailed("StepFunctions.ExecutionAlreadyExistsException", "exists")
FAILED = TaskFailed("States.TaskFailed", json.dumps({"Status": "FAILED", "Error": "DagRunFailed"}))


def trigger(arguments: str = "", dag_id: str = "other") -> str:
    return f"""
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
fire = TriggerDagRunOperator(task_id="fire", trigger_dag_id="{dag_id}", dag=dag, {arguments})
"""


def started(arguments: Any) -> Any:
    return {"ExecutionArn": f"arn:{arguments['Name']}", "StartDate": 0}


def test_a_run_is_started(project: Project) -> None:
    services = Services({START: started})
    result = project.run(
        trigger('trigger_run_id="it: {{ ds }}", logical_date="{{ ds }}", conf={"day": "{{ ds_nodash }}"}'), services
    )
    assert result.tasks == {"fire": "success"}
    assert result.xcoms["fire"] == {
        "trigger_run_id": "it: 2024-01-15",
        "_link_TriggerDagRunLink": "/dags/other/runs/it: 2024-01-15",
    }
    ((_, asked),) = services.calls
    assert asked["StateMachineArn"].endswith(":stateMachine:other")
    assert asked["Name"].startswith("it--2024-01-15-")
    started_by = asked["Input"].pop("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID")
    assert started_by == result.execution.arn
    assert asked["Input"] == {
        "run_id": "it: 2024-01-15",
        "run_type": "manual",
        "logical_date": "2024-01-15T00:00:00+00:00",
        "conf": {"day": "20240115"},
    }


def test_it_waits_and_tries_again_with_another_run(project: Project) -> None:
    services = Services({WAIT: [FAILED, started]})
    result = project.run(
        trigger("wait_for_completion=True, retries=1, retry_delay=timedelta(seconds=1), poke_interval=5"), services
    )
    assert (result.tasks["fire"], result.try_number["fire"]) == ("success", 2)
    first, second = (arguments for _, arguments in services.calls)
    assert second["Name"] == f"{first['Name']}__try2"
    assert second["Input"]["run_id"] == f"{first['Input']['run_id']}__try2"
    assert result.xcoms["fire"]["trigger_run_id"] == second["Input"]["run_id"]


def test_a_run_that_exists_is_reset(project: Project) -> None:
    """The same run, in executions of their own: each try, and each run of this DAG, asks for another one."""
    services = Services({WAIT: [FAILED, started]})
    arguments = 'trigger_run_id="it", reset_dag_run=True, wait_for_completion=True, retries=1, retry_delay=timedelta(0)'
    result = project.run(trigger(arguments), services)
    assert (result.tasks["fire"], result.xcoms["fire"]["trigger_run_id"]) == ("success", "it")
    first, second = (arguments for _, arguments in services.calls)
    assert (first["Input"]["run_id"], second["Input"]["run_id"]) == ("it", "it")
    assert first["Name"].startswith("it__")
    assert first["Name"] != "it"
    assert second["Name"] == f"{first['Name']}__try2"


def test_a_failed_run_fails_it_and_leaves_its_xcoms(project: Project) -> None:
    result = project.run(trigger("wait_for_completion=True"), Services({WAIT: FAILED}))
    assert (result.state, result.tasks["fire"]) == ("failed", "failed")
    assert result.xcoms["fire"]["trigger_run_id"].startswith("manual__2024-01-15T00:00:00")


@pytest.mark.parametrize(
    ("states", "answer", "outcome"),
    [
        ('allowed_states=["success", "failed"], failed_states=[]', FAILED, "success"),
        ('allowed_states=["failed"], failed_states=["success"]', FAILED, "success"),
        ('allowed_states=["failed"], failed_states=["success"]', started, "failed"),
        ('allowed_states=["success", "failed"], failed_states=[]', TaskFailed("StepFunctions.X", "no"), "failed"),
    ],
)
def test_allowed_and_failed_states(project: Project, states: str, answer: Any, outcome: str) -> None:
    result = project.run(trigger(f"wait_for_completion=True, retries=2, {states}"), Services({WAIT: answer}))
    assert result.tasks["fire"] == outcome


@pytest.mark.parametrize(("skip", "outcome"), [("True", "skipped"), ("False", "failed")])
def test_a_run_that_exists(project: Project, skip: str, outcome: str) -> None:
    services = Services({START: EXISTS})
    result = project.run(trigger(f'trigger_run_id="x", skip_when_already_exists={skip}, retries=3'), services)
    assert result.tasks["fire"] == outcome
    assert len(services.calls) == 1
    assert result.store is not None


def test_throttling_does_not_use_up_retries(project: Project) -> None:
    limit = TaskFailed("StepFunctions.ExecutionLimitExceededException", "slow down")
    services = Services({START: [limit, limit, started]})
    assert project.run(trigger('trigger_run_id="x"'), services).tasks["fire"] == "success"
    assert len({arguments["Name"] for _, arguments in services.calls}) == 1


def test_permissions(project: Project, actions: Any) -> None:
    here = "${AWS::Region}:${AWS::AccountId}"
    only = actions(project.translate(trigger()).manifest["permissions"])
    assert only == {"states:StartExecution": [f"arn:${{AWS::Partition}}:states:{here}:stateMachine:other"]}
    both = actions(project.translate(trigger("wait_for_completion=True")).manifest["permissions"])
    assert both["states:StopExecution"] == [f"arn:${{AWS::Partition}}:states:{here}:execution:other:*"]
    assert both["events:PutRule"][0].endswith(":rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
    any_dag = actions(project.translate(trigger(dag_id="{{ params.x }}")).manifest["permissions"])
    assert any_dag["states:StartExecution"][0].endswith(":stateMachine:*")


@pytest.mark.parametrize("qualifier", ["", ":7", ":live"])
def test_versions_and_aliases_are_authorised_by_their_machine(qualifier: str, project: Project, actions: Any) -> None:
    """Of an ARN with a qualifier Step Functions asks IAM about the machine: a statement on it would allow nothing."""
    arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:etl"
    dag = f"""
from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
run = StepFunctionStartExecutionOperator(task_id="run", state_machine_arn="{arn}{qualifier}", deferrable=True, dag=dag)
"""
    allowed = actions(project.translate(dag).manifest["permissions"])
    assert allowed["states:StartExecution"] == [arn]
    assert allowed["states:StopExecution"] == [f"{arn.replace(':stateMachine:', ':execution:')}:*"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("run_after=datetime(2024, 1, 1)", "run_after is not supported"),
        ('wait_for_completion="{{ params.x }}"', "a template as wait_for_completion is not supported"),
        ('wait_for_completion=True, allowed_states=["running"]', "waiting for failed, running is not supported"),
    ],
)
def test_what_is_refused(project: Project, arguments: str, message: str) -> None:
    ((code, told),) = project.refused(trigger(arguments))
    assert code == "unsupported-argument"
    assert message in told


@pytest.mark.parametrize("paused", ["said", "deployed so", "no"])
def test_a_paused_dag_is_not_triggered_if_that_is_to_fail(project: Project, paused: str) -> None:
    text, services, store = trigger("fail_when_dag_is_paused=True"), Services({START: started}), MemoryStore()
    dag, translated = project.load(text)
    assert isinstance(translated, Translation)
    assert translated.manifest["reads"] == ["other"]
    if paused == "said":
        DagState(store, "other").set_paused(True)
    else:
        DagState(store, "other").remember({"is_paused_upon_creation": paused == "deployed so"})
    result = run_dag(translated, dag, LOGICAL_DATE, services=services, store=store)
    assert result.tasks == {"fire": "success" if paused == "no" else "failed"}
    assert len(services.calls) == (paused == "no")
    if paused != "no":
        assert "Dag other is paused" in result.errors["fire"]


def test_what_is_noted(project: Project) -> None:
    (problem,) = project.translate(trigger("wait_for_completion=True, poke_interval=5")).problems
    assert (problem.code, problem.severity, problem.task_id) == ("unused-argument", "approximated", "fire")
    (problem,) = project.translate(trigger("note='by hand'")).problems
    assert problem.message.startswith("note has no effect")


def test_mapped(project: Project) -> None:
    text = """
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
TriggerDagRunOperator.partial(task_id="fire", trigger_dag_id="other", dag=dag).expand(conf=[{"n": 1}, {"n": 2}])
"""
    services = Services({START: started})
    assert project.run(text, services).tasks == {"fire[0]": "success", "fire[1]": "success"}
    assert sorted(arguments["Input"]["conf"]["n"] for _, arguments in services.calls) == [1, 2]
    assert len({arguments["Name"] for _, arguments in services.calls}) == 2


def test_what_can_not_be_mapped_over(project: Project) -> None:
    text = """
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
TriggerDagRunOperator.partial(task_id="f", trigger_dag_id="o", dag=dag).expand(wait_for_completion=[True, False])
"""
    ((code, _),) = project.refused(text)
    assert code == "unsupported-mapped-argument"
