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
from infra.cli.deploy_command import DEPLOY_OPTIONS, bootstrap, run_cdk
from infra.cli.graph import draw_run
from infra.cli.local_dags import find_translation
from infra.cli.output import STATE_STYLES, emit_table, stdout_console
from infra.cli.watch import tell_changes
from infra.local import server
from lambdas import xcom_codec
from lambdas.records import FINAL_RUN_STATES, DagRun, RunKey

SCHEDULED, TRIGGERED = "daily_orders", "athena_walkthrough"
OUTPUT = Path("demo-output")
BUCKET, VARIABLE = "airstep-demo-athena", "athena_bucket"
_PATIENCE = 150.0


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
    with tempfile.TemporaryDirectory() as assembly:
        _deploy(stage, account, Path(assembly))
    account.client("s3").create_bucket(Bucket=BUCKET)
    account.client("ssm").put_parameter(Name=f"/airflow/variables/{VARIABLE}", Value=BUCKET, Type="String")
    triggered = _airstep(account, "dags", "trigger", TRIGGERED, "--output", "json")[0]
    stage.say(f"{TRIGGERED} triggered: {triggered['run_id']}")
    stage.say(f"{SCHEDULED} has the schedule @once: EventBridge Scheduler starts it")
    runs = _watch(stage, account, {TRIGGERED: triggered["run_id"], SCHEDULED: None})
    for run in runs:
        _show(stage, account, run)
    _show_waiting(stage, account, next(run for run in runs if run.dag_id == TRIGGERED))
    return 0 if all(run.state == "success" for run in runs) else 1


def _deploy(stage: Stage, account: Account, assembly: Path) -> None:
    """Bootstrap and synthesise at the same time, then deploy what was synthesised."""
    context = {"target": "local"}

    def synth() -> None:
        with stage.step("cdk synth"):
            run_cdk(["synth", "--quiet", "--output", str(assembly)], context, account.environment, quiet=True)

    with ThreadPoolExecutor(1) as pool:
        synthesis = pool.submit(synth)
        with stage.step("cdk bootstrap"):
            bootstrap(account, quiet=True)
        synthesis.result()
    with stage.step("cdk deploy"):
        run_cdk(["deploy", "--all", "--app", str(assembly), *DEPLOY_OPTIONS], {}, account.environment, quiet=True)


def _airstep(account: Account, *arguments: str) -> Any:
    """The command itself, as a user of this account would call it."""
    command = [sys.executable, "-c", "from infra.cli.main import main; main()", *arguments]
    done = subprocess.run(
        command, env={**os.environ, **account.environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AirstepError(f"airstep {' '.join(arguments)}: {done.stderr}")
    return json.loads(done.stdout)


def _watch(stage: Stage, account: Account, wanted: dict[str, str | None]) -> list[DagRun]:
    """Tell what changes until all runs have ended. wanted: dag_id → run_id, None for the run that a schedule starts."""
    seen: dict[str, dict[str, str]] = {dag_id: {} for dag_id in wanted}
    ended: dict[str, DagRun] = {}
    width = max(map(len, wanted))
    deadline = time.monotonic() + _PATIENCE
    while len(ended) < len(wanted):
        if time.monotonic() > deadline:
            raise AirstepError(f"no end in sight: {', '.join(set(wanted) - set(ended))}; see {server.__name__}'s log")
        for dag_id in [each for each in wanted if each not in ended]:
            run = _run(account, dag_id, wanted[dag_id])
            if run is None:
                continue
            if wanted[dag_id] is None:
                stage.say(f"{dag_id} started by its schedule: {run.run_id}")
                wanted[dag_id] = run.run_id

            def say(task: str, state: str, dag_id: str = dag_id) -> None:
                stage.say(f"{dag_id:{width}}  {task:30} {state}", STATE_STYLES.get(state, ""))

            tell_changes(account, run.key, seen[dag_id], say)
            if run.state in FINAL_RUN_STATES:
                ended[dag_id] = run
                stage.say(f"{dag_id:{width}}  run {run.state}", STATE_STYLES.get(run.state, ""))
        time.sleep(0.2)
    return [ended[dag_id] for dag_id in wanted]


def _run(account: Account, dag_id: str, run_id: str | None) -> DagRun | None:
    if run_id is not None:
        return account.store.get_run(RunKey(dag_id, run_id))
    return next(account.store.list_runs(dag_id), None)


def _show(stage: Stage, account: Account, run: DagRun) -> None:
    """The run's tasks and XComs as tables, and its picture."""
    records = sorted(account.store.list_tasks(run.key), key=lambda record: record.start_date or "~")
    rows = [
        {
            "task": record.task_id,
            "state": record.state,
            "try": record.try_number or None,
            "seconds": seconds_between(record.start_date, record.end_date),
        }
        for record in records
    ]
    seconds = seconds_between(run.start_date, run.end_date) or 0.0
    emit_table(rows, title=f"{run.dag_id}  {run.run_id}  {run.state} in {seconds:.1f} s")
    xcoms = [
        {"task": xcom.task_id, "key": xcom.key, "value": xcom_codec.display(xcom.text)}
        for xcom in account.store.list_xcoms(run.key)
    ]
    emit_table(xcoms, title=f"{run.dag_id}: XComs")
    OUTPUT.mkdir(exist_ok=True)
    picture = OUTPUT / f"{run.dag_id}.svg"
    picture.write_text(draw_run(find_translation(run.dag_id).manifest, run, records))
    stage.say(f"picture of the graph as it ran: {picture}")


def _show_waiting(stage: Stage, account: Account, run: DagRun) -> None:
    """Athena's rows, and that waiting for Athena was done by Step Functions, not by a Lambda."""
    rows = [
        xcom_codec.display(xcom.text)
        for xcom in account.store.list_xcoms(run.key, "read_results_from_s3", "return_value")
    ]
    if rows:
        emit_table(rows[0], title="Athena's answer, as read_results_from_s3 returned it")
    events = (
        account.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=run.execution_arn)
    )
    waits = [
        event["stateEnteredEventDetails"]["name"]
        for page in events
        for event in page["events"]
        if event["type"] == "WaitStateEntered"
    ]
    stage.say(f"Wait states in its history (nothing ran meanwhile): {', '.join(waits) or 'none'}")


if __name__ == "__main__":
    sys.exit(main())
