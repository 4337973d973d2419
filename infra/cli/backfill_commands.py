"""`airstep dags backfill`, which is `airstep backfill create`, and `airstep backfill list | show | cancel`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dag_translator.errors import UsageError
from infra.cli.file_commands import json_object
from infra.cli.options import DagIdArgument, LocalOption, Output, OutputOption
from infra.cli.output import emit, note, stderr_console

if TYPE_CHECKING:
    from infra.cli.backfill_requests import Told
    from lambdas.scheduling.backfills import DateItem

_COLUMNS = [
    "backfill_id",
    "status",
    "is_paused",
    "from_date",
    "to_date",
    "total",
    "counts",
    "created_at",
    "completed_at",
    "error",
]
_DATE_COLUMNS = ["logical_date", "run_id", "state", "reason"]
_ENDED = ("success", "failed", "cancelled")
_TOLD_ONE_BY_ONE = 50


class Reprocess(StrEnum):
    """What happens to a date that has a finished run."""

    NONE = "none"
    FAILED = "failed"
    COMPLETED = "completed"


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep backfill`."""
    group.command("create")(create)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("pause")(pause)
    group.command("unpause")(unpause)
    group.command("cancel")(cancel)


BackfillIdArgument = Annotated[str | None, typer.Argument(help="The backfill's id; the newest if not given.")]


