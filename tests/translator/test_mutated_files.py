"""DAG files with random slips in them: whatever stands in a file, checking it ends, and a refusal says what to do.

Each is checked in a process of its own, as `airstep dags check` does: a slip may make a file end its process.
"""

from __future__ import annotations

import io
import os
import tempfile
import tokenize
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.cli.check import check_files
from infra.cli.files import DagFile

DAGS = Path(__file__).parents[1] / "dags"
FILES = sorted(path for path in DAGS.rglob("*.py") if "broken" not in path.parts)
# `AIRSTEP_EXAMPLES=5000 pytest tests/translator/test_mutated_files.py` is the long run.
EXAMPLES = int(os.environ.get("AIRSTEP_EXAMPLES", "60"))
ODD = ("None", "0", "-1", "[]", "{}", "(", "]", "lambda: 1", "...", "object()", "float('nan')", "b'x'", "'·'", "*")


@cache
def _tokens(path: Path) -> list[str]:
    """A file's text in pieces that make it up again: tokens, and what stands between them."""
    lines = path.read_text().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    text, pieces, at = "".join(lines), [], 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        begin, end = (starts[row - 1] + column for row, column in (token.start, token.end))
        if end > begin >= at:
            pieces += [text[at:begin], text[begin:end]]
            at = end
    return [piece for piece in [*pieces, text[at:]] if piece]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A DAG file of the tests with one to three slips: a token lost, said twice, exchanged, or odd; a line likewise."""
    pieces = list(_tokens(draw(st.sampled_from(FILES))))
    for _ in range(draw(st.integers(1, 3))):
        where = draw(st.integers(0, len(pieces) - 1))
        match draw(st.sampled_from(("lose", "twice", "exchange", "odd", "cut", "line", "indent"))):
            case "lose":
                pieces[where] = ""
            case "twice":
                pieces[where] *= 2
            case "exchange":
                other = draw(st.integers(0, len(pieces) - 1))
                pieces[where], pieces[other] = pieces[other], pieces[where]
            case "odd":
                pieces[where] = draw(st.sampled_from(ODD))
            case "cut":
                pieces = pieces[: where + 1]
            case kind:
                lines = "".join(pieces).splitlines(keepends=True) or [""]
                number = draw(st.integers(0, len(lines) - 1))
                lines[number] = "" if kind == "line" else f"    {lines[number]}"
                pieces = lines
    return "".join(pieces)


# Files with slips warn at compile time, and may leave open what they had opened.
@pytest.mark.filterwarnings("ignore")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 1000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(mutated())
def test_no_slip_is_a_crash_and_each_refusal_says_what_to_do(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "slip.py"
        file.write_text(text)
        (report,) = check_files([DagFile(file, Path(folder))], timeout=20, at_once=1)
    refused = [*report["problems"], *(problem for dag in report["dags"] for problem in dag["problems"])]
    for problem in (each for each in refused if each["severity"] == "refused"):
        assert problem["code"] not in (None, "internal-error"), problem
        assert problem["message"], problem
        assert problem["hint"], problem
        assert problem["line"] or problem["code"] in NO_LINE, problem


# What a whole graph is about, or a whole file.
NO_LINE: frozenset[str] = frozenset()
