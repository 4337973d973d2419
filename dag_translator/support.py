"""What is supported, as a table made from the code's own tables: the file OPERATORS.md, never written by hand.

`python -m dag_translator.support OPERATORS.md` writes it anew (part of `make golden`); a test compares.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.operator_arguments import OPERATOR_ARGUMENTS
from dag_translator.authoring.names.modules import MODULES
from dag_translator.authoring.names.refused import BY_NAME
from dag_translator.authoring.placeholders import RefusedOperator
from dag_translator.operators import LOWERINGS
from dag_translator.validate import NOT_ARGUMENTS, TASK_ASKS

_HEAD = """\
# Operators

What each operator becomes on AWS, and what is refused. Generated from the translator's own tables by `make golden`.
"""

_STATES = {
    "BaseOperator": "one `Task` state: the Lambda that runs it (or a container, by `executor_config`)",
    "BaseSensorOperator": "Lambda / `Choice` / `Wait`: a poke a lap, nothing in between",
    "EmptyOperator": "a `Pass` state",
    "AthenaOperator": "Lambda → `athena:startQueryExecution.sync` → Lambda",
    "AthenaSensor": "`athena:getQueryExecution` / `Choice` / `Wait`",
}
_SYNCED = "Lambda → its service's `.sync` integration → Lambda; one Lambda without"


def document() -> str:
    """The file, in Markdown."""
    lines = [_HEAD, "| Operator | becomes |", "|---|---|"]
    lines += [f"| {', '.join(f'`{name}`' for name in sorted(names))} | {states} |" for states, names in _by_states()]
    approximated = f"{_arguments('approximated')}; {_messages('approximated')}"
    lines += [
        (
            "| `@task` and its kin (`.branch`, `.short_circuit`, `.bash`, `.sensor`, …), your own `BaseOperator`,"
            " `BaseSensorOperator` | as the class they extend |"
        ),
        (
            "| any of them, or a `@task_group`, with `.partial(…).expand(…)`, `.expand_kwargs(…)` | a `Map` of these"
            " states over indexes |"
        ),
        "",
        "Refused so far, each with its line and what to do instead:",
        "",
        f"- operators and names: {', '.join(f'`{name}`' for name in sorted(BY_NAME))}",
        f"- arguments: {_arguments('refused')}",
        f"- {_messages('refused')}",
        "",
        f"Accepted, but otherwise than in Airflow, and said so: {approximated}.",
    ]
    return "\n".join(lines)


def _states(key: str) -> str:
    """What the entry `key` of `LOWERINGS` makes; one that says nothing of its own is Python."""
    lowering = LOWERINGS[key]
    python = "BaseSensorOperator" if lowering.sensor else "BaseOperator"
    return lowering.becomes or _STATES.get(key) or _STATES[python]


def _by_states() -> list[tuple[str, set[str]]]:
    """What a class becomes, with the names of the classes that do."""
    found: dict[str, set[str]] = {_states(key): set() for key in LOWERINGS}
    for name, kind in _operators():
        owner = next(each.__name__ for each in kind.__mro__ if each.__name__ in LOWERINGS)
        synced = getattr(kind, "sync", None) is not None
        found.setdefault(_SYNCED if synced else _states(owner), set()).add(name)
    named = [(states, names - {"BaseOperator", "BaseSensorOperator"}) for states, names in found.items()]
    return [(states, names) for states, names in named if names]


def _operators() -> Iterator[tuple[str, type]]:
    for target in sorted({target for names in MODULES.values() for target in names.values()}):
        module, _, attribute = target.partition(":")
        kind = getattr(importlib.import_module(f"dag_translator.authoring.{module}"), attribute, None)
        if isinstance(kind, type) and issubclass(kind, BaseOperator) and not issubclass(kind, RefusedOperator):
            yield attribute, kind


def _messages(severity: str) -> str:
    """What is so, where it is not about one argument."""
    return "; ".join(TASK_ASKS[name][1] for name in NOT_ARGUMENTS if TASK_ASKS[name][0] == severity)


def _arguments(severity: str) -> str:
    named = {name for name, (how, _, _) in TASK_ASKS.items() if how == severity}
    kinds = {"refused": "refused", "approximated": "ignored"}
    named = {name for name in named if name not in NOT_ARGUMENTS}
    named |= {row.name for row in OPERATOR_ARGUMENTS if row.kind == kinds[severity]}
    return ", ".join(f"`{name}`" for name in sorted(named))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document() + "\n")
