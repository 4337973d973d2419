"""Pass 1: a DAG file → its live DAGs and its problems. The file's own code runs here, and nowhere later in the
translator.

The file is executed as Airflow's DAG processor does it: under a unique module name, with the DAG folder and its plugins
on `sys.path`, `airflow.*` answered by `authoring`. A package that is not installed is a problem, and stands as a
placeholder, so that the rest of the file shows its own problems. Found are the DAGs bound to module-level names, used in a `with`
block, or made by calling a `@dag` function. Afterwards `sys.path` and `sys.modules` are as they were before, so that
files don't see each other's modules.

Invariant: `load` never raises for what a user wrote; `problems` has all that was found, each with the line in the file.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dag_translator.authoring import imports
from dag_translator.authoring.definitions.contexts import inside_again, outside
from dag_translator.authoring.loading import Loading
from dag_translator.authoring.missing import MissingFinder, MissingModule
from dag_translator.errors import Problem, TranslationError, UsageError
from dag_translator.import_path import add_to_path, import_folders, in_folders
from dag_translator.load_errors import is_ours, problem_of, syntax_problem

if TYPE_CHECKING:
    from dag_translator.authoring.definitions.dag import DAG


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """path: the file; dags: its DAGs in the order of making; problems: all that is wrong with the file."""

    path: Path
    dags: tuple[DAG, ...]
    problems: tuple[Problem, ...]


def load(path: Path, *, root: Path | None = None) -> LoadedFile:
    """Load a DAG file. root: the DAG folder, default the file's own; paths in problems are as `path` was given."""
    file = str(path)
    with Loading(file, str(root or path.parent)) as loading, _clean_interpreter(path, root), imports.airflow_imports():
        tokens = outside()
        try:
            module = _execute(path, loading)
        finally:
            inside_again(tokens)
        dags = _dags(module, loading)
        _check_ids(dags, loading)
        for dag in dags:
            _check_cycles(dag, loading)
        _check_orphans(loading)
    return LoadedFile(path, tuple(dags), tuple(loading.problems))


def load_for_run(path: Path, dag_id: str, *, root: Path | None = None) -> DAG:
    """The DAG that a Lambda runs. The import hook and the DAG folder stay installed, for imports inside functions.

    Raises TranslationError if the file or this DAG has problems that are refused, UsageError if it has no such DAG.
    """
    imports.install()
    folder = (root or path.parent).resolve()
    add_to_path(folder)
    with Loading(str(path), str(folder)) as loading:
        module = _execute(path, loading)
        found = _dags(module, loading)
    refused = [
        problem for problem in loading.problems if problem.severity == "refused" and problem.dag_id in (None, dag_id)
    ]
    if refused:
        raise TranslationError(refused)
    for dag in found:
        if dag.dag_id == dag_id:
            return dag
    raise UsageError(f"{path} has no DAG {dag_id!r}, only {', '.join(dag.dag_id for dag in found) or 'none'}")


def module_name(path: Path) -> str:
    """A module name that no other DAG file has."""
    digest = hashlib.sha1(str(path.resolve()).encode(), usedforsecurity=False).hexdigest()
    return f"unusual_prefix_{digest}_{path.stem}"


def _execute(path: Path, loading: Loading) -> ModuleType:
    """Run the file; what it raises becomes a problem at its own line."""
    module = ModuleType(module_name(path))
    module.__file__ = loading.path
    sys.modules[module.__name__] = module  # pickling and typing look the module up
    try:
        source = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            code = compile(source, loading.path, "exec", dont_inherit=True)
        exec(code, module.__dict__)
    except SyntaxError as error:
        loading.add(syntax_problem(error, loading))
    except (Exception, SystemExit) as error:
        if is_ours(error) or not loading.has_placeholders:  # what a file does with these says nothing about it
            loading.add(problem_of(error, loading))
    return module


def _dags(module: ModuleType, loading: Loading) -> list[DAG]:
    from dag_translator.authoring.definitions.dag import DAG

    bound = [value for value in list(vars(module).values()) if isinstance(value, DAG) and not value.is_subdag]
    for dag in bound:
        loading.register(dag)
    return sorted(loading.dags, key=lambda dag: dag._airstep_line or 0)


def _check_ids(dags: list[Any], loading: Loading) -> None:
    """Two DAGs of one id: Airflow keeps the last one, which is never what was meant."""
    first: dict[str, Any] = {}
    for dag in list(dags):
        other = first.setdefault(dag.dag_id, dag)
        if other is not dag:
            loading.add(
                Problem(
                    "duplicate-dag-id",
                    f"the file has two DAGs with the id {dag.dag_id!r}",
                    f"rename this one, or the one in line {other._airstep_line}",
                    path=loading.path,
                    line=dag._airstep_line,
                    dag_id=dag.dag_id,
                )
            )
            dags.remove(dag)


def _check_cycles(dag: Any, loading: Loading) -> None:
    cycle = _cycle(dag)
    if cycle:
        names = " → ".join([*cycle, cycle[0]])
        line = dag.task_dict[cycle[0]]._airstep_line
        loading.add(
            Problem(
                "cycle",
                f"tasks wait for each other: {names}",
                "remove one of these edges",
                path=loading.path,
                line=line,
                dag_id=dag.dag_id,
                task_id=cycle[0],
            )
        )


def _cycle(dag: Any) -> list[str]:
    """The ids along one cycle, empty if there is none."""
    done: set[str] = set()
    for start in dag.task_dict:
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[Iterator[str]] = [iter([start])]
        while stack:
            following = next((i for i in stack[-1] if i in on_path or i not in done), None)
            if following is None:
                stack.pop()
                if path:
                    on_path.discard(path[-1])
                    done.add(path.pop())
                continue
            if following in on_path:
                return path[path.index(following) :]
            path.append(following)
            on_path.add(following)
            stack.append(iter(sorted(dag.task_dict[following].downstream_task_ids)))
    return []


def _check_orphans(loading: Loading) -> None:
    for task in loading.tasks:
        if not task.has_dag():
            loading.add(
                Problem(
                    "task-without-dag",
                    f"task {task.task_id!r} belongs to no DAG and never runs",
                    "make it inside `with DAG(...)`, or pass dag=",
                    path=loading.path,
                    line=task._airstep_line,
                    task_id=task.task_id,
                    severity="approximated",
                )
            )


@contextmanager
def _clean_interpreter(path: Path, root: Path | None) -> Iterator[None]:
    """What DAG files import from is on `sys.path`; afterwards, what was imported from there is forgotten."""
    folders = [*map(str, import_folders(root or path.parent)), str(path.parent.resolve())]
    paths, modules = list(sys.path), dict(sys.modules)
    add_to_path(root or path.parent)
    sys.meta_path.append(MissingFinder)
    try:
        yield
    finally:
        sys.meta_path.remove(MissingFinder)
        sys.path[:] = paths
        new = [(name, module) for name, module in sys.modules.items() if name not in modules]
        for name in [name for name, module in new if isinstance(module, MissingModule) or _is_from(module, folders)]:
            del sys.modules[name]
        importlib.invalidate_caches()


def _is_from(module: Any, folders: list[str]) -> bool:
    """Whether a module's file, or a namespace package's folder, lies in one of the folders, and is no installed one."""
    origins = [getattr(module, "__file__", None) or "", *map(str, getattr(module, "__path__", None) or ())]
    return any(in_folders(origin, folders) for origin in origins if origin)
