"""A small source tree and two translated DAGs, and the templates that they synthesise to.

jsii takes seconds to start, so the templates are made once and every test reads them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

RUNTIME = {
    "lambdas/__init__.py": "",
    "lambdas/task_function.py": "from dag_translator import load\nfrom lambdas import store\n\ndef handler(e, c): ...\n",
    "lambdas/signal_function.py": "from lambdas import store\n\ndef handler(e, c): ...\n",
    "lambdas/dispatcher.py": "from lambdas.store import x\n\ndef handler(e, c): ...\n",
    "lambdas/run_ended.py": "def handler(e, c): ...\n",
    "lambdas/store.py": "x = 1\n",
    "dag_translator/__init__.py": "",
    "dag_translator/load.py": "import dag_translator.authoring\n",
    "dag_translator/pipeline.py": "import dag_translator.load\n",
    "dag_translator/authoring/__init__.py": "LAZY = {'BashOperator': 'dag_translator.bash:BashOperator'}\n",
    "dag_translator/authoring/operators/__init__.py": "",
    "dag_translator/authoring/operators/python.py": "",
    "dag_translator/bash.py": "",
}
DAGS = {
    "daily.py": "from airflow import DAG\nfrom common.sql import render\n",
    "other.py": "from airflow import DAG\n",
    "common/__init__.py": "",
    "common/sql.py": "def render(): ...\n",
}


def write_tree(root: Path, files: dict[str, str]) -> Path:
    """Write the files below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def invoke(function: str, following: str | None = None) -> dict[str, Any]:
    state: dict[str, Any] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"${{{function}}}", "Payload": {"kind": "run_task"}},
    }
    return {**state, **({"Next": following} if following else {"End": True})}


def definition(**states: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def manifest(dag_id: str, **changes: Any) -> dict[str, Any]:
    """A manifest as the translator writes it."""
    plain = {
        "dag_id": dag_id,
        "machine_name": dag_id,
        "file": "other.py",
        "description": None,
        "tags": [],
        "is_paused_upon_creation": None,
        "schedule": None,
        "catchup": False,
        "max_active_runs": 16,
        "start_date": None,
        "end_date": None,
        "timezone": "UTC",
        "tasks": [],
        "functions": {"TaskFunction": {"memory": 512, "timeout": 900}},
        "permissions": [],
        "task_permissions": [],
        "estimates": {},
        "problems": [],
    }
    return {**plain, **changes}


DAILY = manifest(
    "daily_sales",
    file="daily.py",
    schedule={
        "kind": "cron",
        "expressions": [
            {
                "expression": "cron(0 5 ? * 2 *)",
                "timezone": "Asia/Seoul",
                "start": "2030-01-01T00:00:00+09:00",
                "end": "2031-01-01T00:00:00+00:00",
            },
            {"expression": "cron(0 5 13 * ? *)", "timezone": "Asia/Seoul", "start": "2020-01-01T00:00:00Z", "end": None},
            {"expression": "cron(0 6 13 * ? *)", "timezone": "Asia/Seoul", "start": None, "end": "2021-01-01T00:00:00Z"},
        ],
        "spec": {"cron": "0 5 13 * 1"},
    },
    functions={"TaskFunction": {"memory": 1024, "timeout": 600}},
    permissions=[
        {
            "actions": ["athena:StartQueryExecution", "athena:GetQueryExecution"],
            "resources": ["arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/primary"],
            "reason": "task read",
        },
        {
            "actions": ["athena:GetQueryExecution", "athena:StopQueryExecution"],
            "resources": ["arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/primary"],
            "reason": "task write",
        },
    ],
    task_permissions=[
        {
            "actions": ["ssm:GetParameter"],
            "resources": ["arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/airflow/variables/x"],
            "reason": "Variable x",
        }
    ],
)


@dataclass(frozen=True)
class Cloud:
    """Where the assembly is, and its templates by stack name."""

    folder: Path
    templates: dict[str, dict[str, Any]]

    def resources(self, stack: str, kind: str) -> list[dict[str, Any]]:
        """The properties of a stack's resources of a CloudFormation type."""
        every = self.templates[stack]["Resources"].values()
        return [each.get("Properties", {}) for each in every if each["Type"] == kind]

    def one(self, stack: str, kind: str) -> dict[str, Any]:
        (only,) = self.resources(stack, kind)
        return only


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`source` with the runtime, `dags` with the DAG files, `layer` with the third-party packages."""
    root = tmp_path_factory.mktemp("project")
    write_tree(root / "source", RUNTIME)
    write_tree(root / "dags", DAGS)
    write_tree(root / "layer", {"pendulum/__init__.py": ""})
    return root


@pytest.fixture(scope="session")
def cloud(trees: Path) -> Cloud:
    """Both DAGs, synthesised together with the platform."""
    from aws_cdk import App

    from infra.packaging import Packager, layer_package
    from infra.settings import Settings
    from infra.stacks import Source, add_stacks

    settings = Settings(
        dags_folder=trees / "dags",
        cache_folder=trees / "cache",
        alarm_topic="arn:aws:sns:eu-west-1:123456789012:alarms",
        task_permissions={"daily_sales": [{"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::lake/*"]}]},
    )
    large = definition(**{f"task {n}": invoke("TaskFunction", f"task {n + 1}") for n in range(600)})
    large["States"]["task 600"] = invoke("TaskFunction")
    sources = [
        Source(
            trees / "dags/daily.py", definition(a=invoke("TaskFunction", "s"), s=invoke("SignalFunction")), DAILY
        ),
        Source(trees / "dags/other.py", large, manifest("other", is_paused_upon_creation=True)),
    ]
    layer = layer_package(trees / "layer")
    app = App(outdir=str(trees / "cdk.out"), analytics_reporting=False)
    packager = Packager(settings.dags_folder, layer.size, trees / "source")
    add_stacks(app, settings, sources, packager, layer, now=datetime(2026, 1, 1, tzinfo=UTC))
    folder = Path(app.synth().directory)
    names = ("airstep-platform", "airstep-daily-sales", "airstep-other")
    return Cloud(folder, {name: json.loads((folder / f"{name}.template.json").read_text()) for name in names})
