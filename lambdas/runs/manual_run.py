"""The execution input of a run that somebody starts by hand, as Airflow 3's trigger makes it.

>>> run = manual_run(None, None, {"x": 1}, None, datetime(2024, 1, 15, 12, tzinfo=UTC))
>>> run["run_id"], run["logical_date"], run["conf"]
('manual__2024-01-15T12:00:00+00:00', '2024-01-15T12:00:00+00:00', {'x': 1})
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambdas.timetables.timetable import timetable_from_spec


def manual_run(
    spec: Mapping[str, Any] | None,
    logical_date: datetime | None,
    conf: Mapping[str, Any],
    run_id: str | None,
    now: datetime,
) -> dict[str, Any]:
    """The input to start the DAG's machine with; `dag_translator.names.execution_name(input["run_id"])` names it.

    spec: the manifest's `schedule.spec`, None for a DAG without schedule. logical_date: None is now, as in Airflow's
    user interface. The data interval is the last complete one before the logical date (for timetables that have
    intervals). Times must be aware.
    """
    run_after = now.astimezone(UTC)
    logical = run_after if logical_date is None else logical_date.astimezone(UTC)
    start, end = timetable_from_spec(spec).infer_manual_data_interval(logical)
    return {
        "run_id": run_id or f"manual__{run_after.isoformat()}",
        "run_type": "manual",
        "logical_date": logical.isoformat(),
        "data_interval_start": start.isoformat(),
        "data_interval_end": end.isoformat(),
        "run_after": run_after.isoformat(),
        "conf": dict(conf),
    }
