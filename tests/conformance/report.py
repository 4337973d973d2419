"""README's figures of the comparison with Airflow: counted from the recordings and from runs, never written by hand.

`python -m tests.conformance.report README.md` runs every measured DAG, records what its run cost in `costs.json`, and
writes the section anew (part of `make golden`). Tests compare: each run with its costs, README with the section.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

from infra.cli.generated import replaced
from infra.cli.run_result import RunResult
from tests.conformance import running
from tests.conformance.deviations import DEVIATIONS

BEGIN, END = "<!-- conformance: generated -->", "<!-- conformance: end -->"
COSTS = running.TESTS / "data" / "conformance" / "costs.json"

# Why a DAG costs the most transitions per task instance.
WHY = {
    "t60_task_dates": (
        "six of its nine tasks are outside their own dates, or wait for one that is: they have states, but no instance"
    )
}

Figures = dict[str, int]


def figures(result: RunResult) -> Figures:
    """What a run cost: state transitions, events of the longest history; and for how many task instances."""
    return {
        "task_instances": len(result.tasks),
        "transitions": result.transitions,
        "history_events": result.history_events,
    }


@cache
def recorded_figures() -> Mapping[str, Figures]:
    found: dict[str, Figures] = json.loads(COSTS.read_text())
    return found


def table() -> str:
    """The section, in Markdown."""
    return "\n".join([*_compared(), "", *_differing(), "", *_costs()])


def _compared() -> list[str]:
    recorded = [running.expected(dag_id) for dag_id in sorted(running.EXPECTED)]
    counts = {
        "DAG runs: final state": len(recorded),
        "task instances: state and try number": sum(len(each["tasks"]) for each in recorded),
        "XComs: value and type": sum(_values(each["xcoms"]) for each in recorded),
        "rendered template fields": sum(_values(each["rendered"]) for each in recorded),
    }
    lines = ["| compared with Airflow 3.3.2 | values |", "|---|---|"]
    return lines + [f"| {what} | {count:,} |" for what, count in counts.items()]


def _values(by_task: Mapping[str, Any]) -> int:
    return sum(len(values) if isinstance(values, dict) else 1 for values in by_task.values())


def _differing() -> list[str]:
    """Deviations by their reason."""
    by_reason: dict[str, list[str]] = {}
    for dag_id, tasks in DEVIATIONS.items():
        for name, reason in tasks.items():
            by_reason.setdefault(reason, []).append(f"{dag_id}.{name}")
    lines = [f"All are equal, but for {sum(map(len, by_reason.values()))} tasks:", ""]
    for reason, names in by_reason.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"- `{names[0]}`{more}: {reason}")
    return lines


def _costs() -> list[str]:
    """Transitions per task instance."""
    each = {
        dag_id: found["transitions"] / found["task_instances"]
        for dag_id, found in recorded_figures().items()
        if found["task_instances"]
    }
    worst = max(each, key=lambda dag_id: each[dag_id])
    events = {dag_id: found["history_events"] for dag_id, found in recorded_figures().items()}
    longest = max(events, key=lambda dag_id: events[dag_id])
    high = statistics.quantiles(each.values(), n=10)[-1]
    return [
        (
            "State transitions per task instance over these runs, `start run` and `finish run` included:"
            f" median {statistics.median(each.values()):.2f}, 90th percentile {high:.2f}, worst {each[worst]:.2f}"
            f" (`{worst}`: {WHY[worst]})."
            f" Events of a run's history: median {statistics.median(events.values()):,.0f}, most {events[longest]:,}"
            f" (`{longest}`) of 25,000."
        )
    ]


def written(text: str) -> str:
    """`text` (a README) with the section in its place."""
    return replaced(text, BEGIN, END, table())


def _measure() -> dict[str, Figures]:
    """Every run's costs. What tasks print is not ours to show; one file counts its pokes in the temporary folder."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        with redirect_stdout(nowhere), redirect_stderr(nowhere):
            names = sorted(running.EXPECTED)
            return {dag_id: figures(running.executed(dag_id)) for dag_id in names}


if __name__ == "__main__":
    COSTS.write_text(json.dumps(_measure(), indent=1) + "\n")
    readme = Path(sys.argv[1])
    readme.write_text(written(readme.read_text()))
