"""`make demo`: the example DAGs, deployed with the CDK to a local AWS of their own, run, shown, and cleared away.

    start the local AWS → bootstrap beside synth → cdk deploy → a schedule starts one DAG, a trigger the other
    → what happens, live → states, XComs, Athena's rows, pictures in demo-output/ → everything is stopped

Invariant: nothing of it outlives the command but the pictures, however it ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dag_translator.errors import AirstepError
from infra.cli.account import Account, at
from infra.cli.dates import seconds_between
from infra.cli.deploy_command import DEPLOY_OPTIONS, LOCAL_OPTIONS, bootstrap, run_cdk
from infra.cli.graph import draw_run
from infra.cli.local_dags import find_translation
from infra.cli.output import STATE_STYLES, emit_table, stdout_console
from infra.cli.variable_commands import PREFIX
from infra.cli.watch import tell_changes
from infra.local import server
from lambdas.storage import xcom_codec
from lambdas.storage.records import FINAL_RUN_STATES, DagRun, RunKey

SCHEDULED, TRIGGERED = "daily_orders", "athena_walkthrough"
OUTPUT = Path("demo-output")
BUCKET, VARIABLE = "airstep-demo-athena", "athena_bucket"
_PATIENCE = 150.0
_SECONDS_BETWEEN_LOOKS = 0.2
_VALUE_WIDTH = 100


@dataclass(slots=True)
class Stage:
    """Tells what is going on, with the time since the start."""

    began: float = field(default_factory=time.monotonic)
    console: Any = field(default_factory=stdout_console)

    def say(self, text: str, style: str = "") -> None:
        self.console.print(f"[dim]{time.monotonic() - self.began:6.1f} s[/dim]  ", end="")
        self.console.print(text, style=style, markup=False)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Says what was done and how long it took."""
        start = time.monotonic()
        yield
        self.say(f"{what} ({time.monotonic() - start:.1f} s)")


