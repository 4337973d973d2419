"""executor_config: which function a task gets, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dag_translator.compute import compute_of, container_of
from dag_translator.model import Compute
from dag_translator.pipeline import Refused, Translation, translate_file
from infra.cli.local_run import run_file

HEAD = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
dag = DAG("d", schedule=None, start_date=datetime(2024, 1, 1))
dag.__enter__()
"""
SIZES = """
def large(**more):
    return {"airstep": {"memory": 3008, **more}}

@task(executor_config=large())
def a(): return 1

@task(executor_config=large(timeout=timedelta(minutes=2), ephemeral_storage=2048))
def b(): return 2

@task
def c(x): return x

@task(executor_config=large())
def m(x): return x

@task.sensor(executor_config=large(), poke_interval=1, mode="reschedule")
def s(): return True

a() >> b() >> c.override(executor_config={"airstep": {"memory": 512}})(3)
m.expand(x=[1, 2])
s()
"""


def translated(folder: Path, text: str) -> Translation | Refused:
    path = folder / "a_dag.py"
    path.write_text(f"{HEAD}{text}\ndag.__exit__(None, None, None)\n")
    (only,) = translate_file(path)
    return only


def functions_of(definition: Any) -> dict[str, str]:
    """State → the function that it invokes, in all machines."""
    found = {}
    for name, state in definition["States"].items():
        if "FunctionName" in state.get("Arguments", {}):
            found[name] = state["Arguments"]["FunctionName"]
        for inner in [*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])]:
            found |= functions_of(inner)
    return found


def test_tasks_that_want_the_same_share_a_function(tmp_path: Path) -> None:
    done = translated(tmp_path, SIZES)
    assert isinstance(done, Translation)
    assert done.manifest["functions"] == {
        "TaskFunction": {"memory": 512, "timeout": 900},
        "TaskFunction3008MB": {"memory": 3008, "timeout": 900},
        "TaskFunction3008MB120s2048MBDisk": {"memory": 3008, "timeout": 120, "ephemeral_storage": 2048},
    }
    functions = functions_of(done.definition)
    wanted = {name: functions[name] for name in ("a", "b", "c", "m · each", "s · poll", "a · failed", "start run")}
    assert wanted == {
        "a": "${TaskFunction3008MB}",
        "b": "${TaskFunction3008MB120s2048MBDisk}",
        "c": "${TaskFunction}",
        "m · each": "${TaskFunction3008MB}",
        "s · poll": "${TaskFunction3008MB}",
        "a · failed": "${TaskFunction}",
        "start run": "${TaskFunction}",
    }
    assert "a: @task on TaskFunction3008MB" in done.dump("model")


def test_they_run(tmp_path: Path) -> None:
    translated(tmp_path, SIZES)
    result = run_file(tmp_path / "a_dag.py", None, None, {})
    assert (result.state, result.xcoms["a"], result.xcoms["m[1]"]) == (
        "success", {"return_value": 1}, {"return_value": 2},
    )  # fmt: skip


class Pod:
    """kubernetes.client's V1Pod, as far as it is asked."""

    def __init__(self, **container: Any) -> None:
        self.container = container

    def to_dict(self) -> dict[str, Any]:
        return {"metadata": None, "spec": {"containers": [{"name": "base", **self.container}], "volumes": None}}


@pytest.mark.parametrize(
    ("config", "compute"),
    [
        (None, Compute()),
        ({}, Compute()),
        ({"airstep": {}}, Compute()),
        ({"airstep": {"memory": 128, "compute": "lambda"}}, Compute(memory=128)),
        ({"airstep": {"layers": ["arn:aws:lambda:x:1:layer:a:1"]}}, Compute(layers=("arn:aws:lambda:x:1:layer:a:1",))),
    ],
)
def test_what_is_possible(config: Any, compute: Compute) -> None:
    assert compute_of(config) == compute


