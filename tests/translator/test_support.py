"""OPERATORS.md is what the code's own tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dag_translator.operators import LOWERINGS
from dag_translator.support import document
from dag_translator.support_rows import SupportRow, rows

OPERATORS = Path(__file__).parents[2] / "OPERATORS.md"


@pytest.fixture(scope="module")
def table() -> dict[str, SupportRow]:
    return {row.name: row for row in rows()}


def test_the_file_is_of_today_and_says_of_nothing_refused_that_it_runs() -> None:
    """`make golden` writes it."""
    made = document()
    assert OPERATORS.read_text() == made + "\n"
    assert "`DockerSwarmOperator`" not in made.partition("## Refused so far")[0]


def test_every_lowering_is_in_it(table: dict[str, SupportRow]) -> None:
    # What is made of rows has a name of its own; the bases are nothing that a DAG file imports.
    bases = {"ServiceTask", "ServiceOperator", "ServiceSensorTask", "ServiceSensor", "MomentSensor"}
    assert {name for name in LOWERINGS if "Base" not in name and " " not in name} - bases <= table.keys()
    assert [row.name for row in table.values() if "?" in row.how] == []
    assert "DockerSwarmOperator" not in table


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("PythonOperator", "Lambda"),
        ("EmptyOperator", "`Pass`"),
        ("AthenaOperator", "`athena:startQueryExecution.sync`"),
        ("EmrContainerOperator", "`emr-containers:startJobRun.sync`; without `wait_for_completion` Lambda"),
        ("RedshiftPauseClusterOperator", "Lambda; with `wait_for_completion` polled: `redshift:describeClusters`"),
        ("PythonSensor", "polled by Lambda"),
        ("S3KeySensor", "polled by Lambda; with the setting `s3EventBuckets` woken by the bucket's event"),
        ("DateTimeSensor", "one `Wait`"),
    ],
)
def test_how_it_runs(table: dict[str, SupportRow], name: str, how: str) -> None:
    assert table[name].how == how


def test_whose_rights_they_are_and_what_is_otherwise(table: dict[str, SupportRow]) -> None:
    job = table["GlueJobOperator"]
    assert "glue:StartJobRun" in job.machine
    assert job.function == ()
    assert "`verbose` has no effect: the run's log stays in its log group" in job.otherwise
    assert table["SnsPublishOperator"].function == ("sns:Publish",)
    assert table["S3KeySensor"].machine == ()  # to poll in rounds is no right of its own
