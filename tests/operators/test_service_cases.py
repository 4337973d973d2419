"""Every operator and sensor made of rows, run on the engine: success, with what IAM has to allow; failure."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from dag_translator.pipeline import Translation
from infra.cli.inprocess import run_dag
from lambdas.tasks.native import NATIVE
from tests.operators.aws_fake import Failure, FakeAws
from tests.operators.cases import Case
from tests.operators.cases.bedrock import BEDROCK
from tests.operators.cases.compute import COMPUTE
from tests.operators.cases.data import DATA
from tests.operators.cases.databases import DATABASES
from tests.operators.cases.emr import EMR
from tests.operators.cases.glue import GLUE
from tests.operators.cases.management import MANAGEMENT
from tests.operators.cases.others import OTHERS
from tests.operators.cases.sagemaker import SAGEMAKER
from tests.operators.cases.storage import STORAGE
from tests.operators.cases.transfers import TRANSFERS
from tests.operators.conftest import LOGICAL_DATE, Project

CASES = (*EMR, *GLUE, *SAGEMAKER, *OTHERS, *COMPUTE, *DATABASES, *BEDROCK, *MANAGEMENT, *DATA, *STORAGE, *TRANSFERS)
ROOT = Path(__file__).parents[2]
VALIDATOR = ROOT / "node_modules" / ".bin" / "asl-validator"
IAM = Path(__file__).parent / "goldens" / "service_permissions.txt"
# Actions that IAM calls otherwise.
IAM_NAMES = {
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "DeleteBucketTagging": "PutBucketTagging",
}
DENIED = Failure("AccessDeniedException", "no right")
# The reasons of what the Lambda reads of Airflow's own.
SECRETS = ("Airflow Variables", "Airflow Connections")


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
    own = {_action(name) for name in aws.by_machine}
    lambdas = {_action(name) for name, _ in aws.calls if name not in aws.by_machine}
    assert own <= _allowed(translated.manifest["permissions"])
    assert lambdas <= _allowed(translated.manifest["task_permissions"])


def _allowed(rows: list[dict[str, Any]]) -> set[str]:
    assert all("{" not in each.replace("${AWS::", "") for row in rows for each in row["resources"])
    return {action.partition(":")[2] for row in rows for action in row["actions"]}


def _action(name: str) -> str:
    """The action that IAM knows."""
    action = name.partition(":")[2].removesuffix(".sync")
    return IAM_NAMES.get(action) or f"{action[0].upper()}{action[1:]}"


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


def test_iam_statements() -> None:
    """Of both roles, as a file to read; `make golden` writes it anew."""
    text = "".join(_statements(case) for case in CASES)
    if os.environ.get("AIRSTEP_WRITE_GOLDENS"):
        IAM.write_text(text)
    assert text == IAM.read_text()


def _statements(case: Case) -> str:
    manifest = _translation(case).manifest
    lines = [f"{case.name}({case.arguments})"]
    own = [row for row in manifest["task_permissions"] if row["reason"] not in SECRETS]
    for role, rows in (("machine", manifest["permissions"]), ("lambda", own)):
        for row in rows:
            resources = " ".join(each.replace("arn:${AWS::Partition}:", "") for each in row["resources"])
            where = resources.replace("${AWS::Region}:${AWS::AccountId}", "HERE").replace(
                "${AWS::AccountId}", "ACCOUNT"
            )
            condition = f" if {json.dumps(row['condition'])}" if "condition" in row else ""
            lines.append(f"    {role}: {' '.join(row['actions'])} on {where}{condition}")
    return "\n".join([*lines, "", ""])


def _translation(case: Case) -> Translation:
    with tempfile.TemporaryDirectory() as folder:
        return Project(Path(folder)).translate(case.text)


@pytest.mark.node
def test_every_definition_is_valid(tmp_path: Path) -> None:
    options: list[str] = []
    for number, case in enumerate(CASES):
        written = tmp_path / f"{number}.json"
        written.write_text(json.dumps(_translation(case).definition))
        options += ["--json-path", str(written)]
    done = subprocess.run([VALIDATOR, *options], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_class_has_a_case() -> None:
    from dag_translator.authoring.aws.operator import ServiceTask
    from dag_translator.authoring.aws.sensor import ServiceSensorTask
    from dag_translator.support_rows import operators

    made = {name for name, kind in operators() if issubclass(kind, ServiceTask | ServiceSensorTask)}
    bases = {name for name in made if name.endswith(("BaseOperator", "BaseSensor"))}
    cased = {case.name for case in CASES}
    assert made - (bases - cased) == cased
    assert {"ServiceOperator", "ServiceSensor"} <= NATIVE.keys()
