"""What Airflow's core offers to those who watch it: metrics, listeners, plugins. Nobody watches here: what is reported
goes nowhere, as in an Airflow where none is configured.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any


class Stats:
    """StatsD, switched off."""

    @staticmethod
    def incr(*_: Any, **__: Any) -> None:
        """Not counted."""

    decr = gauge = timing = incr

    @staticmethod
    def timer(*_: Any, **__: Any) -> Any:
        return nullcontext()


class ListenerManager:
    """Knows no listeners."""

    has_listeners = False

    def add_listener(self, listener: Any) -> None:
        """Nothing calls it."""


def get_listener_manager() -> ListenerManager:
    return ListenerManager()


def hookimpl(function: Any = None, **_: Any) -> Any:
    """Marks a listener's function; nothing calls it."""
    return (lambda each: each) if function is None else function


class AirflowPlugin:
    """The base of plugins, which add to Airflow's own processes: nothing loads one."""

    name: str | None = None