@pytest.mark.parametrize(
    ("config", "code", "severity", "words"),
    [
        ({"airstep": {"memory": 127}}, "invalid-compute", "refused", "128 to 10,240 MB"),
        ({"airstep": {"memory": "2 GB"}}, "invalid-compute", "refused", "'2 GB'"),
        ({"airstep": {"timeout": 901}}, "invalid-compute", "refused", "1 to 900 seconds"),
        ({"airstep": {"timeout": True}}, "invalid-compute", "refused", "True"),
        ({"airstep": {"ephemeral_storage": 20_000}}, "invalid-compute", "refused", "512 to 10,240 MB"),
        ({"airstep": {"layers": "arn"}}, "invalid-compute", "refused", "no list"),
        ({"airstep": {"compute": "ec2"}}, "invalid-compute", "refused", "'ec2'"),
        ({"airstep": {"compute": "fargate", "timeout": 60}}, "invalid-compute", "refused", "timeout is for Lambda"),
        ({"airstep": {"compute": "fargate", "memory": 130_000}}, "invalid-compute", "refused", "512 to 122,880 MB"),
        ({"airstep": {"cpu": 2}}, "invalid-argument", "refused", "'cpu'"),
        ({"airstep": 2048}, "invalid-argument", "refused", "no dictionary"),
        ("large", "invalid-argument", "refused", "no dictionary"),
        (
            {"pod_override": Pod(resources={"limits": {"memory": "2Gi"}})},
            "unused-argument",
            "approximated",
            "no effect",
        ),
        ({"KubernetesExecutor": {"request_memory": "1Gi"}}, "unused-argument", "approximated", "no effect"),
        ({"pod_override": Pod(image="x")}, "unsupported-executor-config", "refused", "pod_override"),
        ({"KubernetesExecutor": {"image": "x"}}, "unsupported-executor-config", "refused", "Kubernetes"),
        ({"pod_override": object()}, "unsupported-executor-config", "refused", "pod_override"),
    ],
)
def test_what_is_wrong_says_so(config: Any, code: str, severity: str, words: str) -> None:
    ((found, message, hint, how),) = compute_of(config).problems
    assert (found, how, bool(hint)) == (code, severity, True)
    assert words in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ('execution_timeout=timedelta(seconds=100), executor_config={"airstep": {"timeout": 120}}', "ends after 120 s"),
        (
            'execution_timeout=timedelta(hours=1), executor_config={"airstep": {"compute": "lambda"}}',
            "a Lambda runs for at most",
        ),
        ('executor_config={"airstep": {"layers": ["arn:aws:lambda:x:1:layer:a:1"] * 5}}', "5 layers"),
    ],
)
def test_what_does_not_fit_together(tmp_path: Path, arguments: str, words: str) -> None:
    done = translated(tmp_path, f"@task({arguments})\ndef t(): ...\nt()\n")
    assert isinstance(done, Refused)
    (problem,) = done.problems
    assert words in problem.message
    assert problem.task_id == "t"


def test_a_task_with_more_time_than_a_lambda_has_runs_in_a_container(tmp_path: Path) -> None:
    """DAG files come unmodified: their execution_timeout says it. Sensors wait without anything that runs."""
    done = translated(
        tmp_path,
        "from airflow.sensors.python import PythonSensor\n"
        "@task(execution_timeout=timedelta(hours=1))\ndef long(): ...\n"
        "@task(execution_timeout=timedelta(hours=2), executor_config={'airstep': {'memory': 2048}})\ndef large(): ...\n"
        "@task(execution_timeout=timedelta(minutes=14))\ndef short(): ...\n"
        "long() >> large() >> short() >> PythonSensor(\n"
        "    task_id='waits', python_callable=bool, execution_timeout=timedelta(hours=1))\n",
    )
    assert isinstance(done, Translation)
    assert {task.task_id: task.compute.on for task in done.model.tasks} == {
        "long": "fargate",
        "large": "fargate",
        "short": "lambda",
        "waits": "lambda",
    }
    assert set(done.manifest["containers"]) == {"Container512MB", "Container2048MB"}
    notes = [(problem.code, problem.task_id, problem.severity) for problem in done.problems]
    assert notes == [("runs-in-container", name, "approximated") for name in ("long", "large")]


