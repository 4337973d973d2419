"""What happens to a DAG file while it loads: its problems are collected, so that all of them are reported at once.

A `Loading` is current while `dag_translator.load` executes a DAG file. Definitions call `report()`; with a loading
under way the problem is noted and the file goes on, without one (in a Lambda, in a user's own test) the mistake
raises at once.

>>> with Loading("dags/x.py") as loading:
...     report("unknown-argument", "BashOperator has no argument 'bash_comand'", "did you mean 'bash_command'?", line=3)
>>> print(loading.problems[0])
dags/x.py:3: unknown-argument: BashOperator has no argument 'bash_comand'
    → did you mean 'bash_command'?
"""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar, Token
from difflib import get_close_matches
from types import FrameType, TracebackType
from typing import Any, Literal, Self, TypeVar

from dag_translator.errors import Problem, TranslationError

_CURRENT: ContextVar[Loading | None] = ContextVar("airstep_loading", default=None)
E = TypeVar("E", bound=BaseException)

# How a placeholder for what could not be imported shows itself, and what says that a file has some.
PLACEHOLDER = "<not imported: "
_IMPORT_CODES = frozenset({"missing-module", "unknown-import", "unsupported-import"})

_OWN_PACKAGE = __name__.rpartition(".")[0]


class Loading:
    """One DAG file under way. path: as `__file__` will say it; root: the DAG folder.

    problems: found so far, without repetitions; dags: those made by `with DAG(...)` or a called `@dag` function, in
    order; tasks: every task made, whether or not it has a DAG (each answers `has_dag()` and `_airstep_line`); assets:
    by name, for those that are referred to.
    """

    def __init__(self, path: str, root: str | None = None) -> None:
        self.path = path
        self.root = root
        self.problems: list[Problem] = []
        self.dags: list[Any] = []
        self.tasks: list[Any] = []
        self.assets: dict[str, Any] = {}
        self._token: Token[Loading | None] | None = None

    def __enter__(self) -> Self:
        self._token = _CURRENT.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _CURRENT.reset(self._token)

    def add(self, problem: Problem) -> None:
        """Note a problem, unless it is there already or is about a placeholder, whose lack is one itself."""
        if problem not in self.problems and PLACEHOLDER not in problem.message:
            self.problems.append(problem)

    @property
    def has_placeholders(self) -> bool:
        """Whether names of the file stand for what could not be imported."""
        return any(problem.code in _IMPORT_CODES for problem in self.problems)

    def register(self, dag: Any) -> None:
        if not any(known is dag for known in self.dags):
            self.dags.append(dag)


def current() -> Loading | None:
    return _CURRENT.get()


def user_frame() -> FrameType | None:
    """The innermost frame that is neither ours nor the import system's: the user's line that called us."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        ours = name == _OWN_PACKAGE or name.startswith(_OWN_PACKAGE + ".") or name == "dag_translator.load"
        if not (ours or frame.f_code.co_filename.startswith(("<frozen importlib", "<attrs"))):
            return frame
        frame = frame.f_back
    return None


def line_in_file() -> int | None:
    """The line of the DAG file that is executing now (in its innermost frame), None when no file loads."""
    loading = current()
    if loading is None:
        return None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == loading.path:
            return frame.f_lineno
        frame = frame.f_back
    return None


def file_under_way() -> str:
    """The absolute path of the DAG file that loads now, else of the file that calls us."""
    loading, frame = current(), user_frame()
    path = loading.path if loading is not None else frame.f_code.co_filename if frame is not None else ""
    return os.path.abspath(path) if path else ""


def line_of(traceback: TracebackType | None, path: str) -> int | None:
    """The innermost line of `path` in a traceback."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def report(
    code: str,
    message: str,
    hint: str = "",
    *,
    line: int | None = None,
    dag_id: str | None = None,
    task_id: str | None = None,
    severity: Literal["refused", "approximated"] = "refused",
    error: Exception | None = None,
) -> None:
    """Note a problem of the DAG file that loads now; otherwise raise `error` (default: TranslationError).

    An approximation never raises. The line defaults to the DAG file's line that is executing.
    """
    loading = current()
    problem = Problem(
        code,
        message,
        hint,
        path=loading.path if loading else None,
        line=line if line is not None else line_in_file(),
        dag_id=dag_id,
        task_id=task_id,
        severity=severity,
    )
    if loading is not None:
        loading.add(problem)
    elif severity == "refused":
        raise error if error is not None else TranslationError([problem])


def coded(error: E, code: str, hint: str) -> E:
    """Give an exception (which has to stay Airflow's own class, users catch it) the code and hint of its problem."""
    error.airstep_code = code  # type: ignore[attr-defined]
    error.airstep_hint = hint  # type: ignore[attr-defined]
    return error


def did_you_mean(name: str, candidates: Any, otherwise: str = "", alike: float = 0.6) -> str:
    """`did you mean 'x'?` for the closest candidate, else the given text. alike: 0 to 1, how close it has to be."""
    close = get_close_matches(name, [str(candidate) for candidate in candidates], n=1, cutoff=alike)
    return f"did you mean {close[0]!r}?" if close else otherwise
