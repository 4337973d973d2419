"""Tables, JSON and YAML."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.cli.options import Output
from infra.cli.output import cell, emit, to_yaml


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [],
        "yes",
        "12",
        "a: b",
        "#x",
        "multi\nline",
        "plain_word",
        {"a": {"b": [1, [2, 3], {"c": None, "d": [True]}]}, "empty": [], "한글": "é"},
        [{"a": 1, "b": 2}, {"a": [{"x": "- y"}]}],
        [[], [[]], {}],
    ],
)
def test_yaml_means_what_json_means(value: Any) -> None:
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(to_yaml(value)) == value


def test_json_carries_everything(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"a": 1, "b": {"c": [1]}}]
    emit(rows, Output.JSON, columns=["a"])
    assert json.loads(capsys.readouterr().out) == rows


def test_a_table_shows_the_columns_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    emit([{"a": 1, "state": "failed", "hidden": "zzz"}], Output.TABLE, columns=["a", "state"])
    shown = capsys.readouterr().out
    assert "failed" in shown
    assert "zzz" not in shown


def test_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    emit([], Output.TABLE)
    assert capsys.readouterr().out == "No data found\n"


def test_long_lines_are_not_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    emit([{"arn": "x" * 150}], Output.TABLE)
    assert "x" * 150 in capsys.readouterr().out


def test_cells() -> None:
    assert [cell(value) for value in (None, "a", 1.0, 0.125, True, [1, "b"], 0.0)] == [
        *("", "a", "1", "0.125", "true", '[1, "b"]', "0")
    ]
