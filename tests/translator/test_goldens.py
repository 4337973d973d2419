"""The emitted machines of one DAG per shape, as files to read; every definition passes an independent validator.

`make golden` writes them anew: look at the difference before committing it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from dag_translator.account import Account, HttpConnection
from dag_translator.pipeline import Translation, translate_file
from infra.local.engine.validation import problems

ROOT = Path(__file__).parents[2]
GOLDENS = Path(__file__).parent / "goldens"
SHAPES = ROOT / "tests" / "dags" / "golden" / "shapes.py"
VALIDATOR = ROOT / "node_modules" / ".bin" / "asl-validator"
DAG_IDS = (
    *(
        "athena",
        "branch",
        "calls",
        "chain",
        "cleanup",
        "diamond",
        "early",
        "external",
        "groups",
        "images",
        "jobs",
        "limited",
        "mapped",
        "mapped_branch",
        "mapped_groups",
        "n_shape",
        "odd_names",
        "own_compute",
        "past",
        "pods",
        "retries",
    ),
    *("sensors", "setup_teardown", "short_circuit", "trigger", "fail_fast", "asked_retries", "services", "vouched"),
)


ACCOUNT = Account(
    event_buckets=("lake",),
    http_connections={
        "my_api": HttpConnection("arn:aws:events:eu-west-1:123456789012:connection/api/1", "https://api.example.com")
    },
)


@cache
def _translations(path: Path) -> dict[str, Translation]:
    return {
        each.dag_id: each
        for each in translate_file(path, path.parent, account=ACCOUNT)
        if isinstance(each, Translation)
    }


def test_every_shape_has_its_golden() -> None:
    assert sorted(_translations(SHAPES)) == sorted(DAG_IDS)
    assert {path.name.split(".")[0] for path in GOLDENS.iterdir()} == set(DAG_IDS)


@pytest.mark.parametrize("dag_id", DAG_IDS)
@pytest.mark.parametrize(("ir", "ending"), [("model", "model.txt"), ("regions", "regions.txt"), ("asl", "asl.json")])
def test_golden(dag_id: str, ir: str, ending: str) -> None:
    golden = GOLDENS / f"{dag_id}.{ending}"
    text = _translations(SHAPES)[dag_id].dump(ir) + "\n"
    if os.environ.get("AIRSTEP_WRITE_GOLDENS"):
        golden.write_text(text)
    assert text == golden.read_text()


@cache
def _definitions() -> dict[str, str]:
    """The goldens, the examples and every measured DAG, also for re-runs."""
    files = [SHAPES, *sorted((ROOT / "dags").glob("*.py")), *sorted((ROOT / "tests/dags/conformance").glob("*.py"))]
    found: dict[str, str] = {}
    for file in files:
        for dag_id, translation in _translations(file).items():
            again = translation.rerun()
            assert again is not None
            found |= {dag_id: json.dumps(translation.definition), f"{dag_id}-rerun": json.dumps(again.definition)}
    assert len(found) > 100
    return found


def test_every_definition_is_accepted_by_the_documented_rules() -> None:
    """Those that no validator off the shelf knows: contexts of JSONata, ranges, variables of outer scopes."""
    assert {name: found for name, text in _definitions().items() if (found := problems(text))} == {}


@pytest.mark.node
def test_every_definition_is_valid(tmp_path: Path) -> None:
    """All in one call of asl-validator."""
    if shutil.which("node") is None or not VALIDATOR.exists():
        pytest.fail("the Node tools are missing: run `make setup`")
    options: list[str] = []
    for name, text in _definitions().items():
        written = tmp_path / f"{name}.json"
        written.write_text(text)
        options += ["--json-path", str(written)]
    done = subprocess.run([VALIDATOR, *options], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
