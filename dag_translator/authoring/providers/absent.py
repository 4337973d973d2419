"""What stands for a name of Airflow's core that provider code imports and Airstep lacks: it may be imported, annotated
with and subclassed, and raises as soon as anything else is done with it.

>>> absent("airflow.executors.base_executor", "BaseExecutor")()
Traceback (most recent call last):
NotImplementedError: airflow.executors.base_executor.BaseExecutor does not exist without Airflow itself
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.loading import coded

_HINT = "use another operator or hook of the provider; this one works with Airflow's own processes or database only"


class _Absent(type):
    """The class of classes that are not there, and of what provider code derives from them."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _refusal(cls, AttributeError)

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise _refusal(cls, NotImplementedError)


def absent(module: str, name: str) -> type:
    """The stand-in for one name."""
    return _Absent(name, (), {"__module__": module, "_airstep_absent": f"{module}.{name}"})


def _refusal(cls: Any, kind: type[Exception]) -> Exception:
    return coded(kind(f"{cls._airstep_absent} does not exist without Airflow itself"), "unsupported-provider", _HINT)
