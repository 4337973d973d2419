"""`airstep dags list | show | details | trigger | list-runs | state | next-execution | pause | unpause | delete`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dag_translator.errors import UsageError
from infra.cli import next_execution
from infra.cli.file_commands import instant, json_object
from infra.cli.options import (
    ConfOption,
    DagIdArgument,
    LocalOption,
    LogicalDateOption,
    Output,
    OutputOption,
    RunIdArgument,
)
from infra.cli.output import emit, note

DagsFolderOption = Annotated[
    Path | None, typer.Option("--dags-folder", help="Where the DAG files are; as in cdk.json if not given.")
]
_DETAILS = (
    *("dag_id", "description", "file", "tags", "is_paused_upon_creation", "catchup", "max_active_runs"),
    *("max_consecutive_failed_dag_runs", "start_date", "end_date", "timezone", "machine_name"),
)
_RUN_COLUMNS = ["dag_id", "run_id", "state", "run_after", "logical_date", "start_date", "end_date"]


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep dags`."""
    group.command("list")(list_)
    group.command("show")(show)
    group.command("trigger")(trigger)
    group.command("list-runs")(list_runs)
    group.command("state")(state)
    group.command("next-execution")(next_execution.next_execution)
    group.command("pause")(pause)
    group.command("unpause")(unpause)
    group.command("details")(details)
    group.command("delete")(delete)


