"""ECS tasks as processes: what runs, how it ends, what is told."""

from __future__ import annotations

import io
import queue
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.containers import IMAGE, ContainerProcesses
from infra.local.engine.json_values import Json
from infra.local.integrations.jobs import JOBS
from infra.local.ministack.containers import Container
from infra.local.ministack.gateway import Scope
from tests.local.conftest import Client, make_function, zipped

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
ARN = "arn:aws:ecs:us-east-1:000000000000:task/c/t1"


class Shipper:
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def ship(self, source: Any, stream: str, lines: Any) -> None:
        self.lines += [(source.log_group, stream, line.message) for line in lines]


@pytest.fixture
def ended() -> queue.Queue[tuple[str, str, int]]:
    return queue.Queue()


@pytest.fixture
def shipper() -> Shipper:
    return Shipper()


@pytest.fixture
def processes(tmp_path: Path, shipper: Any, ended: Any) -> Iterator[ContainerProcesses]:
    made = ContainerProcesses(
        tmp_path, "http://127.0.0.1:1", shipper, lambda _container, *told: ended.put(told), stop_timeout=0.2
    )
    yield made
    made.close()


def container(script: str, image: str = IMAGE + VERSION, **environment: str) -> Container:
    variables = {"AIRSTEP_FUNCTION": "f:1", "AWS_REGION": "us-east-1", **environment}
    log = {"awslogs-group": "/g", "awslogs-stream-prefix": "task"}
    return Container(ARN, Scope("000000000000", "us-east-1"), image, "task", ("python3", "-c", script), variables, log)


def test_the_command_runs_and_its_output_is_shipped(
    processes: ContainerProcesses, shipper: Shipper, ended: queue.Queue[Any]
) -> None:
    processes.start(container("import os, sys; print(os.environ['A']); sys.exit(3)", A="given"))
    assert ended.get(timeout=60) == ("Essential container in task exited", "EssentialContainerExited", 3)
    assert shipper.lines == [("/g", "task/task/t1", "given")]


def test_a_container_that_ends_by_itself_when_asked_to(processes: ContainerProcesses, ended: queue.Queue[Any]) -> None:
    processes.start(container("import time; time.sleep(600)"))
    assert processes.stop(ARN, "why not")
    assert ended.get(timeout=60) == ("why not", "UserInitiated", 143)
    assert not processes.stop(ARN, "again")


def test_a_container_that_will_not_end_is_killed(
    processes: ContainerProcesses, shipper: Shipper, ended: queue.Queue[Any]
) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
    processes.start(container(deaf))
    give_up = time.monotonic() + 60
    while not shipper.lines:
        assert time.monotonic() < give_up
        time.sleep(0.01)
    assert processes.stop(ARN, "why not")
    assert ended.get(timeout=60)[2] == 137


def test_other_images_are_not_ours(processes: ContainerProcesses) -> None:
    assert processes.wanted(container(""))
    assert not processes.wanted(container("", image="busybox"))


def test_a_version_keeps_the_code_that_a_container_fetches(client: Client) -> None:
    make_function(client, "fetched", "ONE = 1")
    lambdas = client("lambda")
    version = lambdas.publish_version(FunctionName="fetched")["FunctionArn"]
    lambdas.update_function_code(FunctionName="fetched", ZipFile=zipped(app="TWO = 2"))
    codes = {}
    for name in (version, "fetched"):
        location = lambdas.get_function(FunctionName=name)["Code"]["Location"]
        with urllib.request.urlopen(location) as answer, zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
            codes[name] = archive.read(archive.namelist()[0]).decode()
    assert codes == {version: "ONE = 1", "fetched": "TWO = 2"}


@pytest.mark.parametrize(
    ("status", "codes", "verdict"),
    [
        ("RUNNING", [None], None),
        ("STOPPED", [0], True),
        ("STOPPED", [0, None], True),
        ("STOPPED", [0, 1], False),
        ("STOPPED", [None], False),  # it did not start, or its host was lost
    ],
)
def test_how_step_functions_judges_a_task(status: str, codes: list[int | None], verdict: bool | None) -> None:
    containers = [{"Name": "c", **({} if code is None else {"ExitCode": code})} for code in codes]
    task: Json = {"LastStatus": status, "Containers": containers}
    assert JOBS["ecs", "runTask"].verdict(task) is verdict
