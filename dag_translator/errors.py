"""The tree of errors, and the problems they carry.

    AirstepError              anything that Airstep raises on purpose
    ├── TranslationError      the user's DAG file cannot be translated: carries every problem found, not the first
    ├── UsageError            the command was called with something that does not exist or does not fit
    └── InternalError         a bug of ours: the emitted definition or a pass broke its own invariant

A `Problem` says where (file, line, DAG, task), what, and what to do about it, under a stable code.

>>> print(Problem("cycle", "a, b wait for each other", "remove one of the edges", path="dags/x.py", line=7, dag_id="x"))
dags/x.py:7: cycle: a, b wait for each other [DAG x]
    → remove one of the edges
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["refused", "approximated"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in a user's DAG file that is refused, or that behaves slightly otherwise than in Airflow.

    code: stable kebab-case word; message: what; hint: what to do; path and line: where in the user's file (line is
    1-based, None if unknown); dag_id and task_id as far as known.
    """

    code: str
    message: str
    hint: str = ""
    path: str | None = None
    line: int | None = None
    dag_id: str | None = None
    task_id: str | None = None
    severity: Severity = "refused"

    def __str__(self) -> str:
        where = f"{self.path or '<unknown file>'}{f':{self.line}' if self.line else ''}"
        named = ", ".join(
            f"{kind} {name}" for kind, name in (("DAG", self.dag_id), ("task", self.task_id)) if name is not None
        )
        text = f"{where}: {self.code}: {self.message}{f' [{named}]' if named else ''}"
        return f"{text}\n    → {self.hint}" if self.hint else text

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class AirstepError(Exception):
    """Anything that Airstep raises on purpose."""


class TranslationError(AirstepError):
    """A DAG file, or one of its DAGs, cannot be translated."""

    def __init__(self, problems: tuple[Problem, ...] | list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(AirstepError):
    """A command or function was called with something that does not exist or does not fit."""


class InternalError(AirstepError):
    """A bug of Airstep's own; the message asks the user to report it."""
