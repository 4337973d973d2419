"""What there is to say about each operator, found out by asking the translator: how it runs, IAM, what is otherwise.

No operator is described by hand. Each class is probed with no argument but the one in question; where others are
required, as a mapped operator, of which they need not be known. What comes out is what `freeze` and the lowerings
decide.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dag_translator.account import NOTHING_SAID, Account, HttpConnection
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.dag import DAG
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.names.modules import MODULES
from dag_translator.authoring.placeholders import RefusedOperator
from dag_translator.authoring.sensors.base import BaseSensorOperator
from dag_translator.errors import TranslationError
from dag_translator.freeze import freeze
from dag_translator.model import Task
from dag_translator.operators import LOWERINGS, empty, http_task, polling, python, sensor
from dag_translator.operators.lowering import Permission
from dag_translator.operators.service_rows import without_effect

# What an argument is tried with, to see what the translator says of it.
_VALUES: tuple[Any, ...] = (True, 1, "x", ["x"], {"x": "x"})
# Whether a task waits for the work that it starts: how a row's text names the choice.
_CHOICES: Mapping[str, tuple[str, Any]] = {
    "with `wait_for_completion`": ("wait_for_completion", True),
    "without `wait_for_completion`": ("wait_for_completion", False),
    "with `deferrable`": ("deferrable", True),
}
# What another entry of `LOWERINGS` hangs on: the project's setting by which `in_account` chooses it.
_SETTINGS: Mapping[str, str] = {"S3KeySensor on events": "s3EventBuckets", http_task.KEY: "httpConnections"}
_HTTP = HttpConnection("arn:aws:events:eu-west-1:123456789012:connection/api/1", "https://api")
_ACCOUNT = Account(("lake",), {"http_default": _HTTP})
_LAMBDA, _POLLED_BY_LAMBDA = "Lambda", "polled by Lambda"
# Entries that never have anything to say about an argument.
_SILENT = (python.LOWERING.settings, sensor.LOWERING.settings)
_NO_FILE = Path("support.py")


@dataclass(frozen=True, slots=True)
class SupportRow:
    """One operator. module: Airflow's newest that has it. how: it runs, in Markdown. machine, function: IAM actions of
    the state machine's role, and of the role of the Lambda. otherwise: what is not as in Airflow."""

    name: str
    module: str
    how: str
    machine: tuple[str, ...] = ()
    function: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    how: dict[str, str] = field(default_factory=dict)
    machine: set[str] = field(default_factory=set)
    function: set[str] = field(default_factory=set)


def operators() -> Iterator[tuple[str, type]]:
    """Every operator and sensor that a DAG file can import, by name; those that are refused are left out."""
    for target in sorted(_modules()):
        module, _, attribute = target.partition(":")
        kind = getattr(importlib.import_module(f"dag_translator.authoring.{module}"), attribute, None)
        if isinstance(kind, type) and issubclass(kind, BaseOperator) and not issubclass(kind, RefusedOperator):
            yield attribute, kind


def rows() -> Iterator[SupportRow]:
    """A row for each of them; classes that only others are made of have none."""
    modules = _modules()
    newest = {target.partition(":")[2]: found[0] for target, found in modules.items()}
    for name, kind in operators():
        if "Base" not in name and name != "DecoratedOperator":
            yield _row(name, newest[name], kind)


def _modules() -> dict[str, list[str]]:
    """Where each target is imported from, a provider's module first."""
    found: dict[str, list[str]] = {}
    for module, names in MODULES.items():
        for target in names.values():
            found.setdefault(target, []).append(module)
    return {target: sorted(each, key=_rank) for target, each in found.items()}


def _rank(module: str) -> tuple[bool, int, str]:
    return not module.startswith("airflow.providers."), -module.count("."), module


def _row(name: str, module: str, kind: Any) -> SupportRow:
    found = _Found()
    arguments = _arguments(kind)
    tried = [_probed(kind, {}), _probed(kind, {}, _ACCOUNT)]
    tried += [_probed(kind, dict([choice])) if choice[0] in arguments else None for choice in _CHOICES.values()]
    for label, task in zip(("", "on", *_CHOICES), tried, strict=True):
        if task is not None:
            lowering, setting = LOWERINGS[task.lowering], _SETTINGS.get(task.lowering)
            found.how[f"with the setting `{setting}`" if setting else label] = _how(kind, task)
            found.machine |= _actions(lowering.permissions(task, "machine"))
            found.function |= _actions(lowering.task_permissions(task))
    otherwise = tuple(dict.fromkeys(_otherwise(kind, arguments)))
    return SupportRow(name, module, _told(found.how), _sorted(found.machine), _sorted(found.function), otherwise)


