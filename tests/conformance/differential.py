"""Random DAG files, each executed by real Airflow and by its translation; what differs is written down.

    python -m tests.conformance.differential AIRFLOW_PYTHON [SEED] [COUNT] [FOLDER]

AIRFLOW_PYTHON is the interpreter of an environment with Airflow 3.3.2, which keeps its database in FOLDER. A file that
differs stays in FOLDER/differs. Given a DAG file, or a folder of them, instead of SEED, those are compared. What
Airflow did lies in FOLDER/measured, in the form of `tests/data/conformance`: so new cases are recorded.

Not counted is what Airflow itself decides by timing (`_by_chance`): `all_success` below tasks that failed and others
that were skipped goes by whichever is seen first; a task whose rule fires early may begin before a branch skips it, and
reads what happens to be there; the two conditions that a mapped task waits for overwrite each other in any order.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dag_translator.load import load
from dag_translator.pipeline import Translation, translate_loaded
from dag_translator.schedule import IntervalSettings
from infra.cli.inprocess import run_dag
from tests.conformance.comparison import THE_RUN, compare
from tests.conformance.random_dags import write

LOGICAL_DATE = datetime(2024, 1, 15, tzinfo=UTC)
INTERVALS = {"create_cron_data_intervals": False, "create_delta_data_intervals": False}
_EARLY = ("one_success", "one_failed", "one_done", "always")
_SKIPPING = ("branch", "Branch", "short_circuit", "ShortCircuit", "LatestOnly")


class Airflow:
    """The process that stays; `measure` asks it about one file after the other."""

    def __init__(self, python: str, home: Path) -> None:
        self.dags = home / "dags"
        self.log = home / "dag.log"
        self.dags.mkdir(parents=True, exist_ok=True)
        settings = {
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_FOLDER": str(self.dags),
            "LOGGING__LOGGING_LEVEL": "CRITICAL",
        }
        environment = {**os.environ, **{f"AIRFLOW__{name}": value for name, value in settings.items()}}
        environment |= {"AIRFLOW_HOME": str(home), "DAG_LOG": str(self.log)}
        told = (home / "airflow.log").open("w")
        migrate = [str(Path(python).parent / "airflow"), "db", "migrate"]
        subprocess.run(migrate, env=environment, stdout=told, stderr=told, check=True)
        worker = [python, str(Path(__file__).with_name("airflow_worker.py"))]
        self.worker = subprocess.Popen(
            worker, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True
        )

    def measure(self, file: Path) -> dict[str, Any]:
        """DAG → what Airflow did."""
        for old in self.dags.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        shutil.copy(file, self.dags)
        assert self.worker.stdin is not None
        assert self.worker.stdout is not None
        print(self.dags / file.name, file=self.worker.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self.worker.stdout.readline())
        return answer


def main() -> None:
    arguments = dict(enumerate(sys.argv[1:]))
    folder = Path(arguments.get(3, ".differential")).absolute()
    airflow = Airflow(arguments[0], folder)
    os.environ["DAG_LOG"] = str(airflow.log)
    differing, kept = folder / "differs", folder / "measured"
    for each in (differing, kept):
        each.mkdir(exist_ok=True)
    compared = refused = found = 0
    chances: list[str] = []
    for file in _files(arguments.get(1, "0"), int(arguments.get(2, 100)), folder):
        measured = airflow.measure(file)
        if "error" in measured:
            if _loads(file):
                print(f"{file.name}: Airflow alone refuses it: {measured['error'][-300:].strip()}")
            continue
        for dag_id, expected in measured.items():
            (kept / f"{dag_id}.3.3.2.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
            differences = _differences(file, dag_id, expected, airflow.log)
            if differences and not isinstance(differences, str) and _by_chance(differences, expected):
                chances.append(f"{dag_id} ({', '.join(sorted(differences))})")
                differences = {}
            if isinstance(differences, str):
                refused += 1
                print(f"{dag_id}: {differences}")
                continue
            compared += 1
            if differences:
                found += 1
                shutil.copy(file, differing)
                print(f"{dag_id}:", *(f"{name}: {parts}" for name, parts in sorted(differences.items())), sep="\n    ")
        sys.stdout.flush()
    print("By chance:", "; ".join(chances) or "none")
    print(f"{compared} DAGs compared, {found} differ, {len(chances)} by chance, {refused} refused")
    raise SystemExit(found > 0)


def _files(seed: str, count: int, folder: Path) -> Iterator[Path]:
    if not seed.isdigit():
        yield from sorted(Path(seed).glob("*.py")) if Path(seed).is_dir() else [Path(seed)]
        return
    for each in range(int(seed), int(seed) + count):
        file = folder / f"fuzz_{each}.py"
        file.write_text(write(each))
        yield file
        file.unlink()


def _differences(file: Path, dag_id: str, expected: dict[str, Any], log: Path) -> dict[str, dict[str, Any]] | str:
    """What differs; or why there is nothing to compare."""
    if expected["error"] is not None:
        return f"Airflow gave up: {expected['error'].splitlines()[-1]}"
    loaded = load(file, root=file.parent)
    translations = translate_loaded(loaded, file.parent, IntervalSettings(**INTERVALS))
    dag = next(dag for dag in loaded.dags if dag.dag_id == dag_id)
    translation = next(each for each in translations if each.dag_id == dag_id)
    if not isinstance(translation, Translation):
        return f"refused: {'; '.join(str(problem) for problem in translation.problems)}"
    log.unlink(missing_ok=True)
    try:
        result = run_dag(translation, dag, LOGICAL_DATE, intervals=INTERVALS)
    except Exception:
        return {THE_RUN: {"crash": traceback.format_exc()}}
    got = {
        "dag_run_state": result.state,
        "tasks": dict(result.tasks),
        "try_number": dict(result.try_number),
        "xcoms": dict(result.xcoms),
        "rendered": dict(result.rendered),
    }
    differences = compare(expected, got)
    for task_id, task in _structure(dag).items():
        if task != expected["structure"].get(task_id):
            differences.setdefault(task_id, {})["structure"] = (expected["structure"].get(task_id), task)
    calls = _calls(log.read_text().splitlines() if log.exists() else [])
    wanted = _calls(expected["callbacks"])
    for name in calls.keys() | wanted.keys():
        if calls.get(name) != wanted.get(name):
            differences.setdefault(name, {})["callbacks"] = (wanted.get(name), calls.get(name))
    return differences


def _loads(file: Path) -> bool:
    """Whether the file has no problem for us."""
    loaded = load(file, root=file.parent)
    return not loaded.problems and all(
        isinstance(each, Translation) for each in translate_loaded(loaded, file.parent, IntervalSettings(**INTERVALS))
    )


def _structure(dag: Any) -> dict[str, Any]:
    return {
        task.task_id: {
            "downstream": sorted(task.downstream_task_ids),
            "group": task.task_group.group_id,
            "is_setup": task.is_setup,
            "is_teardown": task.is_teardown,
            "mapped": task.is_mapped,
            "operator": task.task_type,
            "retries": task.retries,
            "trigger_rule": str(task.trigger_rule),
        }
        for task in dag.tasks
    }


def _calls(lines: list[str]) -> dict[str, list[str]]:
    """The callbacks of each task instance (or the run) in their order; there is none between tasks."""
    calls: dict[str, list[str]] = {}
    for line in lines:
        match line.split():
            case ["task", event, task_id, index]:
                own = calls.setdefault(task_id if index == "-1" else f"{task_id}[{index}]", [])
                if own[-1:] != [event]:  # how often a sensor pokes is a matter of real time
                    own.append(event)
            case _:
                calls.setdefault(THE_RUN, []).append(line.strip())
    return calls


def _by_chance(differences: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether all of it follows from tasks whose outcome is a matter of timing in Airflow too."""
    structure = expected["structure"]
    above: dict[str, set[str]] = {task_id: set() for task_id in structure}
    for task_id, task in structure.items():
        for each in task["downstream"]:
            above[each].add(task_id)
    everything = _closed(above)
    differing = {name.partition("[")[0] for name in differences} - {THE_RUN}
    firsts = [name for name in differing if not everything[name] & differing]
    return bool(firsts) and all(_timed(name, expected, above, everything) for name in firsts)


