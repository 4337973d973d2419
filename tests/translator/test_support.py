"""OPERATORS.md is what the code's own tables say."""

from __future__ import annotations

from pathlib import Path

from dag_translator.operators import LOWERINGS
from dag_translator.support import document

OPERATORS = Path(__file__).parents[2] / "OPERATORS.md"


def test_the_file_is_of_today() -> None:
    """`make golden` writes it."""
    assert OPERATORS.read_text() == document() + "\n"


def test_every_lowering_is_in_it_and_nothing_that_is_refused() -> None:
    supported, _, _ = document().partition("Refused so far")
    # What is made of rows has a name of its own; the bases are nothing that a DAG file imports.
    bases = {"ServiceTask", "ServiceOperator", "ServiceSensorTask", "ServiceSensor", "MomentSensor"}
    assert all(f"`{name}`" in supported for name in LOWERINGS.keys() - bases)
    assert "`DockerSwarmOperator`" not in supported