_MISFITS = (TypeError, ValueError, AttributeError, ImportError, AirflowException, TranslationError)


def _probed(kind: Any, given: Mapping[str, Any], account: Account = NOTHING_SAID) -> Task | None:
    """The class as a task; None if the arguments don't fit."""
    for make in (kind, lambda **arguments: kind.partial(**arguments).expand_kwargs([{}])):
        with contextlib.suppress(
            TypeError, ValueError, AttributeError, ImportError, AirflowException, TranslationError
        ):
            with DAG("support", schedule=None) as dag:
                make(task_id="t", **given)
            (task,) = freeze(dag, _NO_FILE, None, account).tasks
            return task
    return None


def _how(kind: Any, task: Task) -> str:
    lowering, settings = LOWERINGS[task.lowering], task.settings
    owner = next((each.__name__ for each in kind.__mro__ if each.__name__ in LOWERINGS), "BaseOperator")
    if LOWERINGS[owner].lower is empty.lower:
        return "`Pass`"  # mapped it is Python
    if lowering.becomes:
        return lowering.becomes
    if settings.get("how") == "sync":
        return f"`{settings['resource']}.sync`"
    if "resource" in settings and settings.get("how", "sdk") == "sdk":
        return f"polled: `{settings['resource'].rpartition('aws-sdk:')[2]}`"
    if lowering.sensor or settings.get("how") == "lambda":
        return _POLLED_BY_LAMBDA
    return _LAMBDA if lowering.lower is python.lower else "?"


def _told(how: Mapping[str, str]) -> str:
    """What it becomes by default, then what a choice makes of it, where that differs."""
    told: dict[str, str] = {}
    for label, each in how.items():
        told.setdefault(each, f"{label} {each}".strip())
    return "; ".join(told.values())


def _actions(permissions: tuple[Permission, ...]) -> set[str]:
    """Without those by which a machine polls in rounds; they are no operator's own."""
    own = (each for each in permissions if not each.reason.startswith(polling.ROUNDS))
    return {action for each in own for action in each.actions}


def _sorted(actions: set[str]) -> tuple[str, ...]:
    return tuple(sorted(actions))


def _arguments(kind: Any) -> dict[str, Any]:
    """The arguments of its own and of its bases, below what every operator (or sensor) has."""
    found: dict[str, Any] = {}
    for each in kind.__mro__:
        init = vars(each).get("__init__")
        if each in (BaseOperator, BaseSensorOperator) or not inspect.isfunction(init):
            continue
        for name, parameter in inspect.signature(init).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY:
                found.setdefault(name, parameter.default)
    return found


def _otherwise(kind: Any, arguments: Mapping[str, Any]) -> Iterator[str]:
    """What is said of an argument when it is given. A row of a service says it by itself."""
    task = _probed(kind, {})
    if task is None:
        return
    if task.lowering.startswith("Service"):
        without = [name for name, _, _ in without_effect(kind)]
        if without:
            yield f"{_listed(sorted(without))}: no effect"
        return
    if LOWERINGS[task.lowering].settings in _SILENT:
        return
    elsewhere: list[str] = []
    alike: dict[str, list[str]] = {}
    for name in sorted(arguments):
        for value in _VALUES:
            settings = getattr(_probed(kind, {name: value}), "settings", {})
            if settings.get("unused"):
                elsewhere.append(name)
                break
            if said := [message for _, message, _ in settings.get("notes", ())]:
                for message in said:
                    alike.setdefault(message.removeprefix(name), []).append(name)
                break
    for message, names in alike.items():
        yield f"{_listed(names)}{message}" if message.startswith((":", " has")) else message
    if elsewhere:
        yield f"{_listed(elsewhere)}: no effect"
    by_setting = _probed(kind, {}, _ACCOUNT)
    if by_setting is not None and by_setting.lowering in _SETTINGS:
        notes = by_setting.settings.get("notes", ())
        yield from (f"with `{_SETTINGS[by_setting.lowering]}`: {message}" for _, message, _ in notes)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
