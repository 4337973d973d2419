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
    """A date in another language, output_format in Babel's letters (`EEEE dd MMMM yyyy`); the requirements have to
    bring Babel."""
    try:
        from babel.dates import LC_TIME, format_datetime  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise ImportError("ds_format_locale needs Babel: add a line `babel` to requirements.txt") from error
    moment = datetime.strptime(str(ds), input_format)
    return str(format_datetime(moment, format=output_format, locale=locale or LC_TIME))


def datetime_diff_for_humans(dt: Any, since: Any = None) -> str:
    """As people say it: `2 hours ago`, `1 day before`."""
    import pendulum

    return str(pendulum.instance(dt).diff_for_humans(since))


def __getattr__(name: str) -> Any:
    """`macros.dateutil` and `macros.yaml`, imported when first asked for."""
    if name == "dateutil":
        import dateutil.parser  # type: ignore[import-untyped]
        import dateutil.relativedelta  # type: ignore[import-untyped]

        return dateutil
    if name == "yaml":
        from dag_translator.authoring.utils import yaml

        return yaml
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
