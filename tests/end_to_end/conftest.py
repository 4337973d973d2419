"""A local AWS with one DAG deployed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from infra.cli.account import Account, at
from infra.deploy import deploy
from infra.local import server
from infra.settings import Settings

T = TypeVar("T")
DAGS = Path(__file__).parents[1] / "dags"


@contextmanager
def _deployed(name: str, folder: Path) -> Iterator[Account]:
    from aws_cdk import App

    from infra.app import build

    (folder / "dags").mkdir()
    shutil.copy(DAGS / name, folder / "dags")
    context = {"target": "local", "dagsFolder": str(folder / "dags")}
    aws = server.start()
    try:
        account = at(aws.environment)
        app = App(analytics_reporting=False, builtin_cloud_formation_validation=False, outdir=str(folder / "cdk.out"))
        build(app, Settings.read(context.get))
        deploy(Path(app.synth().directory), client=account.client)
        yield account
    finally:
        aws.stop()


def run_once(account: Account, dag_id: str, run_id: str) -> str:
    """Start a run in the console's way, and wait until its execution is over; the execution's status."""
    client = account.client("stepfunctions")
    given = json.dumps({"run_id": run_id})
    execution = client.start_execution(stateMachineArn=account.machine_arn(dag_id), name=run_id, input=given)
    give_up = time.monotonic() + 120
    while (status := client.describe_execution(executionArn=execution["executionArn"])["status"]) == "RUNNING":
        assert time.monotonic() < give_up, "the execution hangs"
        time.sleep(0.2)
    return str(status)


def wait_until(found: Callable[[], T | None], seconds: float = 60) -> T:
    """What `found` answers, as soon as that is something."""
    give_up = time.monotonic() + seconds
    while (answer := found()) is None:
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Account]]:
    """Deploys a DAG file of `tests/dags`."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(_deployed(name, tmp_path_factory.mktemp("deployed")))