def _closed(above: Mapping[str, set[str]]) -> dict[str, set[str]]:
    closed = {task_id: set(direct) for task_id, direct in above.items()}
    for _ in closed:
        for before in closed.values():
            for each in list(before):
                before |= closed[each]
    return closed


def _timed(
    name: str, expected: Mapping[str, Any], above: Mapping[str, set[str]], everything: Mapping[str, set[str]]
) -> bool:
    structure = expected["structure"]
    looked_at = above[name] | {each for each in everything[name] if structure[each]["is_setup"]}
    states = _states(expected, looked_at)
    mixed = "skipped" in states and bool(states & {"failed", "upstream_failed"})
    skipping = any(word in structure[each]["operator"] for each in everything[name] for word in _SKIPPING)
    # A skip that comes late replaces upstream_failed, and those below have seen either.
    if skipping and any(
        _states(expected, {each}) == {"skipped"} and _states(expected, above[each]) & {"failed", "upstream_failed"}
        for each in everything[name]
    ):
        return True
    rule = structure[name]["trigger_rule"]
    if rule in _EARLY and (len(above[name]) > 1 or rule == "always"):
        return True
    # Expanded before there was what it is mapped over: its rule let it run as soon as others were skipped.
    if states == {"skipped"} and _states(expected, {name}) == {"upstream_failed"}:
        return True
    return (rule == "all_success" and mixed) or (skipping and bool(states - {"success", "skipped"}))


def _states(expected: Mapping[str, Any], tasks: set[str]) -> set[str]:
    return {state for name, state in expected["tasks"].items() if name.partition("[")[0] in tasks}


if __name__ == "__main__":
    main()
