"""A DAG file, run or simulated in this process: load, translate, execute the emitted machine, tell what happened."""

from __future__ import annotations

import contextlib
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dag_translator.authoring.masking import Masker
from dag_translator.errors import TranslationError, UsageError
from infra.cli.cost import Usage, estimate
from infra.cli.critical_path import CriticalPath, Step, critical_path
from infra.cli.files import root_of
from infra.cli.graph import draw_run, worst
from infra.cli.inprocess import Meter, run_dag
from infra.cli.metered_store import MeteredStore
from infra.cli.run_result import RunResult
from infra.cli.services import AwsServices
from infra.cli.simulation import Plan, PretendedServices, pretend, read_plan
from infra.environments import environments_at_hand
from lambdas.observability import Masking
from lambdas.storage.records import RunKey

_LAMBDA_SECONDS = 900
# What an invocation takes besides the task's own code: a DynamoDB write or two. Measured on the local AWS.
_OVERHEAD_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulated run, with what would have been possible and what it would cost."""

    result: RunResult
    manifest: Mapping[str, Any]
    path: CriticalPath
    usage: Usage

    def to_json(self) -> dict[str, Any]:
        """What `airstep dags simulate --output json` prints."""
        result = self.result
        return {
            "dag_id": result.dag_id,
            "run_id": result.run_id,
            "state": result.state,
            "tasks": [self._task(task["task_id"]) for task in self.manifest["tasks"]],
            "makespan_s": result.makespan_s,
            "critical_path_s": round(self.path.length, 6),
            "critical_path": list(self.path.tasks),
            "transitions": result.transitions,
            "history_events": result.history_events,
            "definition_bytes": result.definition_bytes,
            "invocations": result.invocations,
            "usage": asdict(self.usage),
            "cost": estimate(self.usage).to_json(),
        }

    def _task(self, task_id: str) -> dict[str, Any]:
        span = self.result.spans.get(task_id)
        tries = _tries(self.result, task_id)
        instances = [self.result.tasks[name] for name in self.result.instances(task_id)]
        told = {
            "task_id": task_id,
            "state": worst(instances),
            "try_number": tries,
            "start": round(span.start, 6) if span is not None and tries else None,
            "end": round(span.end, 6) if span is not None and tries else None,
        }
        return told if task_id in self.result.tasks else {**told, "instances": dict(Counter(instances))}

    def picture(self) -> str:
        """The simulated run as SVG."""
        store = self.result.store
        run = store.get_run(RunKey(self.result.dag_id, self.result.run_id)) if store is not None else None
        return draw_run(self.manifest, run, store.list_tasks(run.key) if store is not None and run is not None else ())


def run_file(file: Path, dag_id: str | None, logical_date: datetime | None, conf: Mapping[str, Any]) -> RunResult:
    """Execute a DAG of the file. Raises TranslationError, or UsageError if it does not say which DAG."""
    translation, dag = load_one(file, dag_id)
    lender = _lender()
    with environments_at_hand(translation.manifest, file), _masked_log(lender.masker):
        result = run_dag(translation, dag, logical_date, conf, services=AwsServices(), lender=lender, measured=True)
    return replace(result, xcoms=lender.masker.redact_known(result.xcoms))


@contextlib.contextmanager
def _masked_log(masker: Masker) -> Iterator[None]:
    """Warnings and errors on standard error, as `logging` writes them where nothing is set up, without secrets."""
    root = logging.getLogger()
    if root.handlers:
        yield
        return
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.addFilter(Masking(masker))
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


def run_task_of(
    file: Path, dag_id: str | None, task_id: str, logical_date: datetime | None, conf: Mapping[str, Any]
) -> RunResult:
    """Execute one task of a DAG of the file, whatever is above it. Raises as `run_file` does."""
    translation, dag = load_one(file, dag_id)
    if task_id not in dag.task_dict:
        raise UsageError(f"DAG {dag.dag_id} has no task {task_id}; it has {', '.join(sorted(dag.task_dict))}")
    again = translation.rerun()
    if again is None:
        raise UsageError(f"DAG {dag.dag_id} is too large for the machine that runs a part of it")
    part = {"task_regex": f"^{re.escape(task_id)}$", "ignore_dependencies": True}
    how: dict[str, Any] = {"services": AwsServices(), "lender": _lender(), "measured": True}
    with environments_at_hand(translation.manifest, file):
        return run_dag(translation, dag, logical_date, conf, given=part, again=again, **how)


def _lender() -> Any:
    """Variables and Connections as in Lambda: from the environment, else from AWS, which is asked only then."""
    from infra.cli.lender import OwnLender
    from lambdas.aws import clients

    return OwnLender(clients())


def simulate_file(
    file: Path,
    dag_id: str | None,
    durations: Mapping[str, Any],
    outcomes: Mapping[str, Any],
    logical_date: datetime | None = None,
) -> Simulation:
    """Simulate a DAG of the file; see `simulation` for the two mappings. Raises as `run_file` does."""
    return simulate(*load_one(file, dag_id), durations, outcomes, logical_date)


def simulate(
    translation: Any,
    dag: Any,
    durations: Mapping[str, Any],
    outcomes: Mapping[str, Any],
    logical_date: datetime | None = None,
) -> Simulation:
    """Simulate a translated DAG. dag: the live one; it is of no other use afterwards. Raises UsageError."""
    plan = read_plan(dag.task_dict, durations, outcomes)
    manifest = translation.manifest
    _refuse_too_long(manifest, plan)
    meter = Meter()
    store = MeteredStore(meter)
    pretend(dag, plan, meter)
    services = PretendedServices.of(manifest, plan, dag)
    with _quiet_tasks():
        result = run_dag(
            translation, dag, logical_date, services=services, store=store, meter=meter, run_id="simulated"
        )
    usage = Usage(
        transitions=result.transitions,
        invocations=result.invocations,
        lambda_seconds=result.lambda_seconds + _OVERHEAD_SECONDS * result.invocations,
        memory_mb=manifest["functions"]["TaskFunction"]["memory"],
        write_units=store.write_units,
        read_units=store.read_units,
    )
    return Simulation(result, manifest, critical_path(_steps(manifest, result)), usage)


def _tries(result: RunResult, task_id: str) -> int:
    """How often the task ran; of a mapped one, the instance that ran most often."""
    return max((result.try_number[name] for name in result.instances(task_id)), default=0)


def _refuse_too_long(manifest: Mapping[str, Any], plan: Plan) -> None:
    for task in manifest["tasks"]:
        native = task["is_native"] or task["is_sensor"] or "compute" in task
        if not native and plan.seconds(task["task_id"]) > _LAMBDA_SECONDS:
            raise UsageError(
                f"durations: {task['task_id']}: a Python task has at most {_LAMBDA_SECONDS} s in Lambda\n"
                "    → split it up, or give the work to a service (Athena, …) that the machine waits for"
            )


@contextlib.contextmanager
def _quiet_tasks() -> Iterator[None]:
    """Failures that were asked for are no news."""
    log = logging.getLogger("airflow.task")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _steps(manifest: Mapping[str, Any], result: RunResult) -> list[Step]:
    """The tasks as they ran. Their own time is measured, so that retries and polling count as what they took."""
    steps = []
    for task in manifest["tasks"]:
        task_id = task["task_id"]
        span = result.spans.get(task_id)
        steps.append(
            Step(
                task_id,
                span.seconds if span is not None and _tries(result, task_id) else 0.0,
                worst(result.tasks[name] for name in result.instances(task_id)) or "skipped",
                tuple(task["upstream"]),
                task["trigger_rule"],
            )
        )
    return steps


def load_one(file: Path, dag_id: str | None) -> tuple[Any, Any]:
    """(translation, live DAG) of one DAG of a file.

    Raises TranslationError if it cannot be translated, UsageError if the file has no such DAG or several.
    """
    from dag_translator.load import load_for_run

    root = root_of(file)
    translation = translate_one(file, root, dag_id)
    return translation, load_for_run(file, translation.dag_id, root=root)


def translate_one(file: Path, root: Path, dag_id: str | None) -> Any:
    """The translation of one DAG of a file; raises as `load_one` does."""
    from dag_translator.pipeline import Translation, translate_file

    results = translate_file(file, root)
    known = [result.dag_id for result in results if result.dag_id is not None]
    chosen = [result for result in results if result.dag_id is not None and dag_id in (None, result.dag_id)]
    if len(chosen) == 1 and isinstance(chosen[0], Translation):
        return chosen[0]
    refused = [result for result in (chosen or results) if not isinstance(result, Translation)]
    if refused and len(chosen) <= 1:
        raise TranslationError([problem for result in refused for problem in result.problems])
    if dag_id is not None:
        raise UsageError(f"{file} has no DAG {dag_id!r}; it has {', '.join(known) or 'none'}")
    if known:
        raise UsageError(f"{file} has {len(known)} DAGs; choose one with --dag-id: {', '.join(known)}")
    raise UsageError(f"{file} has no DAG: assign it to a variable of the module, or call the @dag function")
