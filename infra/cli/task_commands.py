"""`airstep tasks list | states-for-dag-run | state | tries | logs | render | test`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from dag_translator.errors import UsageError
from infra.cli.clear_commands import add_to_tasks
from infra.cli.options import (
    DagIdArgument,
    DagIdOption,
    DateArgument,
    LocalOption,
    MapIndexOption,
    Output,
    OutputOption,
    RunIdArgument,
    TargetArgument,
    TaskIdArgument,
)
from infra.cli.output import emit, emit_value, note

_LABELS = ("dag_id", "run_id", "task_id", "map_index", "try_number")


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep tasks`."""
    group.command("list")(list_)
    group.command("states-for-dag-run")(states_for_dag_run)
    group.command("state")(state)
    group.command("tries")(tries)
    group.command("logs")(logs)
    group.command("render")(render)
    group.command("test")(run_test)
    add_to_tasks(group)


def list_(
    dag_id: DagIdArgument,
    dags_folder: Annotated[Path | None, typer.Option("--dags-folder", help="Where the DAG files are.")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """The tasks of a DAG in a topological order, from its DAG file."""
    from infra.cli.local_dags import find_translation

    tasks = find_translation(dag_id, dags_folder).manifest["tasks"]
    emit(tasks, output, ["task_id", "operator", "trigger_rule", "upstream", "group", "retries", "line"])


def run_test(
    target: TargetArgument,
    task_id: TaskIdArgument,
    date: DateArgument = None,
    dag_id: DagIdOption = None,
    task_params: Annotated[
        str | None, typer.Option("--task-params", "-t", help="The run's conf: a JSON object.")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Execute one task of a DAG in this process, whatever is above it; nothing is kept.

    Exit code 0 if it succeeded, 1 if it failed.
    """
    from infra.cli import file_commands
    from infra.cli.files import DagFile, providers_of, root_of
    from infra.cli.local_run import run_task_of
    from infra.cli.run_tables import print_run

    moment, conf = file_commands.instant(date, "the date"), file_commands.json_object("--task-params", task_params)
    file, dag_id = file_commands.file_and_dag(target, dag_id)
    with file_commands.tasks_print_to_stderr(), providers_of([DagFile(file, root_of(file))]):
        result = run_task_of(file, dag_id, task_id, moment, conf)
    if output is Output.TABLE:
        print_run(result)
    else:
        emit_value(result.to_json(), output)
    raise typer.Exit(0 if result.state == "success" else 1)


def states_for_dag_run(
    dag_id: DagIdArgument, run_id: RunIdArgument, local: LocalOption = False, output: OutputOption = Output.TABLE
) -> None:
    """The state of every task instance of a run."""
    from infra.cli.account import connect
    from infra.cli.dates import seconds_between

    account = connect(local)
    run = account.find_run(dag_id, run_id)
    records = sorted(account.store.list_tasks(run.key), key=lambda record: (record.start_date or "~", record.task_id))
    rows = [
        {
            "dag_id": dag_id,
            "run_id": run.run_id,
            "task_id": record.task_id,
            "map_index": record.map_index,
            "state": record.state,
            "try_number": record.try_number,
            "start_date": record.start_date,
            "end_date": record.end_date,
            "duration": seconds_between(record.start_date, record.end_date),
            "error": record.error_message or record.error,
        }
        for record in records
    ]
    hidden = {"dag_id", "run_id"} | (set() if any(row["map_index"] != -1 for row in rows) else {"map_index"})
    hidden |= set() if any(row["error"] for row in rows) else {"error"}
    emit(rows, output, [name for name in rows[0] if name not in hidden] if rows else None)


def tries(
    dag_id: DagIdArgument,
    task_id: TaskIdArgument,
    run_id: RunIdArgument,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Every try of a task in a run, earlier ones that retries and clears came after too."""
    from infra.cli.account import connect
    from lambdas.storage.history import list_tries

    account = connect(local)
    run = account.find_run(dag_id, run_id)
    names = ("map_index", "try_number", "state", "start_date", "end_date", "error", "error_message")
    rows = [{name: getattr(each, name) for name in names} for each in list_tries(account.store, run.key, task_id)]
    hidden = () if any(row["map_index"] != -1 for row in rows) else ("map_index",)
    emit(rows, output, [name for name in names if name not in hidden])


def state(
    dag_id: DagIdArgument,
    task_id: TaskIdArgument,
    run_id: RunIdArgument,
    map_index: MapIndexOption = -1,
    local: LocalOption = False,
) -> None:
    """A task instance's state."""
    from infra.cli.account import connect
    from lambdas.storage.records import TaskKey

    account = connect(local)
    run = account.find_run(dag_id, run_id)
    record = account.store.get_task(TaskKey(dag_id, run.run_id, task_id, map_index))
    sys.stdout.write(f"{record.state if record is not None else 'none'}\n")


def logs(
    dag_id: DagIdArgument,
    task_id: TaskIdArgument,
    run_id: RunIdArgument,
    try_number: Annotated[int | None, typer.Option("--try", help="Only this try.")] = None,
    map_index: MapIndexOption = -1,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """What a task instance logged, oldest first, each line with its time and level."""
    from infra.cli.account import connect
    from infra.cli.dates import as_instant

    account = connect(local)
    run = account.find_run(dag_id, run_id)
    since = (as_instant(run.start_date) or datetime.now(UTC)) - timedelta(minutes=1)
    wanted = {"run_id": run.run_id, "task_id": task_id, "map_index": map_index}
    if try_number is not None:
        wanted["try_number"] = try_number
    lines = list(_matching(account.log_events(dag_id, since, run.run_id), wanted))
    if output is not Output.TABLE:
        emit_value(lines, output)
    elif not lines:
        note("no log lines (CloudWatch may show them some seconds late)")
    for line in lines if output is Output.TABLE else ():
        sys.stdout.write(f"{line['timestamp']} {line['level']:8} {line['message']}\n")


def _matching(events: Iterator[dict[str, Any]], wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The structured lines that carry these labels."""
    for event in events:
        try:
            line = json.loads(event["message"])
        except ValueError:
            continue
        if not isinstance(line, dict) or any(line.get(name) != value for name, value in wanted.items()):
            continue
        message = line.get("message", "")
        shown = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
        if line.get("exception"):
            shown = f"{shown}\n{line['exception']}"
        moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
        yield {
            "timestamp": moment.isoformat(timespec="milliseconds"),
            "level": line.get("level", "INFO"),
            "try_number": line.get("try_number"),
            "message": shown,
        }


def render(
    dag_id: DagIdArgument,
    task_id: TaskIdArgument,
    run_id: RunIdArgument,
    map_index: MapIndexOption = -1,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The template fields of a task instance as they were rendered in a run."""
    from infra.cli.account import connect
    from lambdas.storage.records import TaskKey

    account = connect(local)
    run = account.find_run(dag_id, run_id)
    record = account.store.get_task(TaskKey(dag_id, run.run_id, task_id, map_index))
    if record is None:
        raise UsageError(f"task {task_id} did not run in {run.run_id}, so nothing was rendered")
    fields = json.loads(record.rendered or "{}")
    if output is Output.TABLE:
        emit([{"field": name, "value": value} for name, value in fields.items()], output)
    else:
        emit_value(fields, output)
