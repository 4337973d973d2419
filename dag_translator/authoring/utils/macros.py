"""`airflow.macros`, importable in DAG files and `{{ macros.… }}` in templates.

>>> ds_add("2015-01-01", 5), ds_format("2015-01-01", "%Y-%m-%d", "%m-%d-%y")
('2015-01-06', '01-01-15')
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import datetime, timedelta
from random import random
from typing import Any

__all__ = [
    "datetime", "datetime_diff_for_humans", "ds_add", "ds_format", "ds_format_locale", "json",
    "random", "time", "timedelta",
    "uuid",
]  # fmt: skip


def ds_add(ds: str, days: int) -> str:
    """The date `days` after ds (YYYY-MM-DD), before it when negative."""
    if not days:
        return str(ds)
    return (datetime.strptime(str(ds), "%Y-%m-%d") + timedelta(days=days)).strftime("%Y-%m-%d")


def ds_format(ds: str, input_format: str, output_format: str) -> str:
    """A date in another format."""
    return datetime.strptime(str(ds), input_format).strftime(output_format)


def ds_format_locale(ds: str, input_format: str, output_format: str, locale: Any = None) -> str:
    """As ds_format; other languages need the babel package, which is not here."""
    if locale not in (None, "en", "en_US"):
        raise ValueError("ds_format_locale knows English only; format the date in a @task with babel")
    return ds_format(ds, input_format, output_format)


def datetime_diff_for_humans(dt: Any, since: Any = None) -> str:
    """As people say it: `2 hours ago`, `1 day before`."""
    import pendulum

    return str(pendulum.instance(dt).diff_for_humans(since))


def __getattr__(name: str) -> Any:
    """`macros.dateutil`, imported when first asked for."""
    if name == "dateutil":
        import dateutil.parser  # type: ignore[import-untyped]
        import dateutil.relativedelta  # type: ignore[import-untyped]

        return dateutil
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
