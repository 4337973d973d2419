"""Variables: text or JSON by key, from AIRFLOW_VAR_<KEY> in the environment, then from what the runtime has (SSM)."""

from __future__ import annotations

import json
import os
from typing import Any

from dag_translator.authoring import runtime
from dag_translator.authoring.exceptions import AirflowRuntimeError
from dag_translator.authoring.loading import coded
from dag_translator.authoring.types import NOTSET


class Variable:
    """A key and its value. All of a DAG file's uses are class methods."""

    def __init__(self, key: str, val: Any = None, description: str | None = None, value: Any = None) -> None:
        self.key = key
        self.val = self.value = val if val is not None else value
        self.description = description

    @classmethod
    def get(
        cls,
        key: str,
        default: Any = NOTSET,
        deserialize_json: bool = False,
        default_var: Any = NOTSET,
    ) -> Any:
        """The Variable's text, or its JSON value. AirflowRuntimeError (a KeyError) if there is none and no default.

        `default` is Airflow 3's name of the fallback, `default_var` Airflow 2's.
        """
        text = os.environ.get(f"AIRFLOW_VAR_{key.upper()}")
        if text is None:
            text = runtime.current().get_variable(key)
        if text is not None:
            value = json.loads(text) if deserialize_json else text
            masker = runtime.current().masker
            masker.add(text, key)
            masker.add(value, key)
            return value
        for fallback in (default, default_var):
            if fallback is not NOTSET:
                return fallback
        raise coded(
            AirflowRuntimeError(f"VARIABLE_NOT_FOUND: Variable {key} does not exist"),
            "missing-variable",
            f"read it inside a task or a template, give a default, or set AIRFLOW_VAR_{key.upper()} while translating",
        )

    @classmethod
    def set(cls, key: str, value: Any, description: str | None = None, serialize_json: bool = False, **_: Any) -> None:
        runtime.current().set_variable(key, json.dumps(value, indent=2) if serialize_json else str(value), description)

    @classmethod
    def update(cls, key: str, value: Any, serialize_json: bool = False, **_: Any) -> None:
        cls.get(key)
        cls.set(key, value, serialize_json=serialize_json)

    @classmethod
    def setdefault(cls, key: str, default: Any, description: str | None = None, deserialize_json: bool = False) -> Any:
        """The value; the default is stored first if there is none."""
        found = cls.get(key, default=NOTSET if default is None else default, deserialize_json=deserialize_json)
        if found is default:
            cls.set(key, default, description, serialize_json=deserialize_json)
        return found

    @classmethod
    def delete(cls, key: str, **_: Any) -> None:
        runtime.current().delete_variable(key)
