"""`airstep dags test | simulate | translate | check`: what needs a DAG file and nothing that is deployed.

Heavy modules are imported inside the commands: `airstep dags test` of a ten-task DAG takes well under a second in all.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dag_translator.errors import Problem, TranslationError, UsageError
from infra.cli.options import (
    ConfOption,
    DagFileArgument,
    DagIdOption,
    DateArgument,
    LogicalDateOption,
    Output,
    OutputOption,
    TargetArgument,
)
from infra.cli.output import emit, emit_table, emit_value, note
from infra.cli.run_tables import print_run, print_simulation

PathsArgument = Annotated[
    list[Path] | None, typer.Argument(help="DAG files, or folders to search; the folder dags if not given.")
]


class Dump(StrEnum):
    """A text form between the passes."""

    MODEL = "model"
    REGIONS = "regions"
    ASL = "asl"


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep dags`."""
    group.command("test")(run_test)
    group.command("simulate")(simulate)
    group.command("translate")(translate)
    group.command("check")(check)
    group.command("list-import-errors")(list_import_errors)


def run_test(
    target: TargetArgument,
    date: DateArgument = None,
    dag_id: DagIdOption = None,
    logical_date: LogicalDateOption = None,
    conf: ConfOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Execute a DAG's state machine in this process, once.

    Waits and retry delays take no time; tasks run for real. Exit code 0 if the run succeeded, 1 if it failed, 2 if the
    DAG cannot be translated.
    """
    from infra.cli.files import DagFile, providers_of, root_of
    from infra.cli.local_run import run_file

    moment, settings = one_instant(date, logical_date), json_object("--conf", conf)
    file, dag_id = file_and_dag(target, dag_id)
    with _problems_as(output), tasks_print_to_stderr(), providers_of([DagFile(file, root_of(file))]):
        result = run_file(file, dag_id, moment, settings)
    if output is Output.TABLE:
        print_run(result)
    else:
        emit_value(result.to_json(), output)
    raise typer.Exit(0 if result.state == "success" else 1)


def simulate(
    file: DagFileArgument,
    dag_id: DagIdOption = None,
    durations: Annotated[
        str | None, typer.Option(help='JSON: {"task_id": seconds}; a task that is not named takes 1 s.')
    ] = None,
    outcomes: Annotated[
        str | None,
        typer.Option(
            help='JSON: {"task_id": "success" | "failed" | "skipped" | [one for each try] | {"follow": [task ids]}}.'
        ),
    ] = None,
    logical_date: LogicalDateOption = None,
    save: Annotated[Path | None, typer.Option(help="Write the picture of the simulated run to this SVG file.")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Run a DAG's real state machine with pretended tasks: how long it takes, what decides it, what it costs."""
    from infra.cli.files import DagFile, providers_of, root_of
    from infra.cli.local_run import simulate_file

    given = json_object("--durations", durations), json_object("--outcomes", outcomes)
    moment = instant(logical_date)
    with _problems_as(output), tasks_print_to_stderr(), providers_of([DagFile(file, root_of(file))]):
        simulated = simulate_file(file, dag_id, *given, logical_date=moment)
    if save is not None:
        save.write_text(simulated.picture())
        note(f"picture: {save}")
    if output is Output.TABLE:
        print_simulation(simulated.to_json())
    else:
        emit_value(simulated.to_json(), output)


def translate(
    path: Annotated[Path, typer.Argument(help="A DAG file, or a folder to search.", exists=True, show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The folder to write to.")] = None,
    dump: Annotated[Dump | None, typer.Option(help="Print this form of each DAG instead.")] = None,
) -> None:
    """Write each DAG's definition (NAME.asl.json, a large one's NAME-part-1.asl.json too) and NAME.manifest.json."""
    from dag_translator.pipeline import Refused, translate_file
    from infra.cli.files import find_dag_files, providers_of
    from infra.settings import read_settings

    if out is None and dump is None:
        raise UsageError("say where to write with -o FOLDER, or what to print with --dump")
    problems: list[Problem] = []
    files = find_dag_files([path])
    with providers_of(files):
        given = read_settings()
        results = [
            result for file in files for result in translate_file(file.path, file.root, given.intervals, given.account)
        ]
    for result in results:
        if isinstance(result, Refused):
            problems += result.problems
            continue
        if dump is not None:
            sys.stdout.write(f"{result.dump(dump.value)}\n")
        if out is not None:
            _write(result, out)
    if problems:
        raise TranslationError(problems)


def check(
    paths: PathsArgument = None,
    timeout: Annotated[float, typer.Option(help="Seconds for one file.")] = 30.0,
    install: Annotated[bool, typer.Option(help="Install what requirements.txt lists and is not there.")] = True,
    output: OutputOption = Output.TABLE,
) -> None:
    """Load and translate every DAG file, and report what is supported, approximated or refused.

    What requirements.txt lists, in the DAG folder or beside it, is installed into .airstep/cache first. Exit code 1 if
    anything is refused; -o json is for CI.
    """
    from infra.cli.check import check_files, is_refused, messages, rows
    from infra.cli.check_summary import lines, summary
    from infra.cli.files import find_dag_files, providers_of

    files = find_dag_files(paths or [Path("dags")])
    with providers_of(files, install), _progress(len(files)) as advance:
        reports = []
        for report in check_files(files, timeout):
            reports.append(report)
            advance(report["path"])
    reports.sort(key=lambda report: report["path"])
    if output is Output.TABLE:
        emit_table(list(rows(reports)), ["file", "dag_id", "status", "tasks", "bytes", "problems"])
        sys.stdout.write("".join(f"{message}\n" for message in messages(reports)))
        sys.stdout.write("".join(f"{line}\n" for line in lines(summary(reports))))
    else:
        emit_value({"summary": summary(reports), "files": reports}, output)
    raise typer.Exit(1 if any(is_refused(report) for report in reports) else 0)


def list_import_errors(paths: PathsArgument = None, output: OutputOption = Output.TABLE) -> None:
    """The DAG files that can't be loaded, or whose DAGs can't be translated. Exit code 1 if there are any."""
    from infra.cli.check import check_files, is_refused
    from infra.cli.files import find_dag_files, providers_of

    files = find_dag_files(paths or [Path("dags")])
    with providers_of(files):
        reports = sorted(check_files(files, 30.0), key=lambda report: report["path"])
    wrong = [report for report in reports if is_refused(report)]
    emit([{"filepath": report["path"], "error": _errors_of(report)} for report in wrong], output)
    raise typer.Exit(1 if wrong else 0)


def _errors_of(report: dict[str, Any]) -> str:
    problems = [problem for dag in report["dags"] for problem in dag["problems"] if problem["severity"] == "refused"]
    return "\n".join(filter(None, [report["error"], *(str(problem["message"]) for problem in problems)]))


def _write(translation: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = translation.manifest["machine_name"]
    parts = {f"{translation.manifest['parts'][part]}.asl": value for part, value in translation.parts.items()}
    written = {f"{name}.asl": translation.definition, **parts, f"{name}.manifest": translation.manifest}
    for kind, value in written.items():
        target = folder / f"{kind}.json"
        target.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        note(str(target))


@contextlib.contextmanager
def _problems_as(output: Output) -> Iterator[None]:
    """A DAG that cannot be translated is an answer too where somebody's program reads it."""
    try:
        yield
    except TranslationError as error:
        if output is Output.TABLE:
            raise
        emit_value({"error": "the DAG cannot be translated", "problems": [p.to_json() for p in error.problems]}, output)
        raise typer.Exit(2) from None


@contextlib.contextmanager
def tasks_print_to_stderr() -> Iterator[None]:
    """What tasks and DAG files print must not mix with the answer."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Any]:
    """A progress bar on standard error, if a person is watching; a function to call for each file that is done."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda _path: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from infra.cli.output import stderr_console

    # Without a thread of its own: processes are forked meanwhile.
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=stderr_console(), auto_refresh=False, transient=True) as progress:
        bar = progress.add_task("", total=total)

        def advance(path: str) -> None:
            progress.update(bar, advance=1, description=path, refresh=True)

        yield advance


def json_object(option: str, text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{option}: this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError(f"{option}: expected a JSON object, not {text}")
    return value


def file_and_dag(target: str, dag_id: str | None) -> tuple[Path, str | None]:
    """The file and the DAG that somebody means with a file, or with a DAG's id. Raises UsageError."""
    if Path(target).is_file():
        return Path(target), dag_id
    if target.endswith(".py"):
        raise UsageError(f"there is no file {target}")
    from infra.cli.local_dags import file_of

    return file_of(target), target


def one_instant(argument: str | None, option: str | None) -> Any:
    """A logical date that may be given in two ways."""
    if argument is not None and option is not None:
        raise UsageError("the logical date is given twice")
    return instant(argument or option)


def instant(text: str | None, option: str = "--logical-date") -> Any:
    if text is None:
        return None
    from infra.cli.dates import as_instant

    moment = as_instant(text)
    if moment is None:
        raise UsageError(f"{option}: {text!r} is not ISO 8601, such as 2024-01-15T00:00:00+00:00")
    return moment
