"""Timetables of the user's own: a subclass of `Timetable` in a DAG file, or in a module that it imports.

>>> class Weekly(Timetable):
...     def next_dagrun_info(self, *, last_automated_data_interval, restriction): ...
>>> is_custom(Weekly()), is_custom(Timetable())
(True, False)
"""

from __future__ import annotations

from functools import partial
from typing import Any

from dag_translator.authoring.timetables import Timetable
from lambdas.timetables.custom import Ask, answer


def is_custom(schedule: Any) -> bool:
    """Whether a schedule is a timetable of the user's own."""
    asked = getattr(type(schedule), "next_dagrun_info", None)
    return isinstance(schedule, Timetable) and asked is not Timetable.next_dagrun_info


def custom_timetable(schedule: Any) -> Any:
    """The user's own timetable in a schedule: itself, or the one beside assets. None if there is none."""
    inner = getattr(schedule, "timetable", schedule)
    return inner if is_custom(inner) else None


def asker(dag: Any) -> Ask | None:
    """Who answers for a live DAG's own timetable; None if it has none."""
    timetable = custom_timetable(dag.schedule)
    return partial(answer, timetable) if timetable is not None else None
