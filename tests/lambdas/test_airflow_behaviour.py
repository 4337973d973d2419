"""What only Airflow 2 knew works too. (What Airflow 3.3.2 does is compared in `tests/conformance`.)"""

from __future__ import annotations

from dag_translator.load import load
from lambdas.runtime import Runtime
from lambdas.storage.memory_store import MemoryStore
from tests.lambdas.conftest import DAGS, Clock
from tests.lambdas.driver import start

AIRFLOW_2 = {
    "e08_execution_date": "2024-01-15 00:00:00+00:00",
    "e13_prev_ds": "2024-01-15",
    "e14_next_ds": "2024-01-15",
    "e15_yesterday_ds": "2024-01-14",
    "e16_tomorrow_ds": "2024-01-16",
    "e17_prev_execution_date": "2024-01-15 00:00:00+00:00",
    "e44_test_mode": "False",
}


def test_what_airflow_2_knew_works() -> None:
    (dag,) = load(DAGS / "conformance" / "t21_templates.py").dags
    run = start(Runtime(dag=dag, store=MemoryStore(), now=Clock()))
    for task_id in AIRFLOW_2:
        run.task(task_id)
    assert {task_id: xcoms["return_value"] for task_id, xcoms in run.xcoms().items()} == AIRFLOW_2
