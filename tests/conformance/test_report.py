"""README's section of the comparison is what the recordings and the runs say."""

from __future__ import annotations

from tests.conformance.report import BEGIN, END, recorded_figures, written
from tests.conformance.running import EXPECTED, TESTS


def test_readme_has_the_figures_of_today() -> None:
    """`make golden` writes them."""
    text = (TESTS.parent / "README.md").read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert written(text) == text


def test_every_run_has_its_costs() -> None:
    assert recorded_figures().keys() == EXPECTED.keys()
