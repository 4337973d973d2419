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
from infra.cli.options import ConfOption, DagFileArgument, DagIdOption, LogicalDateOption, Output, OutputOption
from infra.cli.output import emit, emit_table, emit_value, note

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


def run_test(
    file: DagFileArgument,
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

    moment, settings = instant(logical_date), json_object("--conf", conf)
    with _problems_as(output), _tasks_print_to_stderr(), providers_of([DagFile(file, root_of(file))]):
        result = run_file(file, dag_id, moment, settings)
    if output is Output.TABLE:
        _print_run(result)
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
    with _problems_as(output), _tasks_print_to_stderr(), providers_of([DagFile(file, root_of(file))]):
        simulated = simulate_file(file, dag_id, *given, logical_date=moment)
    if save is not None:
        save.write_text(simulated.picture())
        note(f"picture: {save}")
    if output is Output.TABLE:
        _print_simulation(simulated.to_json())
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

    if out is None and dump is None:
        raise UsageError("say where to write with -o FOLDER, or what to print with --dump")
    problems: list[Problem] = []
    files = find_dag_files([path])
    with providers_of(files):
        results = [result for file in files for result in translate_file(file.path, file.root)]
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
def _tasks_print_to_stderr() -> Iterator[None]:
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


def _print_run(result: Any) -> None:
    rows = []
    for name, state in result.tasks.items():
        span = result.spans.get(name)
        pushed = result.xcoms.get(name, {})
        rows.append(
            {
                "task": name,
                "state": state,
                "try": result.try_number.get(name) or None,
                "start": f"{span.start:.2f}" if span else None,
                "seconds": f"{span.seconds:.2f}" if span else None,
                "xcom": _short(pushed.get("return_value")),
                "error": _short(result.errors.get(name)),
            }
        )
    columns = ["task", "state", "try", "start", "seconds", *(["xcom"] if result.xcoms else [])]
    emit_table(rows, [*columns, *(["error"] if result.errors else [])], title=f"{result.dag_id}  {result.run_id}")
    sys.stdout.write(
        f"{result.state} after {result.makespan_s:g} s on the machine's clock, {result.transitions} transitions, "
        f"{result.history_events} history events, definition {result.definition_bytes:,} bytes\n"
    )
    if result.error is not None:
        sys.stdout.write(f"{result.error}\n")


def _short(value: Any, limit: int = 60) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _print_simulation(told: dict[str, Any]) -> None:
    emit_table(told["tasks"], title=f"{told['dag_id']}, simulated")
    cost = told["cost"]
    facts = [
        {"what": "state", "value": told["state"]},
        {"what": "makespan", "value": f"{told['makespan_s']:g} s"},
        {"what": "critical path", "value": f"{told['critical_path_s']:g} s: {' → '.join(told['critical_path'])}"},
        {"what": "transitions", "value": told["transitions"]},
        {"what": "history events", "value": f"{told['history_events']} of 25,000"},
        {"what": "definition", "value": f"{told['definition_bytes']:,} of 1,048,576 bytes"},
        {"what": "cost of a run", "value": f"${cost['total_usd']:.6f} (list prices {cost['region']}, {cost['as_of']})"},
    ]
    emit(facts, Output.TABLE)


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


def instant(text: str | None, option: str = "--logical-date") -> Any:
    if text is None:
        return None
    from infra.cli.dates import as_instant

    moment = as_instant(text)
    if moment is None:
        raise UsageError(f"{option}: {text!r} is not ISO 8601, such as 2024-01-15T00:00:00+00:00")
    return moment
