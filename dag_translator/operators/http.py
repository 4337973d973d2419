"""`HttpOperator` and `HttpSensor`: Python in Lambda, or an HTTP task; here is what is otherwise than in Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator.account import Account
from dag_translator.operators import http_task, polling, python, sensor
from dag_translator.operators.lowering import Lowering
from dag_translator.operators.service import note

_KEEP_ALIVE = {
    "tcp_keep_alive": True,
    "tcp_keep_alive_idle": 120,
    "tcp_keep_alive_count": 20,
    "tcp_keep_alive_interval": 30,
}


def _notes(operator: Any) -> dict[str, Any]:
    given = [name for name, value in _KEEP_ALIVE.items() if getattr(operator, name, None) not in (None, value)]
    if not given:
        return {}
    message = f"{', '.join(given)}: no effect, a connection lives as long as its request"
    return {"notes": [note("unused-argument", message, "leave it out, or set a timeout in extra_options")]}


def _sensor_settings(operator: Any) -> Mapping[str, Any]:
    return {**polling.settings(operator), **_notes(operator)}


def _by_step_functions(operator: Any, account: Account) -> tuple[str, Mapping[str, Any]] | None:
    found = http_task.in_account(operator, account)
    if found is None:
        return None
    key, settings = found
    return key, {**settings, "notes": [*settings["notes"], *_notes(operator).get("notes", ())]}


LOWERINGS: Mapping[str, Lowering] = {
    "HttpOperator": Lowering(python.lower, _notes, in_account=_by_step_functions),
    http_task.KEY: http_task.LOWERING,
    "HttpSensor": Lowering(sensor.lower, _sensor_settings, polling.permissions, sensor=True),
}