def list_(local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """The deployed DAGs, whether they are paused, and their last run."""
    from infra.cli.account import connect
    from infra.cli.schedules import is_paused

    account = connect(local)
    store = account.store
    rows = []
    for dag_id, arn in account.deployed():
        last = next(iter(store.list_runs(dag_id)), None)
        rows.append(
            {
                "dag_id": dag_id,
                "is_paused": is_paused(account, dag_id),
                "last_run": last.run_id if last else None,
                "last_state": last.state if last else None,
                "state_machine": arn,
            }
        )
    emit(rows, output, ["dag_id", "is_paused", "last_run", "last_state"])


def show(
    dag_id: DagIdArgument,
    run_id: Annotated[str | None, typer.Argument(help="Colour the tasks as in this run (id or logical date).")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the picture to this SVG file.")] = None,
    dags_folder: DagsFolderOption = None,
    local: LocalOption = False,
) -> None:
    """A DAG's graph: as text, or as an SVG file with --save; with a run, as it ran."""
    from infra.cli.graph import draw_run, outline
    from infra.cli.local_dags import find_translation

    manifest = find_translation(dag_id, dags_folder).manifest
    if save is None:
        sys.stdout.write(outline(manifest))
        return
    run = records = None
    if run_id is not None:
        from infra.cli.account import connect

        account = connect(local)
        run = account.find_run(dag_id, run_id)
        records = account.store.list_tasks(run.key)
    save.parent.mkdir(parents=True, exist_ok=True)
    save.write_text(draw_run(manifest, run, records or []))
    note(f"picture: {save}")


def details(dag_id: DagIdArgument, dags_folder: DagsFolderOption = None, output: OutputOption = Output.TABLE) -> None:
    """What a DAG says of itself, from its DAG file."""
    from infra.cli.local_dags import find_translation

    manifest = find_translation(dag_id, dags_folder).manifest
    told = {name: manifest[name] for name in _DETAILS if name in manifest}
    schedule = (manifest["schedule"] or {}).get("spec", {}).get("timetable")
    rows = [{"property_name": name, "property_value": value} for name, value in told.items()]
    rows.append({"property_name": "timetable", "property_value": schedule})
    rows.append({"property_name": "tasks", "property_value": [task["task_id"] for task in manifest["tasks"]]})
    emit(rows, output)


def delete(
    dag_id: DagIdArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    local: LocalOption = False,
) -> None:
    """Remove all records of a DAG that is not deployed any more: its runs, their tasks and XComs, its backfills."""
    from infra.cli.account import connect
    from infra.cli.deletion import delete_records

    account = connect(local)
    if dag_id in dict(account.deployed()):
        stack = account.settings.stack_name(dag_id)
        raise UsageError(f"{dag_id} is deployed, and would run on\n    → remove it first: `cdk destroy {stack}`")
    if not yes:
        typer.confirm(f"This removes every record of {dag_id}. Are you sure?", abort=True, err=True)
    note(f"{delete_records(account.store, dag_id)} records of {dag_id} are gone")


def trigger(
    dag_id: DagIdArgument,
    run_id: Annotated[str | None, typer.Option("--run-id", "-r", help="The DagRun's id.")] = None,
    conf: ConfOption = None,
    logical_date: LogicalDateOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the run's end; exit code 1 if it fails.")] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Start a DagRun by hand; it waits for its turn like any other run."""
    from infra.cli import triggers
    from infra.cli.account import connect
    from infra.cli.watch import wait_for

    given = json_object("--conf", conf)
    account = connect(local)
    triggered = triggers.trigger(account, dag_id, run_id, instant(logical_date), given)
    row = triggered.row(dag_id)
    if not triggered.is_started:
        note(f"{triggered.run_id} waits: {dag_id} is paused, or has as many runs as max_active_runs allows")
    url = account.console_url(triggered.execution_arn)
    if url:
        row["console"] = url
    if wait:
        row["state"] = wait_for(account, dag_id, triggered.run_id, triggered.execution_arn)
    emit([row], output)
    if row["state"] == "failed":
        raise typer.Exit(1)


def list_runs(
    dag_id: DagIdArgument,
    state: Annotated[str | None, typer.Option(help="Only runs in this state.")] = None,
    no_backfill: Annotated[bool, typer.Option("--no-backfill", help="None of a backfill.")] = False,
    start_date: Annotated[
        str | None, typer.Option("--start-date", "-s", help="Runs from this logical date on (ISO 8601).")
    ] = None,
    end_date: Annotated[str | None, typer.Option("--end-date", "-e", help="Runs up to this logical date.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.")] = 50,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The runs of a DAG, newest first."""
    from itertools import islice

    from infra.cli.account import connect
    from infra.cli.dates import between

    first, last = instant(start_date, "--start-date"), instant(end_date, "--end-date")
    account = connect(local)
    runs = (
        run
        for run in between(account.store.list_runs(dag_id), first, last)
        if state in (None, run.state) and not (no_backfill and run.run_type == "backfill")
    )
    rows = [{name: getattr(run, name) for name in [*_RUN_COLUMNS, "run_type", "error"]} for run in islice(runs, limit)]
    if not rows and dag_id not in dict(account.deployed()):
        raise account.unknown_dag(dag_id)
    emit(rows, output, _RUN_COLUMNS[1:])


def state(dag_id: DagIdArgument, run_id: RunIdArgument, local: LocalOption = False) -> None:
    """A DagRun's state. Exit code 1 if it failed."""
    from infra.cli.account import connect

    run = connect(local).find_run(dag_id, run_id)
    sys.stdout.write(f"{run.state}\n")
    if run.state == "failed":
        raise typer.Exit(1)


def pause(dag_id: DagIdArgument, local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """Stop the schedule from starting runs; runs that are under way go on."""
    _set_paused(dag_id, True, local, output)


def unpause(dag_id: DagIdArgument, local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """Let the schedule start runs again, and start what it missed, as `catchup` says."""
    _set_paused(dag_id, False, local, output)


def _set_paused(dag_id: str, paused: bool, local: bool, output: Output) -> None:
    from infra.cli.account import connect
    from infra.cli.schedules import set_paused

    account = connect(local)
    if dag_id not in dict(account.deployed()):
        raise account.unknown_dag(dag_id)
    started = set_paused(account, dag_id, paused)
    emit([{"dag_id": dag_id, "is_paused": paused, "started": started}], output)
