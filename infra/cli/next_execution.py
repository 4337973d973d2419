"""`airstep dags next-execution`: when a DAG's runs are due, read from the EventBridge schedules that stand for it.

What is read is the emitted expressions, never the DAG's own cron: those that a DAG file translates to, or, for a
deployed DAG, those that Scheduler really holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dag_translator.errors import TranslationError, UsageError
from infra.cli.options import DagIdOption, LocalOption, Output, OutputOption, TargetArgument
from infra.cli.output import emit, note
from lambdas.timetables.timetable import Ask

Found = tuple[Mapping[str, Any] | None, Ask | None]


def next_execution(
    target: TargetArgument,
    dag_id: DagIdOption = None,
    count: Annotated[int, typer.Option("--num-executions", "-n", min=1, help="How many.")] = 1,
    since: Annotated[
        str | None, typer.Option("--from", help="Those later than this, ISO 8601; now if not given.")
    ] = None,
    dags_folder: Annotated[
        Path | None, typer.Option("--dags-folder", help="Where the DAG files are; as in cdk.json if not given.")
    ] = None,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="Read the schedules that are deployed, not those of the DAG file.")
    ] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The next automated runs: when the emitted schedules fire, and which run that is (UTC).

    A DAG's id means the DAG of that name in the dags folder, or with --deployed or --local the deployed one.
    """
    from dag_translator.schedule import next_executions

    after = _instant(since)
    if Path(target).is_file():
        schedule, ask = _of_file(Path(target), dag_id)
    elif deployed or local:
        schedule, ask = _of_account(target, local)
    else:
        from infra.cli.local_dags import file_of

        schedule, ask = _of_file(file_of(target, dags_folder), target)
    if schedule is None:
        note("the DAG has no schedule: it runs when it is triggered")
    elif schedule["kind"] == "assets":
        note("the DAG runs when its assets are updated")
    emit(next_executions({"schedule": schedule}, count, after, ask), output)


def _instant(text: str | None) -> datetime:
    from infra.cli.dates import as_instant

    moment = datetime.now(UTC) if text is None else as_instant(text)
    if moment is None:
        raise UsageError(f"--from: {text!r} is not ISO 8601, such as 2024-01-15T00:00:00+00:00")
    return moment


def _of_file(file: Path, dag_id: str | None) -> Found:
    """`manifest.schedule` of a DAG of a file, and who answers for a timetable of its own. Raises TranslationError for a
    DAG that is refused."""
    from dag_translator.load import load
    from dag_translator.pipeline import Translation, translate_loaded
    from dag_translator.schedule.custom import asker
    from infra.cli.files import root_of
    from infra.settings import read_settings

    loaded = load(file, root=root_of(file))
    results = translate_loaded(loaded, root_of(file), read_settings().intervals)
    chosen = [result for result in results if dag_id in (None, result.dag_id)]
    if len(chosen) != 1:
        names = ", ".join(sorted(result.dag_id or "?" for result in results)) or "none"
        what = f"has no DAG {dag_id}" if dag_id is not None else "does not hold exactly one DAG"
        raise UsageError(f"{file} {what}\n    → say which with --dag-id; it holds: {names}")
    if not isinstance(chosen[0], Translation):
        raise TranslationError(chosen[0].problems)
    dag = next(dag for dag in loaded.dags if dag.dag_id == chosen[0].dag_id)
    return chosen[0].manifest["schedule"], asker(dag)


def _of_account(dag_id: str, local: bool) -> Found:
    """The same as the deployed schedules give it back; no schedule for a DAG without any."""
    from infra.cli.account import connect
    from infra.cli.schedules import event_of, schedules_of
    from lambdas.scheduling.ask_timetable import asking

    account = connect(local)
    found = schedules_of(account, dag_id)
    if not found:
        if dag_id not in dict(account.deployed()):
            raise account.unknown_dag(dag_id)
        return None, None
    spec = event_of(found[0])
    ask = asking(account.client("lambda"), spec["task_function"]) if "task_function" in spec else None
    return read_back(found, spec), ask


def read_back(schedules: Sequence[Mapping[str, Any]], spec: Mapping[str, Any]) -> dict[str, Any]:
    """`manifest.schedule` from what GetSchedule answers and the event that the schedules carry."""
    kind = spec["timetable"]["type"]
    known = ("once", "continuous", "events")
    return {
        "kind": "renewed" if spec.get("renewed") else kind if kind in known else "cron",
        "expressions": [
            {
                "expression": each["ScheduleExpression"],
                "timezone": each.get("ScheduleExpressionTimezone") or "UTC",
                "start": _text(each.get("StartDate")),
                "end": _text(each.get("EndDate")),
            }
            for each in schedules
        ],
        "spec": spec,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None
