"""README's table of what is supported is what the code's own tables say."""

from __future__ import annotations

from pathlib import Path

from dag_translator.operators import LOWERINGS
from dag_translator.support import BEGIN, END, table, written

README = Path(__file__).parents[2] / "README.md"


def test_readme_has_the_table_of_today() -> None:
    """`make golden` writes it."""
    text = README.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert written(text) == text


def test_every_lowering_is_in_it_and_nothing_that_is_refused() -> None:
    supported, _, _ = table().partition("Refused so far")
    # What is made of rows has a name of its own; the bases are nothing that a DAG file imports.
    bases = {"ServiceTask", "ServiceOperator", "ServiceSensorTask", "ServiceSensor", "MomentSensor"}
    assert all(f"`{name}`" in supported for name in LOWERINGS.keys() - bases)
    assert "`DockerOperator`" not in supported
