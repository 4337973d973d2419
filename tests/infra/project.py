"""A small source tree, two translated DAGs, and how a test reads the templates that they synthesise to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNTIME = {
    "lambdas/__init__.py": "",
    "lambdas/task_function.py": "from dag_translator import load\nfrom lambdas.storage import store\n",
    "lambdas/signal_function.py": "from lambdas.storage import store\n",
    "lambdas/dispatcher.py": "from lambdas.storage.store import x\n",
    "lambdas/run_ended.py": "",
    "lambdas/backfill.py": "",
    "lambdas/storage/store.py": "x = 1\n",
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


def start(part: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": f"${{{part}}}"},
        "End": True,
    }


def definition(**states: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def manifest(dag_id: str, **changes: Any) -> dict[str, Any]:
    """A manifest as the translator writes it."""
    plain: dict[str, Any] = {
        "dag_id": dag_id,
        "machine_name": dag_id,
        "rerun_machine_name": f"{dag_id}-rerun",
        "parts": {},
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


HOURLY = {
    "kind": "cron",
    "expressions": [{"expression": "rate(1 hour)", "timezone": "UTC", "start": None, "end": None}],
    "spec": {},
}
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
            {
                "expression": "cron(0 5 13 * ? *)",
                "timezone": "Asia/Seoul",
                "start": "2020-01-01T00:00:00Z",
                "end": None,
            },
            {
                "expression": "cron(0 6 13 * ? *)",
                "timezone": "Asia/Seoul",
                "start": None,
                "end": "2021-01-01T00:00:00Z",
            },
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


CONSUMER = manifest(
    "consumer",
    is_paused_upon_creation=True,
    schedule={
        "kind": "assets",
        "expressions": [],
        "spec": {
            "timetable": {"type": "assets"},
            "assets": {
                "any": [
                    {"all": [{"asset": {"name": f"a<{n}>", "uri": f"s3://bucket/{n:0200}"}} for n in range(15)]},
                    {"asset_ref": {"name": "b"}},
                    {"alias": {"name": "x"}},
                ]
            },
        },
    },
    assets={
        "outlets": [{"task_id": "t", "name": "out", "uri": "s3://bucket/$out*", "group": "asset"}],
        "inlets": [{"task_id": "t", "name": "in", "uri": "s3://bucket/in", "group": "asset"}],
    },
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
