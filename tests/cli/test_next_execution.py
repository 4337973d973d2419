"""`airstep dags next-execution`: from a DAG file, and from what Scheduler holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dag_translator.schedule import next_executions
from dag_translator.schedule.emit import emit
from infra.cli.next_execution import read_back
from tests.cli.conftest import Airstep

FILE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.empty import EmptyOperator

for name, schedule in (("x", "0 5 * * 1-5"), ("y", None)):
    with DAG(name, schedule=schedule, start_date=datetime(2024, 1, 1), catchup=False):
        EmptyOperator(task_id="a")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "two.py"
    path.write_text(FILE)
    return path


def test_a_dag_of_a_file(airstep: Airstep, file: Path) -> None:
    options = ("--dag-id", "x", "--num-executions", "2", "--from", "2024-03-01T06:00:00Z", "--output", "json")
    told = airstep("dags", "next-execution", str(file), *options)
    assert told.code == 0, told.stderr
    assert told.json == [
        {
            "fires_at": "2024-03-04T05:00:00+00:00",
            "logical_date": "2024-03-01T05:00:00+00:00",
            "data_interval_start": "2024-03-01T05:00:00+00:00",
            "data_interval_end": "2024-03-04T05:00:00+00:00",
        },
        {
            "fires_at": "2024-03-05T05:00:00+00:00",
            "logical_date": "2024-03-04T05:00:00+00:00",
            "data_interval_start": "2024-03-04T05:00:00+00:00",
            "data_interval_end": "2024-03-05T05:00:00+00:00",
        },
    ]


def test_a_dag_without_schedule_and_one_that_is_not_there(airstep: Airstep, file: Path) -> None:
    told = airstep("dags", "next-execution", str(file), "--dag-id", "y", "--output", "json")
    assert told.json == []
    assert "triggered" in told.stderr
    several = airstep("dags", "next-execution", str(file))
    assert several.code == 2
    assert "x, y" in several.stderr
    assert airstep("dags", "next-execution", str(file), "--dag-id", "x", "--from", "soon").code == 2


@pytest.mark.parametrize(
    "timetable",
    [
        {"type": "cron_interval", "expression": "0 5 13 * 5", "timezone": "Asia/Seoul"},
        {"type": "cron_interval", "expression": "30 2 * * *", "timezone": "America/New_York"},
        {"type": "events", "dates": ["2024-03-05T00:00:00+00:00", "2024-04-01T00:00:00+00:00"]},
        {"type": "once"},
    ],
)
def test_what_is_deployed_says_the_same(timetable: dict[str, Any]) -> None:
    """GetSchedule gives the expressions back; the manifest's kind follows from the event that they carry."""
    start = "2024-02-01T00:00:00+00:00"
    emitted = emit({"timetable": timetable, "start_date": start, "timezone": "UTC"})
    answers = [
        {
            "ScheduleExpression": entry["expression"],
            "ScheduleExpressionTimezone": entry["timezone"],
            **({"StartDate": datetime.fromisoformat(entry["start"])} if entry["start"] else {}),
            **({"EndDate": datetime.fromisoformat(entry["end"])} if entry["end"] else {}),
        }
        for entry in emitted["expressions"]
    ]
    back = read_back(answers, emitted["spec"])
    after = datetime(2024, 1, 1, tzinfo=UTC)
    expected = next_executions({"schedule": emitted}, 3, after)
    assert expected
    assert next_executions({"schedule": back}, 3, after) == expected
