"""`airstep xcom list | get`."""

from __future__ import annotations

from typing import Annotated

import typer

from dag_translator.errors import UsageError
from infra.cli.options import (
    DagIdArgument,
    LocalOption,
    MapIndexOption,
    Output,
    OutputOption,
    RunIdArgument,
    TaskIdArgument,
)
from infra.cli.output import emit, emit_value


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep xcom`."""
    group.command("list")(list_)
    group.command("get")(get)


def list_(
    dag_id: DagIdArgument,
    run_id: RunIdArgument,
    task_id: Annotated[str | None, typer.Option("--task-id", help="Only this task's.")] = None,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The XComs of a run. Values as JSON, with tags for what JSON lacks."""
    from infra.cli.account import connect
    from lambdas.storage import xcom_codec

    account = connect(local)
    run = account.find_run(dag_id, run_id)
    rows = [
        {
            "task_id": xcom.task_id,
            "map_index": xcom.map_index,
            "key": xcom.key,
            "value": xcom_codec.display(xcom.text),
        }
        for xcom in account.store.list_xcoms(run.key, task_id)
    ]
    mapped = any(row["map_index"] != -1 for row in rows)
    emit(rows, output, ["task_id", *(["map_index"] if mapped else []), "key", "value"])


def get(
    dag_id: DagIdArgument,
    task_id: TaskIdArgument,
    run_id: RunIdArgument,
    key: Annotated[str, typer.Option("--key", "-k", help="The XCom's key.")] = "return_value",
    map_index: MapIndexOption = -1,
    local: LocalOption = False,
    output: OutputOption = Output.JSON,
) -> None:
    """One XCom's value."""
    from infra.cli.account import connect
    from lambdas.storage import xcom_codec
    from lambdas.storage.records import TaskKey

    account = connect(local)
    run = account.find_run(dag_id, run_id)
    text = account.store.get_xcom(TaskKey(dag_id, run.run_id, task_id, map_index), key)
    if text is None:
        hint = f"see `airstep xcom list {dag_id} {run.run_id}`"
        raise UsageError(f"task {task_id} has no XCom {key!r} in run {run.run_id}\n    → {hint}")
    value = xcom_codec.display(text)
    if output is Output.TABLE:
        emit([{"key": key, "value": value}], output)
    else:
        emit_value(value, output)
