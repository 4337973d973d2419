"""`make bench`: the README's figures, measured on this machine in one run; real Airflow beside where there is one.

    python -m infra.cli.bench [--output table|json]      AIRFLOW_PYTHON=/path/to/python measures Airflow in the same run

Each figure is the median of a few measurements in fresh processes, except where one takes long. What Airflow does is
measured with the same DAG files on the same machine, its metadata database made beforehand and not counted.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from infra.cli import bench_programs as programs
from infra.cli.options import Output, OutputOption
from infra.cli.output import emit, note

_CHECKED_FILES = 200


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result. airflow: the same with real Airflow, None where that makes no sense or there is none."""

    what: str
    value: float
    unit: str
    airflow: float | None = None


def main(output: OutputOption = Output.TABLE) -> None:
    """Measure everything and print it."""
    airflow = os.environ.get("AIRFLOW_PYTHON")
    with tempfile.TemporaryDirectory(prefix="airstep-bench-") as folder:
        place = Path(folder)
        beside = Airflow(airflow, place / "airflow") if airflow else None
        figures = []
        for measure in (_load, _check, _compile, _cold_import, _engine, _dags_test):
            for figure in measure(place, beside):
                note(f"{figure.what}: {figure.value:g} {figure.unit}")
                figures.append(figure)
    columns = ["what", "value", "unit", *(["airflow"] if beside else [])]
    emit([asdict(figure) for figure in figures], output, columns)


@dataclass(slots=True)
class Airflow:
    """A real Airflow in another environment, with a metadata database of its own."""

    python: str
    home: Path
    ready: bool = False

    def run(self, *arguments: str, dags: Path) -> str:
        environment = {
            **os.environ,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "PYTHONWARNINGS": "ignore",
        }
        if not self.ready:
            subprocess.run(
                [self.python, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True
            )
            self.ready = True
        done = subprocess.run(
            [self.python, *arguments], env=environment, check=True, capture_output=True, text=True, cwd=dags
        )
        return done.stdout


def _load(place: Path, beside: Airflow | None) -> Iterator[Figure]:
    """Time and memory of loading one file, in a fresh process each."""
    file = _example(place)
    ours = [_told([sys.executable, "-c", programs.LOAD, str(file)]) for _ in range(5)]
    theirs = None
    if beside is not None:
        theirs = json.loads(beside.run("-c", programs.AIRFLOW_LOAD, str(file), dags=file.parent).splitlines()[-1])
    yield Figure("load a DAG file of ten tasks, with imports", _median(ours, "seconds"), "s", _get(theirs, "seconds"))
    yield Figure("memory of the process that loaded it", _median(ours, "megabytes"), "MB", _get(theirs, "megabytes"))


def _check(place: Path, _beside: Airflow | None) -> Iterator[Figure]:
    """How many files `airstep dags check` gets through."""
    folder = place / "many"
    folder.mkdir()
    for number in range(_CHECKED_FILES):
        (folder / f"dag_{number}.py").write_text(programs.TEN_TASKS.replace("ten_tasks", f"dag_{number}"))
    seconds = _wall([*_AIRSTEP, "dags", "check", str(folder), "-o", "json"])
    yield Figure(f"airstep dags check, {_CHECKED_FILES} files", round(_CHECKED_FILES / seconds, 1), "files/s")


def _compile(place: Path, _beside: Airflow | None) -> Iterator[Figure]:
    """Load and translate large DAGs, tangled and as chains."""
    for tasks in (100, 1000, 3000):
        for shape in ("layered", "tangled"):
            file = place / f"{shape}_{tasks}.py"
            file.write_text(programs.LARGE.format(tasks=tasks, shape=shape))
            told = _told([sys.executable, "-c", programs.COMPILE, str(file)])
            refused = ", over Step Functions' 1 MB" if told["refused"] else ""
            yield Figure(f"compile {tasks} tasks, {shape}{refused}", told["seconds"], "s CPU")
            yield Figure("... of it the structure pass", told["structure"], "s CPU")


def _cold_import(_place: Path, _beside: Airflow | None) -> Iterator[Figure]:
    """What a cold start imports before the user's DAG, beside boto3 with a DynamoDB client."""
    ours = [_told([sys.executable, "-c", programs.COLD_IMPORT]) for _ in range(7)]
    theirs = [_told([sys.executable, "-c", programs.BOTO3_IMPORT]) for _ in range(7)]
    mine, boto3 = _median(ours, "seconds"), _median(theirs, "seconds")
    yield Figure("cold import of the task function", mine, "s")
    yield Figure("import boto3 and make a DynamoDB client", boto3, "s")
    yield Figure("ratio of the two", round(mine / boto3, 2), "")


def _engine(_place: Path, _beside: Airflow | None) -> Iterator[Figure]:
    """The in-process engine on its virtual clock."""
    told = _told([sys.executable, "-c", programs.ENGINE])
    yield Figure("engine, a chain of Pass states", round(told["states_per_second"]), "states/s")
    yield Figure("engine, Parallel of 200 tasks", told["parallel_seconds"], "s")


def _dags_test(place: Path, beside: Airflow | None) -> Iterator[Figure]:
    """A whole `dags test` of ten tasks, as a person calls it."""
    file = _example(place)
    seconds = statistics.median(_wall([*_AIRSTEP, "dags", "test", str(file), "-o", "json"]) for _ in range(5))
    theirs = None
    if beside is not None:
        began = time.perf_counter()
        beside.run("-m", "airflow", "dags", "test", "ten_tasks", "2024-01-15", dags=file.parent)
        theirs = round(time.perf_counter() - began, 2)
    yield Figure("airstep dags test, ten tasks, wall", round(seconds, 2), "s", theirs)


_AIRSTEP = [sys.executable, "-c", "from infra.cli.main import main; main()"]


def _example(place: Path) -> Path:
    file = place / "dags" / "ten_tasks.py"
    if not file.exists():
        file.parent.mkdir()
        file.write_text(programs.TEN_TASKS)
    return file


def _told(command: list[str]) -> dict[str, float]:
    """What a measuring program prints: one JSON object."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _wall(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def _median(told: list[dict[str, float]], name: str) -> float:
    return round(statistics.median(each[name] for each in told), 3)


def _get(told: dict[str, float] | None, name: str) -> float | None:
    return None if told is None else round(told[name], 3)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
