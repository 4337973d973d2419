"""Names of `airflow.models` that DAG files import for annotations: there is no metadata database behind them.

Using one (calling it, asking it for something) raises with what to do instead.
"""

from __future__ import annotations

from typing import Any, NoReturn

from dag_translator.authoring.loading import coded


class _NoDatabase(type):
    """Classes that can be named, subclassed and used in annotations, and nothing else."""

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        raise coded(
            AttributeError(f"{cls.__name__}.{name}: there is no metadata database"),
            "no-metadata-database",
            "what the running task needs is in its context (ti, dag_run)",
        )

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        raise coded(
            RuntimeError(f"{cls.__name__}() has no metadata database to belong to"),
            "no-metadata-database",
            "what the running task needs is in its context (ti, dag_run)",
        )


class TaskInstance(metaclass=_NoDatabase):
    """The class of `ti`, for annotations."""


class DagRun(metaclass=_NoDatabase):
    """The class of `dag_run`, for annotations."""


class XCom(metaclass=_NoDatabase):
    """For annotations."""


class DagModel(metaclass=_NoDatabase):
    """For annotations."""


class DagBag(metaclass=_NoDatabase):
    """For annotations."""


class Log(metaclass=_NoDatabase):
    """For annotations."""


class Pool(metaclass=_NoDatabase):
    """For annotations."""


class SlaMiss(metaclass=_NoDatabase):
    """For annotations."""


class TaskReschedule(metaclass=_NoDatabase):
    """For annotations."""


class _LazySequences(type):
    """The runtime's class is not there while DAG files load; its name is."""

    def __instancecheck__(cls, value: Any) -> bool:
        return type(value).__name__ == "LazyXComSequence"


class LazyXComAccess(metaclass=_LazySequences):
    """What a mapped task pushed, for annotations and `isinstance`: Airflow 2's name and Airflow 3's."""


class NEW_SESSION(metaclass=_NoDatabase):  # noqa: N801 - Airflow's name
    """The default of `session` arguments, that `provide_session` replaces: there is no session."""


def provide_session(function: Any) -> Any:
    """Airflow's decorator that passes a database session: calling the function refuses."""

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG001
        raise coded(
            RuntimeError(f"{function.__name__}() needs a database session, and there is no metadata database"),
            "no-metadata-database",
            "what the running task needs is in its context (ti, dag_run)",
        )

    return refuse


def create_session(*args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG001
    raise coded(
        RuntimeError("there is no metadata database to open a session on"),
        "no-metadata-database",
        "what the running task needs is in its context (ti, dag_run)",
    )
