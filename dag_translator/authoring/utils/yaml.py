"""`airflow.utils.yaml`: PyYAML, which the requirements have to bring."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    from importlib import import_module

    return getattr(import_module("yaml"), name)
