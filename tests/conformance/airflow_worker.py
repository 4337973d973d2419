"""Runs in Airflow's own environment: measures DAG files with `dag.test()`, in one process that stays.

Reads the paths of DAG files from standard input, one a line; prints one line of JSON for each: DAG → what Airflow did,
in the form of `tests/data/conformance`, with `callbacks`, the lines that the file appended to `$DAG_LOG`; or
`{"error": …}`. The files lie in a folder of their own, `$AIRFLOW_HOME/dags`, as Airflow reads all of them at each run.
Needs nothing of this project: `differential.py` starts it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LOGICAL_DATE = datetime(2024, 1, 15, tzinfo=UTC)


def main() -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what tasks print is no answer
    for line in sys.stdin:
        try:
            answer: Any = _measure(Path(line.strip()))
        except BaseException as error:
            answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        print(json.dumps(answer, default=repr, sort_keys=True), file=out, flush=True)


def _measure(path: Path) -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk.definitions._internal.contextmanager import DagContext, TaskGroupContext

    DagContext._context.clear()  # of a file that failed inside a `with`
    TaskGroupContext._context.clear()
    bag = DagBag(str(path))
    if bag.import_errors:
        return {"error": "\n".join(bag.import_errors.values())}
    ids = sorted(bag.dags)
    return {
        dag_id: {"dag_ids": ids, "structure": _structure(dag), "file": path.name, **_run(dag)}
        for dag_id, dag in sorted(bag.dags.items())
    }


def _structure(dag: Any) -> dict[str, Any]:
    return {
        task.task_id: {
            "downstream": sorted(task.downstream_task_ids),
            "group": task.task_group.group_id,
            "is_setup": task.is_setup,
            "is_teardown": task.is_teardown,
            "mapped": bool(task.is_mapped),
            "operator": task.task_type,
            "retries": task.retries,
            "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        }
        for task in dag.tasks
    }


def _run(dag: Any) -> dict[str, Any]:
    from airflow.models.dagrun import DagRun
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    log = Path(os.environ["DAG_LOG"])
    log.unlink(missing_ok=True)
    error = None
    try:
        dag.test(logical_date=LOGICAL_DATE)
    except Exception:  # Airflow gives up on a run; what it left behind is the answer
        error = traceback.format_exc()
    xcoms: dict[str, dict[str, Any]] = {}
    with create_session() as session:

        def rows(model: Any) -> list[Any]:
            found = session.query(model).filter(model.dag_id == dag.dag_id).all()
            return sorted(found, key=lambda row: (row.task_id, row.map_index))

        run = session.query(DagRun).filter(DagRun.dag_id == dag.dag_id).one_or_none()
        if run is None:
            raise RuntimeError(error)
        tasks = rows(TaskInstance)
        for row in rows(XComModel):
            xcoms.setdefault(_name(row), {})[row.key] = row.value
        return {
            "airflow_version": "3.3.2",
            "dag_id": dag.dag_id,
            "error": error,
            "dag_run_state": _text(run.state),
            "tasks": {_name(row): _text(row.state) for row in tasks},
            "try_number": {_name(row): row.try_number for row in tasks},
            "labels": {_name(row): row.rendered_map_index for row in tasks if row.rendered_map_index},
            "xcoms": xcoms,
            "rendered": {_name(row): row.rendered_fields for row in rows(RenderedTaskInstanceFields)},
            "callbacks": log.read_text().splitlines() if log.exists() else [],
        }


def _name(row: Any) -> str:
    return row.task_id if row.map_index < 0 else f"{row.task_id}[{row.map_index}]"


def _text(state: Any) -> str | None:
    return None if state is None else str(getattr(state, "value", state))


if __name__ == "__main__":
    main()
