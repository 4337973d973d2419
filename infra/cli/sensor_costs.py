"""What it costs to wait, for each kind of sensor: README's table, made from emitted definitions that ran on the engine.

    python -m infra.cli.sensor_costs README.md     writes it anew (part of `make golden`); a test compares

A run with one sensor, less the run's own two states, as `airstep dags simulate` counts it: transitions, Lambda
invocations and their time, DynamoDB units; prices as in `infra.cli.cost`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from infra.cli.cost import Usage, estimate
from infra.cli.generated import replaced

BEGIN, END = "<!-- sensor costs: generated -->", "<!-- sensor costs: end -->"
HOUR, WEEK = 3600.0, 7 * 24 * 3600.0
# MWAA Serverless bills the time that a task is there, a sensor's whole wait: $0.104 an hour in Tokyo (2025-11).
MWAA_SERVERLESS_HOUR = 0.104

_HEAD = """
from datetime import datetime, time, timedelta
from airflow import DAG
from airflow.sensors.python import PythonSensor
from airflow.sensors.date_time import DateTimeSensor
from airflow.sensors.external_task import ExternalTaskSensor
from airflow.providers.amazon.aws.sensors.athena import AthenaSensor
with DAG("waits", schedule=None, start_date=datetime(2024, 1, 1)):
    {}
"""
# What stands in the table: how it waits, and a sensor that does.
KINDS: Mapping[str, str] = {
    "a moment: `DateTimeSensor`, `TimeSensor`, `TimeDeltaSensor`, …": (
        "DateTimeSensor(task_id='s', target_time='{{ ds }}')"
    ),
    "woken: `ExternalTaskSensor`, `S3KeySensor` on `s3EventBuckets`": (
        "ExternalTaskSensor(task_id='s', external_dag_id='etl')"
    ),
    "polled by Step Functions every 60 s: `AthenaSensor`": (
        "AthenaSensor(task_id='s', query_execution_id='q', sleep_time=60, timeout=700_000)"
    ),
    "polled by Lambda every 60 s: `PythonSensor`, `S3KeySensor`, …": "PythonSensor(task_id='s', python_callable=bool)",
}


@dataclass(frozen=True, slots=True)
class Wait:
    """What one wait used."""

    usage: Usage

    @property
    def dollars(self) -> float:
        return estimate(self.usage).total


def measure(sensor: str, seconds: float, folder: Path) -> Wait:
    """Run the sensor until what it waits for is there, after `seconds`."""
    from infra.cli.local_run import simulate_file

    file = folder / "waits.py"
    file.write_text(_HEAD.format(sensor))
    done = simulate_file(file, None, {"s": seconds}, {})
    file.write_text(_HEAD.format("pass"))
    empty = simulate_file(file, None, {}, {}).usage
    used = done.usage
    own = {
        name: getattr(used, name) - getattr(empty, name)
        for name in ("transitions", "invocations", "lambda_seconds", "write_units", "read_units")
    }
    return Wait(replace(used, **own))


def table() -> str:
    """The section, in Markdown."""
    lines = [
        "| How it waits | | transitions | Lambda: invocations, GB-s | US dollars |",
        "|---|---|---|---|---|",
        *_rows(),
        f"| MWAA Serverless, billed while it waits | an hour | | | ${MWAA_SERVERLESS_HOUR:.3f} |",
        f"| | 7 days (a task there may take one hour) | | | ${MWAA_SERVERLESS_HOUR * WEEK / HOUR:.2f} |",
    ]
    return "\n".join(lines)


def _rows() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        for kind, sensor in KINDS.items():
            for seconds in (HOUR, WEEK):
                yield row(kind, seconds, measure(sensor, seconds, Path(folder)))


def row(kind: str, seconds: float, wait: Wait) -> str:
    """One line; a kind is named in its first."""
    usage, first = wait.usage, seconds == HOUR
    gb_seconds = usage.lambda_seconds * usage.memory_mb / 1024
    return (
        f"| {kind if first else ''} | {'an hour' if first else '7 days'} | {usage.transitions:,} |"
        f" {usage.invocations:,}, {gb_seconds:.2f} | ${wait.dollars:.5f} |"
    )


def written(text: str) -> str:
    """`text` (a README) with the section in its place."""
    return replaced(text, BEGIN, END, table())


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(written(readme.read_text()))
