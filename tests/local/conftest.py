"""One local AWS for the whole folder, on a free port with a temporary state directory."""

import hashlib
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.local import server
from infra.local.server import LocalAws

ROLE = "arn:aws:iam::000000000000:role/any"


class Client:
    """boto3 clients of a server, made once each."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = boto3.client(
                service,
                endpoint_url=self.aws.endpoint,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                region_name="us-east-1",
                config=Config(
                    retries={"total_max_attempts": 1}, inject_host_prefix=False, s3={"addressing_style": "path"}
                ),
            )
        return self._made[service]


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    aws = server.start()
    made = Client(aws)
    yield made
    for one in made._made.values():
        one.close()
    aws.stop()


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    """Call something until its answer is true; fails after `seconds`."""

    def wait(look: Callable[[], Any], seconds: float = 10.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := look()):
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)
        return answer

    return wait


def zipped(**files: str) -> bytes:
    """A zip file with a module for each argument."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_function(client: Client, name: str, code: str, **options: Any) -> str:
    """A Python function whose handler is `app.handler`; its ARN."""
    answer = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="app.handler",
        Role=ROLE,
        Code={"ZipFile": zipped(app=code)},
        **{"Timeout": 10, **options},
    )
    return str(answer["FunctionArn"])


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
