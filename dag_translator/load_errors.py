"""What a DAG file raises while it loads, as a `Problem` at its own line, with what to do about it."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from dag_translator.authoring.loading import Loading, line_of
from dag_translator.authoring.missing import CODE as MISSING
from dag_translator.authoring.missing import hint_for as hint_for_missing
from dag_translator.authoring.names.refused import hint_for
from dag_translator.errors import Problem, TranslationError

_IMPORT_HINT = "import something that the module has; a DAG file is in no package, so its imports name the whole module"
_ENVIRONMENT_HINT = "set it in the setting `environment` of cdk.json, which reaches the DAG's Lambda, too"
_AWS_HINT = (
    "the file calls AWS while it loads: do that in a task; or give it credentials and a region (AWS_PROFILE) here, and "
    "its permissions in the setting `taskPermissions`"
)
_FILE_HINT = "put the file into the DAG folder, and name it from there: Path(__file__).parent / …"


def syntax_problem(error: SyntaxError, loading: Loading) -> Problem:
    """Of a file, or a module that it imports, which Python can't read."""
    own = error.filename == loading.path
    where = error.lineno if own else line_of(error.__traceback__, loading.path)
    message = f"{error.msg}{'' if own else f' in {error.filename}:{error.lineno}'}"
    return _problem("syntax-error", message, "correct the line; Python itself can't read the file", loading, where)


def is_ours(error: BaseException) -> bool:
    """Whether we raised it, about something that the file says."""
    return hasattr(error, "airstep_code") or isinstance(error, TranslationError)


def problem_of(error: BaseException, loading: Loading) -> Problem:
    """Of what the file raised."""
    line = line_of(error.__traceback__, loading.path)
    code = getattr(error, "airstep_code", None)
    if code is not None:
        return _problem(code, str(error), error.airstep_hint, loading, line)  # type: ignore[attr-defined]
    if isinstance(error, TranslationError) and error.problems:
        first = error.problems[0]
        return _problem(first.code, first.message, first.hint, loading, first.line or line)
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.split(".")[0] != "airflow":
        hint = hint_for_missing([error.name], Path(loading.root or Path(loading.path).parent))
        return _problem(MISSING, f"No module named {error.name!r}", hint, loading, line)
    if isinstance(error, ImportError):
        hint = hint_for(error.name or "") or _IMPORT_HINT
        return _problem("unknown-import", str(error), hint, loading, line)
    if isinstance(error, SystemExit):
        return _problem("file-raised", f"the file ends the process with {error!r}", "remove the exit", loading, line)
    if isinstance(error, KeyError) and _is_from_environ(error.__traceback__):
        message = f"the environment variable {error.args[0]} is not set"
        return _problem("missing-environment-variable", message, _ENVIRONMENT_HINT, loading, line)
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _problem("file-raised", message, _hint_for(error), loading, line)


def _hint_for(error: BaseException) -> str:
    if any(kind.__module__.startswith("botocore.") for kind in type(error).__mro__):
        return _AWS_HINT
    return _FILE_HINT if isinstance(error, FileNotFoundError) else "the file's own code raises this while it loads"


def _is_from_environ(traceback: TracebackType | None) -> bool:
    """Whether `os.environ[…]` raised."""
    code = None
    while traceback is not None:
        code, traceback = traceback.tb_frame.f_code, traceback.tb_next
    return code is os._Environ.__getitem__.__code__


def _problem(code: str, message: str, hint: str, loading: Loading, line: int | None) -> Problem:
    return Problem(code, message, hint, path=loading.path, line=line)
