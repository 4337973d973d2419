"""SageMakerConditionOperator: outcomes as the provider's 9.39 gives them."""

from __future__ import annotations

import pytest

from tests.operators.conftest import Project

EITHER = """conditions=[{"type": "Or", "conditions": [
    {"type": "In", "value": 1, "in_values": []}, {"type": "LessThan", "left_value": 1, "right_value": 2}]}]"""
TEXT = """
from airflow.operators.empty import EmptyOperator
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerConditionOperator
with dag:
    branch = SageMakerConditionOperator(task_id="branch", if_task_ids="yes", {})
    branch >> [EmptyOperator(task_id="yes"), EmptyOperator(task_id="no")]
"""
ELSE = 'else_task_ids=["no"], '


@pytest.mark.parametrize(
    ("arguments", "holds"),
    [
        ('condition_type="GreaterThan", left_value="{{ 1.5 }}", right_value=1', True),
        ('condition_type="LessThanOrEqualTo", left_value=3, right_value="2"', False),
        ('condition_type="Equals", left_value="true", right_value=True', True),
        ('condition_type="In", left_value="b", right_value=["a", "b"]', True),
        ('conditions=[{"type": "Not", "condition": {"type": "In", "value": 1, "in_values": ["1"]}}]', False),
        (EITHER, True),
        ('conditions=[{"type": "Equals", "left_value": n, "right_value": 1} for n in (1, 2)]', False),
    ],
)
def test_branches(project: Project, arguments: str, holds: bool) -> None:
    tasks = project.run(TEXT.format(ELSE + arguments)).tasks
    taken, left = ("yes", "no") if holds else ("no", "yes")
    assert tasks == {"branch": "success", taken: "success", left: "skipped"}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ('condition_type="Equals", left_value=1, right_value=2', "Condition check failed"),
        ('condition_type="Equals", left_value="{{ ti.xcom_pull(task_ids=\'x\') }}", right_value=2', "received None"),
        ('condition_type="Equals", left_value="a", right_value=2', "must be the same type"),
        ('conditions=[{"type": "Equals", "left_value": 1}]', "missing required key 'right_value'"),
        ('conditions=[{"type": "Maybe"}]', "Unknown condition type 'Maybe'"),
        ("conditions=[{}]", "missing required key 'type'"),
    ],
)
def test_failures(project: Project, arguments: str, error: str) -> None:
    result = project.run(TEXT.format(arguments))
    assert result.tasks["branch"] == "failed"
    assert error in result.errors["branch"]


@pytest.mark.parametrize(
    "arguments",
    [
        'condition_type="Equals", left_value=1, right_value=1, conditions=[{}]',
        "left_value=1",
        'condition_type="Or", left_value=1',
        "conditions=[]",
    ],
)
def test_refused(project: Project, arguments: str) -> None:
    assert {code for code, _ in project.refused(TEXT.format(arguments))} >= {"unsupported-argument"}
