"""A local AWS with one DAG deployed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from infra.cli.account import Account, at
from infra.deploy import deploy
from infra.local import server
from infra.settings import Settings

DAGS = Path(__file__).parents[1] / "dags" / "end_to_end"


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


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Account]]:
    """Deploys a DAG file of `tests/dags/end_to_end`."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(_deployed(name, tmp_path_factory.mktemp("deployed")))
