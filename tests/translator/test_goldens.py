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

from dag_translator.pipeline import Translation, translate_file

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
    *("sensors", "setup_teardown", "short_circuit", "trigger", "fail_fast", "asked_retries", "services"),
)


@cache
def _translations(path: Path) -> dict[str, Translation]:
    return {each.dag_id: each for each in translate_file(path, path.parent) if isinstance(each, Translation)}


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


@pytest.mark.node
def test_every_definition_is_valid(tmp_path: Path) -> None:
    """The goldens, the examples and every measured DAG, also for re-runs, all in one call of asl-validator."""
    if shutil.which("node") is None or not VALIDATOR.exists():
        pytest.fail("the Node tools are missing: run `make setup`")
    files = [SHAPES, *sorted((ROOT / "dags").glob("*.py")), *sorted((ROOT / "tests/dags/conformance").glob("*.py"))]
    options: list[str] = []
    for file in files:
        for dag_id, translation in _translations(file).items():
            again = translation.rerun()
            assert again is not None
            for name, definition in ((dag_id, translation.definition), (f"{dag_id}-rerun", again.definition)):
                written = tmp_path / f"{name}.json"
                written.write_text(json.dumps(definition))
                options += ["--json-path", str(written)]
    assert len(options) > 2 * 100
    done = subprocess.run([VALIDATOR, *options], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
