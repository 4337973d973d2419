"""Just enough of a live DAG for what reads its schedule."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any


@dataclass
class FakeTask:
    start_date: datetime | None = None
    end_date: datetime | None = None
    depends_on_past: bool = False


@dataclass
class FakeDag:
    schedule: Any
    zone: tzinfo = UTC
    start_date: datetime | None = datetime(2024, 1, 1, tzinfo=UTC)
    end_date: datetime | None = None
    catchup: bool = False
    max_active_runs: int | None = 16
    max_consecutive_failed_dag_runs: int = 0
    tasks: list[FakeTask] = field(default_factory=list)
    dag_id: str = "etl"
    fileloc: str = "dags/etl.py"
    _airstep_line: int = 7
