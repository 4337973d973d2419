"""The translator on one screen: a DAG file in, state machine definitions and manifests out.

    load        the file's own code runs, under our `airflow`                          path      -> live DAGs
    freeze      everything that matters is read off                                    live DAG  -> model
    schedule    the DAG's schedule in EventBridge Scheduler's words                    live DAG  -> manifest.schedule
    validate    what can't be done, or only otherwise, is said                         model     -> problems
    structure   the order of the tasks as nested regions; no false barrier             model     -> regions
    lower       states, guards, joins                                                  regions   -> asl
    split       what is too large for one machine becomes several, and is lowered anew regions   -> regions
    check       within Step Functions' limits, and right by its own rules              asl       -> estimates, problems
    secrets     which Variables and Connections its source names                       files     -> names
    manifest    what CDK and the command need besides the definition                   all       -> manifest

User code runs in `load` only. A DAG with a refused problem stops after `validate` (or `check`) and becomes `Refused`,
with all its problems; the others of its file go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dag_translator import asl, asl_json, model, regions
from dag_translator.account import NOTHING_SAID, Account
from dag_translator.assets import unresolved
from dag_translator.check import check
from dag_translator.errors import Problem
from dag_translator.freeze import freeze
from dag_translator.load import LoadedFile, load
from dag_translator.lower import lower
from dag_translator.manifest import machine_permissions, manifest, part_names
from dag_translator.names import rerun_name
from dag_translator.regions import Region
from dag_translator.schedule import IntervalSettings, schedule_of
from dag_translator.secret_names import names_of
from dag_translator.split import load_of, split
from dag_translator.structure import deep_recursion, structure
from dag_translator.validate import refused, validate

DEFAULT_INTERVALS = IntervalSettings()


@dataclass(frozen=True, slots=True)
class Rerun:
    """The machine for runs of which some tasks are kept, as plain JSON.

    parts, part_names: the definitions and names of its further machines, by their placeholders. permissions: of its
    role, as in the manifest.
    """

    definition: dict[str, Any]
    parts: dict[str, dict[str, Any]]
    part_names: dict[str, str]
    permissions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated DAG. definition and manifest are plain JSON; problems are approximations; the rest are the IRs.

    parts: the definitions of the further machines of a DAG that is too large for one, by their placeholders.
    """

    dag_id: str
    definition: dict[str, Any]
    parts: dict[str, dict[str, Any]]
    manifest: dict[str, Any]
    problems: tuple[Problem, ...]
    model: model.Dag
    regions: Region | None
    asl: asl.Machine

    def rerun(self) -> Rerun | None:
        """The machine for runs of which some tasks are kept; None if Step Functions can't have it."""
        dag, name = self.model, rerun_name(self.dag_id)
        with deep_recursion():
            region, machine = _lowered(dag, structure(dag) if dag.tasks else None, rerun=True)
            _, problems = check(dag, machine)
            if refused(problems):
                return None
            definition = asl_json.definition(machine, dag.description, _whole_seconds(dag.run_timeout))
            parts = asl_json.part_definitions(machine)
        permissions = machine_permissions(dag, region, machine, name)
        return Rerun(definition, parts, part_names(machine, name), permissions)

    @property
    def definitions(self) -> tuple[dict[str, Any], ...]:
        """The machine's own, and those of its parts."""
        return (self.definition, *self.parts.values())

    def dump(self, ir: str) -> str:
        """The text form of an IR: model, regions or asl."""
        match ir:
            case "model":
                return model.dump(self.model)
            case "regions":
                return regions.dump(self.regions) if self.regions is not None else "(no tasks)"
            case "asl":
                import json

                return json.dumps(self.definition, indent=2, ensure_ascii=False)
        raise ValueError(f"there is no IR called {ir!r}")


@dataclass(frozen=True, slots=True)
class Refused:
    """A DAG that can't be translated (dag_id None: the file as a whole), with all its problems."""

    dag_id: str | None
    problems: tuple[Problem, ...]
    tasks: int = 0


def translate_file(
    path: Path,
    root: Path | None = None,
    intervals: IntervalSettings = DEFAULT_INTERVALS,
    account: Account = NOTHING_SAID,
) -> list[Translation | Refused]:
    """Translates every DAG of a file. root: the dags folder, default its own. Never raises for what is wrong in it."""
    return translate_loaded(load(path, root=root), root or path.parent, intervals, account)


def translate_loaded(
    loaded: LoadedFile,
    root: Path,
    intervals: IntervalSettings = DEFAULT_INTERVALS,
    account: Account = NOTHING_SAID,
) -> list[Translation | Refused]:
    """The same for a file that is loaded already. A problem of no DAG in particular refuses all of the file's DAGs."""
    common = tuple(problem for problem in loaded.problems if problem.dag_id is None)
    if not loaded.dags:
        return [Refused(None, loaded.problems)] if loaded.problems else []
    file = loaded.path.resolve()
    inside = file.relative_to(root.resolve()) if file.is_relative_to(root.resolve()) else Path(file.name)
    found: list[Translation | Refused] = []
    for dag in loaded.dags:
        own = tuple(problem for problem in loaded.problems if problem.dag_id == dag.dag_id)
        found.append(_translate(dag, inside, loaded.path, root, (*common, *own), intervals, account))
    return found


def _translate(
    dag: Any,
    file: Path,
    path: Path,
    root: Path,
    loading: tuple[Problem, ...],
    intervals: IntervalSettings,
    account: Account,
) -> Translation | Refused:
    if any(problem.code == "cycle" for problem in loading):
        return Refused(dag.dag_id, loading, len(dag.tasks))
    schedule, schedule_problems = schedule_of(dag, intervals)
    frozen = freeze(dag, file, schedule, account)
    problems = _placed((*loading, *schedule_problems, *unresolved(dag), *validate(frozen)), path, frozen)
    if refused(problems):
        return Refused(dag.dag_id, problems, len(frozen.tasks))
    with deep_recursion():
        region = structure(frozen) if frozen.tasks else None
        region, machine = _lowered(frozen, region)
        definition = asl_json.definition(machine, frozen.description, _whole_seconds(frozen.run_timeout))
        parts = asl_json.part_definitions(machine)
        estimates, limits = check(frozen, machine)
    problems += _placed(limits, path, frozen)
    if refused(problems):
        return Refused(dag.dag_id, problems, len(frozen.tasks))
    described = manifest(frozen, region, machine, estimates, problems, names_of(dag, path, root))
    return Translation(frozen.dag_id, definition, parts, described, problems, frozen, region, machine)


def _lowered(dag: model.Dag, region: Region | None, *, rerun: bool = False) -> tuple[Region | None, asl.Machine]:
    """The machine; if it is larger than one may be, in parts."""
    machine = lower(dag, region, rerun=rerun)
    if region is None or load_of(machine) <= 1:
        return region, machine
    in_parts = split(dag, region, machine)
    return in_parts, lower(dag, in_parts, rerun=rerun)


def _placed(problems: Iterable[Problem], path: Path, dag: model.Dag) -> tuple[Problem, ...]:
    return tuple(
        replace(problem, path=str(path), dag_id=problem.dag_id or dag.dag_id, line=problem.line or dag.line)
        for problem in problems
    )


def _whole_seconds(seconds: float | None) -> int | None:
    """`TimeoutSeconds`, which counts from 1."""
    return None if seconds is None else max(1, round(seconds))