def create(
    dag_id: Annotated[str | None, typer.Argument(help="The DAG's id.")] = None,
    dag_id_option: Annotated[str | None, typer.Option("--dag-id", help="The same, as in Airflow 3.")] = None,
    from_date: Annotated[
        str | None, typer.Option("--from-date", "--start-date", "-s", help="First logical date, inclusive (ISO 8601).")
    ] = None,
    to_date: Annotated[
        str | None, typer.Option("--to-date", "--end-date", "-e", help="Last logical date, inclusive (ISO 8601).")
    ] = None,
    max_active_runs: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many runs at once.")] = 10,
    reprocess_behavior: Annotated[
        Reprocess, typer.Option(help="Which dates that have a run already are run again.")
    ] = Reprocess.NONE,
    run_backwards: Annotated[bool, typer.Option("--run-backwards", help="The latest date first.")] = False,
    conf: Annotated[
        str | None, typer.Option("--conf", "--dag-run-conf", "-c", help="The runs' conf: a JSON object.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would be run.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end; exit code 1 unless all succeed.")] = False,
    task_regex: Annotated[
        str | None,
        typer.Option("--task-regex", "-t", help="Only tasks whose id this finds, and all above them."),
    ] = None,
    ignore_dependencies: Annotated[
        bool, typer.Option("--ignore-dependencies", "-i", help="With --task-regex: nothing of what is above them.")
    ] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Run a DAG for the dates of a range that its schedule has no run for."""
    if ignore_dependencies and task_regex is None:
        raise UsageError("--ignore-dependencies goes with --task-regex")
    chosen = _one_dag(dag_id, dag_id_option)
    detail = {
        "dag_id": chosen,
        "from_date": _instant("--from-date", from_date),
        "to_date": _instant("--to-date", to_date),
        "max_active_runs": max_active_runs,
        "reprocess_behavior": reprocess_behavior.value,
        "run_backwards": run_backwards,
        **({"conf": json_object("--conf", conf)} if conf is not None else {}),
        **({"task_regex": task_regex} if task_regex is not None else {}),
        **({"ignore_dependencies": True} if ignore_dependencies else {}),
    }
    from infra.cli.account import connect
    from infra.cli.backfill_requests import dry_run as try_out
    from infra.cli.backfill_requests import new_id, request, wait_for
    from lambdas.scheduling.backfills import BackfillKey

    account = connect(local)
    planned = try_out(account, detail)
    if dry_run:
        emit(planned, output)
        return
    key = BackfillKey(chosen, new_id())
    request(account, {**detail, "backfill_id": key.backfill_id})
    counts = dict(Counter(row["action"] for row in planned))
    row: Mapping[str, Any] = {
        **detail,
        **_names_of(key),
        "status": "requested",
        "total": len(planned),
        "counts": counts,
    }
    if wait:
        with _progress() as told:
            row = {**_public(wait_for(account, key, told)), "dates": _rows(account, key)}
    emit([row], output, [name for name in _COLUMNS if name in row])
    if wait and row["status"] != "success":
        raise typer.Exit(1)


def _names_of(key: Any) -> dict[str, str]:
    """What names a backfill."""
    return {"dag_id": key.dag_id, "backfill_id": key.backfill_id}


def list_(dag_id: DagIdArgument, local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """A DAG's backfills, newest first."""
    from infra.cli.account import connect
    from infra.cli.backfill_requests import listed

    account = connect(local)
    rows = [_public(item) for item in listed(account, dag_id)]
    if not rows and dag_id not in dict(account.deployed()):
        raise account.unknown_dag(dag_id)
    emit(rows, output, _COLUMNS)


def show(
    dag_id: DagIdArgument,
    backfill_id: BackfillIdArgument = None,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The dates of a backfill with the states of their runs."""
    from infra.cli.account import connect
    from infra.cli.backfill_requests import find

    account = connect(local)
    key, item = find(account, dag_id, backfill_id)
    emit(_rows(account, key), output, _DATE_COLUMNS, title=f"{key.backfill_id}: {item['status']}")


def pause(
    dag_id: DagIdArgument,
    backfill_id: BackfillIdArgument = None,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Start no further runs of a backfill until it is unpaused; runs that are under way go on."""
    _set_paused(dag_id, backfill_id, True, local, output)


def unpause(
    dag_id: DagIdArgument,
    backfill_id: BackfillIdArgument = None,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Let a paused backfill go on."""
    _set_paused(dag_id, backfill_id, False, local, output)


def _set_paused(dag_id: str, backfill_id: str | None, paused: bool, local: bool, output: Output) -> None:
    from infra.cli.account import connect
    from infra.cli.backfill_requests import find, release
    from lambdas.scheduling import backfills

    account = connect(local)
    key, item = find(account, dag_id, backfill_id)
    if not backfills.set_paused(account.store, key, paused):
        status = "cancelled" if item.get("is_cancelled") else item["status"]
        raise UsageError(f"backfill {key.backfill_id} of DAG {dag_id} is not running: {status}")
    if not paused:
        release(account, key)
    emit([{**_names_of(key), "is_paused": paused}], output)


def cancel(
    dag_id: DagIdArgument,
    backfill_id: BackfillIdArgument = None,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Start no further runs of a backfill; runs that are under way go on."""
    from infra.cli.account import connect
    from infra.cli.backfill_requests import find, release
    from lambdas.scheduling import backfills

    account = connect(local)
    key, item = find(account, dag_id, backfill_id)
    if not backfills.cancel(account.store, key):
        raise UsageError(f"backfill {key.backfill_id} of DAG {dag_id} is not running: {item['status']}")
    if item.get("is_paused"):
        release(account, key)
    emit([{**_names_of(key), "status": "cancelled", "note": "runs that are under way go on"}], output)


def _one_dag(argument: str | None, option: str | None) -> str:
    if argument and option and argument != option:
        raise UsageError(f"two DAGs are named, {argument} and {option}: name one")
    chosen = argument or option
    if not chosen:
        raise UsageError("which DAG? Name it: `airstep dags backfill DAG_ID --from-date … --to-date …`")
    return chosen


def _instant(option: str, text: str | None) -> str:
    from infra.cli.dates import as_instant

    if text is None:
        raise UsageError(f"{option} is missing: the first and the last logical date, both inclusive")
    moment = as_instant(text)
    if moment is None:
        raise UsageError(f"{option}: {text!r} is not ISO 8601, such as 2024-01-15 or 2024-01-15T00:00:00+00:00")
    return moment.isoformat()


def _public(item: Mapping[str, Any]) -> dict[str, Any]:
    """A backfill without its keys in the table."""
    return {name: value for name, value in item.items() if name not in ("pk", "sk")}


def _rows(account: Any, key: Any) -> list[dict[str, Any]]:
    from lambdas.scheduling import backfills

    dates = backfills.current(account.store, key, backfills.list_dates(account.store, key))
    return [{name: getattr(each, name) for name in _DATE_COLUMNS} for each in dates]


@contextmanager
def _progress() -> Iterator[Told]:
    """Tells how far a backfill is: a bar on a terminal; else a line for each change."""
    if not sys.stderr.isatty():
        yield _Lines().tell
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=stderr_console(), transient=True) as progress:
        bar = progress.add_task("waiting for the first runs")

        def tell(dates: list[DateItem]) -> None:
            done = sum(1 for each in dates if each.state is None or each.state in _ENDED)
            progress.update(bar, total=len(dates), completed=done, description=_summary(dates))

        yield tell


def _summary(dates: list[DateItem]) -> str:
    counts = Counter(each.state or each.reason for each in dates)
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items(), key=lambda pair: str(pair[0])))


class _Lines:
    """Says each date's new state; of many dates only how many are in which."""

    def __init__(self) -> None:
        self._seen: dict[str, str | None] = {}
        self._said = ""

    def tell(self, dates: list[DateItem]) -> None:
        if len(dates) > _TOLD_ONE_BY_ONE:
            text = _summary(dates)
            if text != self._said:
                note(text)
            self._said = text
            return
        for each in dates:
            state = each.state or each.reason
            if state != "queued" and self._seen.get(each.logical_date) != state:
                note(f"{each.logical_date}: {state}")
            self._seen[each.logical_date] = state
