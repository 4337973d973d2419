"""`airstep tasks clear | set-state`, `airstep dags clear`: run tasks of a run again, or say how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from dag_translator.errors import UsageError
from infra.cli.file_commands import instant
from infra.cli.options import DagIdArgument, LocalOption, Output, OutputOption, RunIdArgument, TaskIdArgument
from infra.cli.output import emit, note

_ROW_COLUMNS = ["run_id", "task_id", "map_index", "state", "try_number"]
_RUN_COLUMNS = ["dag_id", "run_id", "state", "cleared", "set", "execution"]


class EndState(StrEnum):
    """The states that a person may give a task."""

    SUCCESS = "success"
    FAILED = "failed"


RunIdOption = Annotated[str | None, typer.Option("--run-id", "-i", help="Only this run (its id, or logical date).")]
UpstreamOption = Annotated[bool, typer.Option("--upstream", "-u", help="The tasks above them too.")]
DownstreamOption = Annotated[bool, typer.Option("--downstream", "-d", help="The tasks below them too.")]
OnlyFailedOption = Annotated[
    bool, typer.Option("--only-failed", "-f", help="Only those that are failed or upstream_failed.")
]
OnlyRunningOption = Annotated[bool, typer.Option("--only-running", "-r", help="Only those that are running.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would be cleared.")]
StopOption = Annotated[
    bool, typer.Option("--stop-running", help="Stop runs that are under way; what they were at runs again too.")
]
WaitOption = Annotated[bool, typer.Option("--wait", "-w", help="Wait for the end; exit code 1 if a run fails.")]


@dataclass(frozen=True, slots=True)
class How:
    """How a command goes about it."""

    stop_running: bool
    yes: bool
    dry_run: bool
    wait: bool
    local: bool


def add_to_tasks(group: typer.Typer) -> None:
    """Add the commands to `airstep tasks`."""
    group.command("clear")(clear)
    group.command("set-state")(set_state)


def clear(
    dag_id: DagIdArgument,
    task_regex: Annotated[
        str | None, typer.Option("--task-regex", "-t", help="Only tasks whose id this regular expression finds.")
    ] = None,
    run_id: RunIdOption = None,
    start_date: Annotated[
        str | None, typer.Option("--start-date", "-s", help="Runs from this logical date on (ISO 8601).")
    ] = None,
    end_date: Annotated[str | None, typer.Option("--end-date", "-e", help="Runs up to this logical date.")] = None,
    upstream: UpstreamOption = False,
    downstream: DownstreamOption = False,
    only_failed: OnlyFailedOption = False,
    only_running: OnlyRunningOption = False,
    include_dependent_dags: Annotated[bool, typer.Option("--include-dependent-dags", hidden=True)] = False,
    stop_running: StopOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Run tasks again, as if they never ran; without --run-id and dates in all runs of the DAG."""
    if include_dependent_dags:
        raise UsageError("--include-dependent-dags: one DAG at a time\n    → clear the other DAGs' tasks by themselves")
    request = {
        "task_regex": task_regex,
        "upstream": upstream,
        "downstream": downstream,
        "only_failed": only_failed,
        "only_running": only_running,
    }
    dates = (instant(start_date, "--start-date"), instant(end_date, "--end-date"))
    _carry_out(dag_id, run_id, request, How(stop_running, yes, dry_run, wait, local), output, dates)


def clear_run(
    dag_id: DagIdArgument,
    run_id: Annotated[str, typer.Option("--run-id", "-i", help="The DagRun's id, or its logical date.")],
    only_failed: OnlyFailedOption = False,
    only_running: OnlyRunningOption = False,
    stop_running: StopOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Run a DagRun again, as a whole or from what failed."""
    request = {"only_failed": only_failed, "only_running": only_running}
    _carry_out(dag_id, run_id, request, How(stop_running, yes, dry_run, wait, local), output)


def set_state(
    dag_id: DagIdArgument,
    task_id: TaskIdArgument,
    run_id: RunIdArgument,
    state: Annotated[EndState, typer.Argument(help="The state that the task gets.")],
    upstream: UpstreamOption = False,
    downstream: DownstreamOption = False,
    stop_running: StopOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Mark a task as success or failed; tasks below it that failed run again, as in Airflow."""
    request = {"task_ids": [task_id], "set_state": state.value, "upstream": upstream, "downstream": downstream}
    _carry_out(dag_id, run_id, request, How(stop_running, yes, dry_run, wait, local), output)


def _carry_out(
    dag_id: str,
    run_id: str | None,
    request: Mapping[str, Any],
    how: How,
    output: Output,
    dates: tuple[Any, Any] = (None, None),
) -> None:
    """Ask what it means, ask the person, and do it."""
    from infra.cli import reruns
    from infra.cli.account import connect
    from infra.cli.watch import wait_for

    account = connect(how.local)
    runs = reruns.chosen_runs(account, dag_id, run_id, *dates)
    if not how.stop_running and not how.dry_run:
        reruns.refuse_active(runs)
    asked = [(run, reruns.ask(account, dag_id, run.run_id, request)) for run in runs]
    concerned = [(run, answer) for run, answer in asked if answer["cleared"] or answer["set"]]
    rows = [{"run_id": run.run_id, **row} for run, answer in concerned for row in (*answer["set"], *answer["cleared"])]
    if how.dry_run or not rows:
        emit(rows, output, _ROW_COLUMNS)
        return
    if not how.yes:
        several = "s" if len(concerned) > 1 else ""
        typer.confirm(
            f"{_told(rows)} of {len(concerned)} run{several} of {dag_id}. Are you sure?", abort=True, err=True
        )
    done = []
    for run, answer in concerned:
        stopped = how.stop_running and reruns.stop(account, run)
        now = reruns.ask(account, dag_id, run.run_id, {**request, "stopped": True}) if stopped else answer
        done.append(_done(account, dag_id, request, now))
    started = [row for row in done if row["execution"] is not None]
    waiting = reruns.start(account, dag_id) if started else frozenset()
    for row in started:
        row["state"] = "queued" if row["run_id"] in waiting else "running"
    if any(row["state"] == "queued" for row in started):
        note(f"what is queued waits: {dag_id} is paused, or has as many runs as max_active_runs allows")
    for row in started if how.wait else ():
        row["state"] = wait_for(account, dag_id, row["run_id"], row["execution"])
    emit(done, output, _RUN_COLUMNS)
    if any(row["state"] == "failed" for row in started):
        raise typer.Exit(1)


def _done(account: Any, dag_id: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Queue the run's next execution, or write down what was said of its tasks where nothing has to run."""
    from infra.cli import reruns
    from infra.cli.waking import wake

    run = answer["run"]
    row = {"dag_id": dag_id, "run_id": run["run_id"], "cleared": len(answer["cleared"]), "set": len(answer["set"])}
    if answer["starts"]:
        return {**row, "state": "queued", "execution": reruns.queue(account, dag_id, answer)}
    reruns.ask(account, dag_id, run["run_id"], {**request, "apply": True})
    # Tasks of the next DagRun may wait for these; where an execution follows, its end tells them.
    wake(account, "the states are set", run={"dag_id": dag_id, "run_id": run["run_id"]})
    note(f"{run['run_id']}: nothing has to run, so the run stays {run['state']}, as in Airflow")
    return {**row, "state": run["state"], "execution": None}


def _told(rows: list[dict[str, Any]]) -> str:
    names = [row["task_id"] if row["map_index"] < 0 else f"{row['task_id']}[{row['map_index']}]" for row in rows[:20]]
    return f"{len(rows)} task instances ({', '.join(names)}{', …' if len(rows) > 20 else ''})"
