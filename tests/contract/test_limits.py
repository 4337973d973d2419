"""Quotas."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.contract.asl import choice, machine, pass_
from tests.contract.cloud import Cloud


def test_output_over_256_kib(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": cloud.function({"op": "big", "size": 300_000})}))
    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


def test_input_over_256_kib(cloud: Cloud) -> None:
    arn = cloud.create(machine({"A": pass_(1)}))
    with pytest.raises(ClientError):
        cloud.start(arn, {"x": "y" * 300_000})


def test_25_000_events(cloud: Cloud) -> None:
    states = {
        "A": pass_(Assign={"i": 0}, Next="L"),
        "L": pass_(Assign={"i": "{% $i+1 %}"}, Next="C"),
        "C": choice("{% $i < 6500 %}", "L", "Z"),
        "Z": {"Type": "Succeed"},
    }
    ended = cloud.run(machine(states), timeout=600)
    assert ended.status == "FAILED"
    if not cloud.backend.real_account:
        assert ended.error == "States.Runtime"
