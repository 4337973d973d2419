"""README's table of what waiting costs is what the code measures. A polled week takes long: arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.cli import sensor_costs
from infra.cli.sensor_costs import HOUR, KINDS, WEEK, measure, row

README = Path(__file__).parents[2] / "README.md"
LAPS = WEEK / 60


@pytest.fixture(scope="module")
def told() -> list[str]:
    _, _, rest = README.read_text().partition(sensor_costs.BEGIN)
    return rest.partition(sensor_costs.END)[0].splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_an_hour(kind: str, told: list[str], tmp_path: Path) -> None:
    assert row(kind, HOUR, measure(KINDS[kind], HOUR, tmp_path)) in told


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "polled" not in kind])
def test_a_week_without_polling(kind: str, told: list[str], tmp_path: Path) -> None:
    assert row(kind, WEEK, measure(KINDS[kind], WEEK, tmp_path)) in told


def test_a_week_of_polling(told: list[str]) -> None:
    weeks = [line.split("|") for line in told if line.startswith("|  | 7 days |")]
    transitions = [int(cells[3].replace(",", "")) for cells in weeks]
    assert [3 * LAPS < each < 3 * LAPS + 50 for each in transitions] == [False, False, True, True]


def test_the_moment_costs_the_same_however_far_it_is(tmp_path: Path) -> None:
    sensor = next(iter(KINDS.values()))
    assert measure(sensor, HOUR, tmp_path).usage == measure(sensor, WEEK, tmp_path).usage