@pytest.mark.parametrize(
    ("memory", "row"),
    [
        (512, {"cpu": 256, "memory": 512}),
        (700, {"cpu": 256, "memory": 1024}),
        (3000, {"cpu": 512, "memory": 3072}),
        (16_385, {"cpu": 4096, "memory": 17_408}),
        (61_440, {"cpu": 8192, "memory": 61_440}),
        (122_880, {"cpu": 16_384, "memory": 122_880}),
    ],
)
def test_fargate_has_its_own_sizes(memory: int, row: dict[str, int]) -> None:
    assert container_of(Compute(memory=memory, on="fargate")) == row


CONTAINERS = """
from airflow.exceptions import AirflowFailException, AirflowSkipException
F = {"airstep": {"compute": "fargate", "memory": 9000, "ephemeral_storage": 30_000}}
tries, own, called = [], [], []

def tell(context):
    called.append(1)

@task(executor_config=F, execution_timeout=timedelta(hours=3))
def big():
    return "x" * 300_000

@task(executor_config=F, retries=2, retry_delay=timedelta(seconds=5))
def flaky(x, ti=None):
    own.append(ti.try_number)
    if len(own) < 3:
        raise ValueError(len(own))
    return [len(x), own]

@task(executor_config=F, retries=1, retry_delay=timedelta(seconds=1), on_failure_callback=tell)
def hopeless():
    tries.append("hopeless")
    raise ValueError("again")

@task(executor_config=F)
def skips():
    raise AirflowSkipException("so")

@task(executor_config=F, retries=3)
def fails():
    tries.append("fails")
    raise AirflowFailException("for good")

@task(executor_config=F)
def m(x):
    return x * 2

@task.branch(executor_config=F)
def chooses():
    return "left"

@task(trigger_rule="all_done")
def after():
    return [tries.count("hopeless"), tries.count("fails"), len(called)]

@task
def left(): ...

@task
def right(): ...

flaky(big())
chooses() >> [left(), right()]
[hopeless(), skips(), fails(), m.expand(x=[1, 2])] >> after()
"""


def test_a_container_has_the_states_tries_and_xcoms_of_a_lambda(tmp_path: Path) -> None:
    translated(tmp_path, CONTAINERS)
    result = run_file(tmp_path / "a_dag.py", None, None, {"note": "x" * 9000})
    tasks = ("big", "flaky", "hopeless", "skips", "fails", "after", "chooses", "left", "right")
    assert [result.tasks[name] for name in tasks] == [
        "success", "success", "failed", "skipped", "failed", "success", "success", "success", "skipped",
    ]  # fmt: skip
    assert [result.xcoms[f"m[{index}]"]["return_value"] for index in (0, 1)] == [2, 4]
    assert result.xcoms["flaky"]["return_value"] == [300_000, [1, 2, 3]]
    assert (result.try_number["flaky"], result.try_number["hopeless"], result.try_number["fails"]) == (3, 2, 1)
    assert result.xcoms["after"]["return_value"] == [2, 1, 1]
    assert (result.errors["fails"], result.errors["hopeless"]) == ("for good", "again")


def test_what_a_container_is_told_and_who_may_stop_it(tmp_path: Path) -> None:
    done = translated(tmp_path, CONTAINERS)
    assert isinstance(done, Translation)
    assert done.manifest["containers"] == {"Container9000MB30000MBDisk": {"cpu": 2048, "memory": 9216, "disk": 30}}
    assert set(done.manifest["functions"]) == {"TaskFunction"}
    text = json.dumps(done.definition)
    assert text.count("ecs:runTask.sync") == 7
    assert "conf" not in "".join(re.findall(r'"Overrides".*?\\]', text))
    actions = {action for row in done.manifest["permissions"] for action in row["actions"]}
    assert actions == {
        *("ecs:StopTask", "ecs:DescribeTasks", "events:PutTargets", "events:PutRule", "events:DescribeRule"),
    }


@pytest.mark.parametrize(
    "text",
    [
        'from airflow.operators.empty import EmptyOperator\nEmptyOperator(task_id="t", executor_config=F)',
        "@task.sensor(executor_config=F)\ndef t(): return True\nt()",
    ],
)
def test_a_container_is_for_python_tasks(tmp_path: Path, text: str) -> None:
    done = translated(tmp_path, f'F = {{"airstep": {{"compute": "fargate"}}}}\n{text}\n')
    assert isinstance(done, Refused)
    assert [problem.code for problem in done.problems] == ["unsupported-compute"]
