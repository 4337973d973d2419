"""Every operator and sensor made of rows, run on the engine: success, with what IAM has to allow; failure."""

from __future__ import annotations

import pytest

from dag_translator.pipeline import Translation
from infra.cli.inprocess import run_dag
from lambdas.native import NATIVE
from tests.operators.aws_fake import Failure, FakeAws
from tests.operators.conftest import LOGICAL_DATE, Project
from tests.operators.service_cases import EMR, Case

CASES = EMR
DENIED = Failure("AccessDeniedException", "no right")


def identity(case: Case) -> str:
    return f"{case.name}-{len(case.arguments)}"


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_success(project: Project, case: Case, no_sleep: None) -> None:
    dag, translated = project.load(case.text)
    assert isinstance(translated, Translation), [str(each) for each in translated.problems]
    aws = FakeAws(case.answers)
    result = run_dag(translated, dag, LOGICAL_DATE, services=aws.services, lender=aws)
    assert result.tasks == {"t": "success"}, result.errors
    called = [name.partition(":")[2] for name, _ in aws.calls]
    distinct = [name for number, name in enumerate(called) if number == 0 or called[number - 1] != name]
    assert tuple(distinct) == case.calls
    assert result.xcoms.get("t", {}).get("return_value") == case.result
    rows = [*translated.manifest["permissions"], *translated.manifest["task_permissions"][2:]]
    allowed = {action.partition(":")[2] for row in rows for action in row["actions"]}
    assert {_action(name) for name in called} <= allowed
    assert all("{" not in each.replace("${AWS::", "") for row in rows for each in row["resources"])


def _action(name: str) -> str:
    return f"{name[0].upper()}{name[1:]}".removesuffix(".sync")


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_failure(project: Project, case: Case, no_sleep: None) -> None:
    """What the task started fails; the service refuses."""
    assert case.failing
    aws = FakeAws({**case.answers, **case.failing})
    assert project.run(case.text, aws.services, aws).tasks == {"t": "failed"}
    aws = FakeAws(dict.fromkeys(case.answers, DENIED))
    result = project.run(case.text, aws.services, aws)
    assert result.tasks == {"t": "failed"}
    assert "no right" in result.errors["t"]


def test_every_class_has_a_case() -> None:
    from dag_translator.authoring.aws.operator import ServiceTask
    from dag_translator.authoring.aws.sensor import ServiceSensorTask
    from dag_translator.support import _operators

    made = {name for name, kind in _operators() if issubclass(kind, ServiceTask | ServiceSensorTask)}
    bases = {name for name in made if name.endswith(("BaseOperator", "BaseSensor"))}
    assert made - bases == {case.name for case in CASES}
    assert {"ServiceOperator", "ServiceSensor"} <= NATIVE.keys()
