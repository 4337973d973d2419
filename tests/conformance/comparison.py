"""What Airflow did and what a translated DAG did, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

THE_RUN = "the run"


def compare(expected: Mapping[str, Any], got: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What differs: task instance (or `THE_RUN`) → part → (Airflow's, ours).

    Both have `dag_run_state`, `tasks`, `try_number`, `xcoms`, `rendered`, as in `tests/data/conformance`.
    """
    differing: dict[str, dict[str, Any]] = {}
    for part in ("tasks", "try_number", "xcoms", "rendered"):
        wanted = plain(expected[part])
        found = plain(got[part])
        names = wanted.keys() if part == "rendered" else wanted.keys() | found.keys()
        for name in names:
            if part == "try_number" and expected["tasks"].get(name) is None:  # it waits for ever, and has no record
                continue
            if found.get(name) != wanted.get(name):
                differing.setdefault(name, {})[part] = (wanted.get(name), found.get(name))
    if got["dag_run_state"] != expected["dag_run_state"]:
        differing[THE_RUN] = {"state": (expected["dag_run_state"], got["dag_run_state"])}
    return differing


def plain(value: Any) -> Any:
    """Values as both sides can say them: Airflow's recording names some types in its own way."""
    match value:
        case {"__type__": "decimal.Decimal", **rest}:
            return {"__type__": "Decimal", "value": str(rest["repr"]).removeprefix("Decimal('").removesuffix("')")}
        case {"__classname__": "builtins.tuple", "__data__": list(items)}:  # inside other values
            return {"__type__": "tuple", "value": plain(items)}
        case {"skipmixin_key": dict(note)}:  # sets on both sides, as is what LatestOnlyOperator returns
            return {**{key: _unordered(each) for key, each in value.items()}, "skipmixin_key": _each_unordered(note)}
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


def _each_unordered(note: dict[str, Any]) -> dict[str, Any]:
    return {kind: _unordered(tasks) for kind, tasks in note.items()}


def _unordered(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
