"""Part of the freeze pass: the packages that a task wants to itself (PythonVirtualenvOperator and its kin).

They are installed while the DAG is deployed, so they must be known then; what isn't is a problem.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dag_translator.authoring import environments
from dag_translator.model import Environment

_PIP = "configure pip on the machine that deploys (pip.conf, PIP_INDEX_URL): the wheels are fetched there"
_AIRFLOW = "leave it out: Airstep answers to airflow.* there, too, unless system_site_packages is False"
_TEMPLATE = ("{{", "{%")
_CONTEXT = frozenset(
    {
        *("dag", "dag_run", "task", "ti", "task_instance", "conf", "macros", "var", "conn", "inlet_events"),
        *("outlet_events", "triggering_asset_events", "triggering_dataset_events"),
    }
)

Found = tuple[str, str, str]  # code, message, hint


def environment_of(operator: Any, seen: Any, folder: str) -> Environment | None:
    """What the operator wants; None if its function runs in the task's own interpreter.

    seen: the operator, or what is fixed of a mapped one; folder: of the DAG file.
    """
    if not any(kind.__name__ == "_BasePythonVirtualenvOperator" for kind in operator.operator_class.__mro__):
        return None
    problems: list[Found] = []
    wanted = _requirements(getattr(seen, "requirements", None), folder, problems)
    problems += _problems(seen)
    return Environment(wanted, getattr(seen, "python_version", None), tuple(problems))


def _requirements(given: Any, folder: str, problems: list[Found]) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else list(given) if isinstance(given, list | tuple | set) else []
    if given and (not texts or not all(isinstance(text, str) for text in texts)):
        problems.append(
            (
                "unsupported-requirements",
                "requirements are known only when the task runs, they are installed when the DAG is deployed",
                "write them as a list of texts, or as a requirements file beside the DAG file",
            )
        )
        return ()
    names_file = [text.endswith(".txt") and not text.startswith("-") for text in texts]
    read = [
        _text(Path(folder) / text, problems) if is_file else text
        for text, is_file in zip(texts, names_file, strict=True)
    ]
    if any(mark in text for text in read for mark in _TEMPLATE):
        problems.append(
            (
                "unsupported-requirements",
                "requirements hold a template, they are installed when the DAG is deployed, before any run",
                "write them out",
            )
        )
    found = environments.lines(read)
    for line in found:
        if line.startswith("-"):
            what = f"the option {line.split()[0]} in requirements is not supported"
            problems.append(("unsupported-requirements", what, _PIP))
        if line.lower().startswith("apache-airflow"):
            what = f"{line} in requirements is not supported"
            problems.append(("unsupported-requirements", what, _AIRFLOW))
    return found


def _text(file: Path, problems: list[Found]) -> str:
    try:
        return file.read_text()
    except OSError:
        what = f"there is no requirements file {file}"
        problems.append(("unsupported-requirements", what, "put it beside the DAG file, or write a list"))
        return ""


def _problems(seen: Any) -> Iterator[Found]:
    serializer = getattr(seen, "serializer", None) or "pickle"
    if getattr(seen, "use_dill", False) or serializer != "pickle":
        what = "only serializer='pickle' is supported: dill and cloudpickle are not in both interpreters"
        yield "unsupported-serializer", what, "hand over plain values"
    for name in ("pip_install_options", "index_urls", "index_urls_from_connection_ids"):
        if getattr(seen, name, None):
            yield "unsupported-argument", f"{name} is not supported", _PIP
    python = getattr(seen, "python", None)
    if python is not None and python != sys.executable:
        yield (
            "unsupported-interpreter",
            f"there is no interpreter {python} in a Lambda",
            "use PythonVirtualenvOperator, whose requirements are packaged, or python=sys.executable",
        )
    function = getattr(seen, "python_callable", None)
    code = getattr(function, "__code__", None)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()
    given: Mapping[str, Any] = getattr(seen, "op_kwargs", None) or {}
    for name in names:
        if name in _CONTEXT and name not in given:
            yield (
                "unsupported-context",
                f"{name!r} of the context can't be handed to another interpreter",
                f'hand over what you need of it: op_kwargs={{"…": "{{{{ {name}.… }}}}"}}',
            )
