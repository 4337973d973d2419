"""The definition: valid by the offline validator and by our own, readable, within limits."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.backfill_machine import definition, permissions
from infra.local.engine.validation import problems

VALIDATOR = Path(__file__).parents[2] / "node_modules" / ".bin" / "asl-validator"


@pytest.mark.node
def test_the_definition_is_valid(tmp_path: Path) -> None:
    if shutil.which("node") is None or not VALIDATOR.exists():
        pytest.fail("the Node tools are missing: run `make setup`")
    written = tmp_path / "backfill.json"
    written.write_text(json.dumps(definition()))
    done = subprocess.run(
        [VALIDATOR, "--json-path", str(written)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_our_own_validator_agrees() -> None:
    assert problems(json.dumps(definition())) == []


def test_every_task_has_its_permission() -> None:
    """What the states call, against what the role may do (startExecution on DAGs' machines is granted by their tag)."""
    text = json.dumps(definition())
    needed = {
        "lambda:invoke": "lambda:InvokeFunction",
        "dynamodb:getItem": "dynamodb:GetItem",
        "s3:getObject": "s3:GetObject",
        "s3:putObject": "s3:PutObject",
        "sfn:describeExecution": "states:DescribeExecution",
        "startExecution.sync:2": "events:PutRule",
    }
    granted = {action for each in permissions("m", "t", "b", "f") for action in each["actions"]}
    assert all(call in text for call in needed)
    assert set(needed.values()) <= granted
    assert text.count('"Resource"') == 9, "a new integration needs its permission here"
