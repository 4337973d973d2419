"""Loading a DAG file costs little: no heavy module, and well under a tenth of a second."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("pendulum", "jinja2", "boto3", "botocore", "pydantic", "croniter", "asyncio", "urllib.request", "dateutil")

MEASURE = """
import json, sys, time
began = time.process_time()
from pathlib import Path
from dag_translator.load import load
loaded = load(Path(sys.argv[1]))
took = time.process_time() - began
print(json.dumps([took, len(loaded.dags[0].tasks), sorted(sys.modules), [str(p) for p in loaded.problems]]))
"""

DAG_FILE = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.sensors.athena import AthenaSensor
from airflow.models import Variable
from airflow.utils.dates import days_ago
from airflow.utils.task_group import TaskGroup

with DAG("d", schedule="@daily", start_date=days_ago(1), default_args={"retries": 2}):
    start = EmptyOperator(task_id="start")
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "a")
    with TaskGroup("g") as group:
        tasks = [PythonOperator(task_id=f"p{i}", python_callable=print) for i in range(4)]
    query = AthenaOperator(task_id="q", query="select 1")
    wait = AthenaSensor(task_id="w", query_execution_id=query.output)
    bash = BashOperator(task_id="b", bash_command="true")

    @task
    def add(x):
        return x + 1

    start >> branch >> group >> query
    wait >> bash >> add(1)
"""


def test_budget(tmp_path: Path) -> None:
    path = tmp_path / "d.py"
    path.write_text(DAG_FILE)
    best = 1.0
    for _ in range(5):  # the machine may be busy; the best run counts
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(ROOT)},
        )
        took, tasks, modules, problems = json.loads(done.stdout)
        assert (tasks, problems) == (10, [])
        assert [name for name in HEAVY if name in modules] == []
        best = min(best, took)
        if best < 0.1:
            break
    assert best < 0.1
