"""How `airstep dags test | simulate` and `airstep tasks test` show a run on the terminal."""

from __future__ import annotations

import json
import sys
from typing import Any

from infra.cli.options import Output
from infra.cli.output import emit, emit_table


def print_run(result: Any) -> None:
    """A run's tasks as a table, and what it took."""
    rows = []
    for name, state in result.tasks.items():
        span = result.spans.get(name)
        pushed = result.xcoms.get(name, {})
        rows.append(
            {
                "task": name,
                "state": state,
                "try": result.try_number.get(name) or None,
                "start": f"{span.start:.2f}" if span else None,
                "seconds": f"{span.seconds:.2f}" if span else None,
                "xcom": _short(pushed.get("return_value")),
                "error": _short(result.errors.get(name)),
            }
        )
    columns = ["task", "state", "try", "start", "seconds", *(["xcom"] if result.xcoms else [])]
    emit_table(rows, [*columns, *(["error"] if result.errors else [])], title=f"{result.dag_id}  {result.run_id}")
    sys.stdout.write(
        f"{result.state} after {result.makespan_s:g} s on the machine's clock, {result.transitions} transitions, "
        f"{result.history_events} history events, definition {result.definition_bytes:,} bytes\n"
    )
    if result.error is not None:
        sys.stdout.write(f"{result.error}\n")


def _short(value: Any, limit: int = 60) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def print_simulation(told: dict[str, Any]) -> None:
    """A simulated run as tables: its tasks, and what it would take and cost."""
    emit_table(told["tasks"], title=f"{told['dag_id']}, simulated")
    cost = told["cost"]
    facts = [
        {"what": "state", "value": told["state"]},
        {"what": "makespan", "value": f"{told['makespan_s']:g} s"},
        {"what": "critical path", "value": f"{told['critical_path_s']:g} s: {' → '.join(told['critical_path'])}"},
        {"what": "transitions", "value": told["transitions"]},
        {"what": "history events", "value": f"{told['history_events']} of 25,000"},
        {"what": "definition", "value": f"{told['definition_bytes']:,} of 1,048,576 bytes"},
        {"what": "cost of a run", "value": f"${cost['total_usd']:.6f} (list prices {cost['region']}, {cost['as_of']})"},
    ]
    emit(facts, Output.TABLE)
