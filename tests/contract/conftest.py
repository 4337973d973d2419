"""The fixture `cloud`: the endpoint under test (see the package's docstring)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal

import pytest
from moto import mock_aws

from tests.contract.backends import Backend
from tests.contract.cloud import Cloud
from tests.contract.endpoint import Endpoint
from tests.contract.in_process import InProcess

ENDPOINT = "AIRSTEP_CONTRACT_ENDPOINT"


def _scope(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    """An endpoint is prepared once. In process, moto must not stay active for other folders' tests."""
    return "session" if os.environ.get(ENDPOINT) else "module"


@pytest.fixture(scope=_scope)
def backend() -> Iterator[Backend]:
    url = os.environ.get(ENDPOINT)
    if url:
        endpoint = Endpoint(None if url == "aws" else url)
        yield endpoint
        endpoint.close()
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        for name, value in credentials.items():
            patch.setenv(name, value)
        with mock_aws(config={"batch": {"use_docker": False}}):
            here = InProcess()
            yield here
            here.close()


@pytest.fixture
def cloud(backend: Backend) -> Iterator[Cloud]:
    cloud = Cloud(backend)
    yield cloud
    cloud.close()
