"""Check many DAG files at once: what is supported, approximated or refused, and why.

Each file is loaded and translated in a process of its own with a time limit, so a broken file never stops the others.

    {"path": "dags/x.py", "error": null, "problems": [], "dags": [{"dag_id": "x", "status": "supported", "tasks": 3,
     "definition_bytes": 4711, "problems": []}]}

error: why the file as a whole could not be read, None if it could. problems, of a file: those that belong to none of
its DAGs; of a DAG: its own. status: refused if any problem is, else approximated if there are any, else supported.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dag_translator.errors import Problem
from infra.cli.files import DagFile
from infra.cli.workers import Failed, each

FileReport = dict[str, Any]

_HINTS = {
    "timeout": "it took longer than --timeout; what takes long belongs into a task, not at the top of the file",
    "exit": "something in the file ends the process; only tasks may do that",
    "signal": "the process was killed: a crash in a C library, or out of memory",
}


def check_files(files: Sequence[DagFile], timeout: float, at_once: int | None = None) -> Iterator[FileReport]:
    """The report of each file, in the order in which they are done. timeout: seconds for one file."""
    _import_authoring()
    values = {str(file.path): file for file in files}
    for path, answer in each(check_file, values, timeout, at_once):
        yield _gave_no_answer(path, answer.reason) if isinstance(answer, Failed) else answer


def _import_authoring() -> None:
    """Import what DAG files will import of ours, before the processes are forked, so that none of them has to."""
    import dag_translator.pipeline  # noqa: F401
    from dag_translator import authoring

    for module in pkgutil.walk_packages(authoring.__path__, f"{authoring.__name__}."):
        importlib.import_module(module.name)


def check_file(file: DagFile) -> FileReport:
    """Load and translate one file, in this process."""
    from dag_translator.pipeline import translate_file

    results = translate_file(file.path, file.root)
    dags = [_dag_report(result) for result in results if result.dag_id is not None]
    loose = [problem for result in results if result.dag_id is None for problem in result.problems]
    refused = [problem for problem in loose if problem.severity == "refused"]
    return {
        "path": str(file.path),
        "error": "\n".join(_one_line(problem) for problem in refused) or None,
        "problems": [_problem(problem) for problem in loose],
        "dags": dags,
    }


def _dag_report(result: Any) -> dict[str, Any]:
    from dag_translator.pipeline import Refused

    problems = [_problem(problem) for problem in result.problems]
    if isinstance(result, Refused):
        status, tasks, size = "refused", result.tasks, None
    else:
        status, tasks = "approximated" if problems else "supported", len(result.manifest["tasks"])
        size = sum(len(json.dumps(each, ensure_ascii=False).encode()) for each in result.definitions)
    return {"dag_id": result.dag_id, "status": status, "tasks": tasks, "definition_bytes": size, "problems": problems}


def _problem(problem: Problem) -> dict[str, Any]:
    names = ("code", "line", "message", "hint", "task_id", "severity")
    return {name: getattr(problem, name) for name in names}


def _one_line(problem: Problem) -> str:
    where = f"line {problem.line}: " if problem.line else ""
    return f"{where}{problem.message}"


def _gave_no_answer(path: str, reason: str) -> FileReport:
    """The report of a file whose process hung, crashed or ended itself."""
    kind = reason.split()[0]
    known = kind in _HINTS
    message = f"loading the file ended with: {reason}" if kind != "timeout" else "loading the file took too long"
    hint = _HINTS[kind] if known else "please report this: it is a bug of Airstep's"
    problem = Problem(f"load-{kind}" if known else "internal-error", message, hint, path=path)
    return {"path": path, "error": message, "problems": [_problem(problem)], "dags": []}


def is_refused(report: FileReport) -> bool:
    """Whether the file, or any of its DAGs, cannot be translated."""
    return report["error"] is not None or any(dag["status"] == "refused" for dag in report["dags"])


def rows(reports: Sequence[FileReport]) -> Iterator[Mapping[str, Any]]:
    """The reports as a table: a row for each DAG, and one for each file that could not be read."""
    for report in reports:
        for dag in report["dags"]:
            yield {
                "file": report["path"],
                "dag_id": dag["dag_id"],
                "status": dag["status"],
                "tasks": dag["tasks"],
                "bytes": dag["definition_bytes"],
                "problems": len(dag["problems"]) or None,
            }
        if report["error"] is not None or not report["dags"]:
            yield {
                "file": report["path"],
                "status": "refused" if report["error"] is not None else "no DAGs",
                "problems": len(report["problems"]) or None,
            }


def messages(reports: Sequence[FileReport]) -> Iterator[str]:
    """Every problem as compilers print them: file:line: code: message, and what to do. What DAGs share is said once, so
    is what to do about the same problem in several places."""
    advised = set()
    for report in reports:
        said = set()
        by_dag = [(None, report["problems"]), *((dag["dag_id"], dag["problems"]) for dag in report["dags"])]
        for dag_id, problems in by_dag:
            for problem in problems:
                what = (problem["code"], problem["line"], problem["message"])
                if what not in said:
                    said.add(what)
                    advice = (problem["code"], problem["message"], problem["hint"])
                    again = {"hint": ""} if advice in advised else {}
                    advised.add(advice)
                    yield str(Problem(**{**problem, **again}, path=report["path"], dag_id=dag_id))
