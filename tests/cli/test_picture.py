"""The picture: well-formed, complete, readable."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET

import pytest

from infra.cli.picture import STATE_COLOURS, Box, draw, duration


def test_it_shows_states_times_tries_and_groups() -> None:
    boxes = [
        Box("start", operator="EmptyOperator", state="success", started=0.0, stopped=0.01, tries=1),
        Box("load.a<b>", "load", "PythonOperator", "failed", 0.01, 3.0, 3),
        Box("load.deep.x", "load.deep", "PythonOperator", "upstream_failed"),
        Box("many", operator="PythonOperator", state="skipped", instances=4),
    ]
    svg = draw("dag & co", boxes, [("start", "load.a<b>"), ("load.a<b>", "load.deep.x")], "run 1")
    root = ET.fromstring(svg)
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"dag & co", "run 1", "start", "a<b>", "x", "load", "deep", "many [4]"} <= set(texts)
    assert "failed · 2.99 s · try 3" in texts
    assert "upstream failed" in texts
    assert all(colour in svg for colour in (STATE_COLOURS["failed"], STATE_COLOURS["skipped"]))


def test_without_a_run_it_shows_operators() -> None:
    svg = draw("d", [Box("a", operator="BashOperator")], [])
    assert "BashOperator" in svg
    ET.fromstring(svg)


def test_an_empty_dag() -> None:
    ET.fromstring(draw("empty", [], []))


def test_long_names_are_shortened_but_kept_in_the_tooltip() -> None:
    name = "a_task_whose_name_goes_on_and_on_until_nobody_reads_it_any_more"
    svg = draw("d", [Box(name), Box("긴_이름_" * 8)], [])
    assert f"<title>{name}</title>" in svg
    assert f">{name}</text>" not in svg


def test_a_large_graph_is_drawn_quickly() -> None:
    boxes = [Box(f"t{index}") for index in range(1000)]
    edges = [(f"t{index}", f"t{index + step}") for index in range(900) for step in (7, 31) if index % 3]
    began = time.process_time()
    draw("large", boxes, edges)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.041, "0.04 s"), (1.5, "1.5 s"), (12.4, "12 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