def main() -> int:
    """Run the demo; 0 if both runs succeeded."""
    stage = Stage()
    try:
        with stage.step("local AWS started"):
            aws = server.start()
        try:
            return _demo(stage, aws)
        finally:
            aws.stop()
            stage.say("local AWS stopped, its state removed")
    except (AirstepError, server.LocalAwsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _demo(stage: Stage, aws: server.LocalAws) -> int:
    account = at(aws.environment)
    watch = Watch(stage, account)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        _synthesise(stage, account, Path(folder), pool)
        stage.say(f"{SCHEDULED} has the schedule @once: EventBridge Scheduler starts it as soon as it is there")
        watch.add(SCHEDULED)
        triggering = pool.submit(_deploy_and_trigger, stage, account, Path(folder))
        while not triggering.done():
            watch.look()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        watch.add(TRIGGERED, triggering.result())
    runs = watch.until_all_ended()
    for run in runs:
        _show(stage, account, run)
    _show_athena(stage, account, next(run for run in runs if run.dag_id == TRIGGERED))
    return 0 if all(run.state == "success" for run in runs) else 1


def _synthesise(stage: Stage, account: Account, assembly: Path, pool: ThreadPoolExecutor) -> None:
    """Bootstrap and synthesise at the same time."""

    def synth() -> None:
        with stage.step("cdk synth"):
            arguments = ["synth", "--quiet", "--output", str(assembly)]
            run_cdk(arguments, {"target": "local"}, account.environment, quiet=True)

    synthesis = pool.submit(synth)
    with stage.step("cdk bootstrap"):
        bootstrap(account, quiet=True)
    synthesis.result()


def _deploy_and_trigger(stage: Stage, account: Account, assembly: Path) -> str:
    """Deploy everything, and start the DAG that has no schedule; its run_id."""
    with stage.step("cdk deploy"):
        arguments = ["deploy", "--all", "--app", str(assembly), *DEPLOY_OPTIONS, *LOCAL_OPTIONS]
        run_cdk(arguments, {}, account.environment, quiet=True)
    account.client("s3").create_bucket(Bucket=BUCKET)
    account.client("ssm").put_parameter(Name=PREFIX + VARIABLE, Value=BUCKET, Type="String")
    run_id = str(_airstep(account, "dags", "trigger", TRIGGERED, "--output", "json")[0]["run_id"])
    stage.say(f"{TRIGGERED} triggered with `airstep dags trigger`: {run_id}")
    return run_id


def _airstep(account: Account, *arguments: str) -> Any:
    """The command itself, as a user of this account would call it."""
    command = [sys.executable, "-c", "from infra.cli.main import main; main()", *arguments]
    done = subprocess.run(
        command, env={**os.environ, **account.environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AirstepError(f"airstep {' '.join(arguments)}: {done.stderr}")
    return json.loads(done.stdout)


@dataclass(slots=True)
class Watch:
    """Tells what changes in some runs. run_ids: dag_id → run_id, None for a run that a schedule has yet to start."""

    stage: Stage
    account: Account
    run_ids: dict[str, str | None] = field(default_factory=dict)
    ended: dict[str, DagRun] = field(default_factory=dict)
    _seen: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, dag_id: str, run_id: str | None = None) -> None:
        self.run_ids[dag_id] = run_id
        self._seen[dag_id] = {}

    def until_all_ended(self) -> list[DagRun]:
        """Look until then; raises AirstepError when it takes too long."""
        deadline = time.monotonic() + _PATIENCE
        while len(self.ended) < len(self.run_ids):
            if time.monotonic() > deadline:
                raise AirstepError(f"no end in sight: {', '.join(set(self.run_ids) - set(self.ended))}")
            self.look()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return [self.ended[dag_id] for dag_id in self.run_ids]

    def look(self) -> None:
        """Tell what has changed since the last look."""
        for dag_id in [each for each in self.run_ids if each not in self.ended]:
            run = self._run(dag_id)
            if run is None:
                continue
            if self.run_ids[dag_id] is None:
                self.stage.say(f"{dag_id:20}  started by its schedule: {run.run_id}")
                self.run_ids[dag_id] = run.run_id

            def say(task: str, state: str, dag_id: str = dag_id) -> None:
                self.stage.say(f"{dag_id:20}  {task:30} {state}", STATE_STYLES.get(state, ""))

            tell_changes(self.account, run.key, self._seen[dag_id], say)
            if run.state in FINAL_RUN_STATES:
                self.ended[dag_id] = run
                self.stage.say(f"{dag_id:20}  the run: {run.state}", STATE_STYLES.get(run.state, ""))

    def _run(self, dag_id: str) -> DagRun | None:
        run_id, store = self.run_ids[dag_id], self.account.store
        try:
            if run_id is not None:
                return store.get_run(RunKey(dag_id, run_id))
            return next(iter(store.list_runs(dag_id)), None)
        except self.account.client("dynamodb").exceptions.ResourceNotFoundException:
            return None  # the table is not deployed yet


def _show(stage: Stage, account: Account, run: DagRun) -> None:
    """The run's tasks and XComs as tables, and its picture."""
    records = sorted(account.store.list_tasks(run.key), key=lambda record: record.start_date or "~")
    rows = [
        {
            "task": record.task_id,
            "state": record.state,
            "try": record.try_number or None,
            "seconds": seconds_between(record.start_date, record.end_date),
            "error": record.error_message or record.error,
        }
        for record in records
    ]
    columns = ["task", "state", "try", "seconds", *(["error"] if any(row["error"] for row in rows) else [])]
    seconds = seconds_between(run.start_date, run.end_date) or 0.0
    emit_table(rows, columns, title=f"{run.dag_id}  {run.run_id}  {run.state} in {seconds:.1f} s")
    xcoms = [
        {"task": xcom.task_id, "key": xcom.key, "value": _short(xcom_codec.display(xcom.text))}
        for xcom in account.store.list_xcoms(run.key)
    ]
    emit_table(xcoms, title=f"{run.dag_id}: XComs")
    OUTPUT.mkdir(exist_ok=True)
    picture = OUTPUT / f"{run.dag_id}.svg"
    picture.write_text(draw_run(find_translation(run.dag_id).manifest, run, records))
    stage.say(f"picture of the graph as it ran: {picture}")


def _show_athena(stage: Stage, account: Account, run: DagRun) -> None:
    """Athena's rows, and which states the sensor went through: Step Functions asks Athena itself, no Lambda waits."""
    rows = [
        xcom_codec.display(xcom.text)
        for xcom in account.store.list_xcoms(run.key, "read_results_from_s3", "return_value")
    ]
    if rows:
        emit_table(rows[0], title="Athena's answer, as read_results_from_s3 returned it")
    sensors = [task for task in find_translation(run.dag_id).manifest["tasks"] if task["is_sensor"]]
    passed = list(_entered(account, run))
    for task in sensors:
        own = [name for name in passed if name in task["states"]]
        stage.say(f"{task['task_id']} went through these states: {' → '.join(own)}")


def _entered(account: Account, run: DagRun) -> Iterator[str]:
    """The states of the run's execution in the order of its history."""
    history = account.client("stepfunctions").get_paginator("get_execution_history")
    for page in history.paginate(executionArn=run.execution_arn):
        for event in page["events"]:
            if "stateEnteredEventDetails" in event:
                yield event["stateEnteredEventDetails"]["name"]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_WIDTH else f"{text[: _VALUE_WIDTH - 1]}…"


if __name__ == "__main__":
    sys.exit(main())
