"""Tables of arguments: how one row looks, and what happens to an argument by its kind.

    translated    kept on the object; the translator or the Lambda acts on it, or says that it cannot
    display       kept on the object; Airflow only shows it
    ignored       accepted; giving it makes a note (severity "approximated") with the row's reason, since it has no
    effect here refused       giving it is a problem with the row's reason

The documentation's tables of supported arguments are generated from these rows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dag_translator.authoring.loading import report

Kind = Literal["translated", "display", "ignored", "refused"]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of DAG or BaseOperator.

    default: as in Airflow 3; make: builds the default anew when it is mutable; why: what is so, and after a semicolon
    what to do instead.
    """

    name: str
    default: Any = None
    kind: Kind = "translated"
    why: str = ""
    make: Callable[[], Any] | None = None
    required: bool = False

    def fresh_default(self) -> Any:
        return self.make() if self.make is not None else self.default


def note_given(
    row: Argument, value: Any, owner: str, *, dag_id: str | None, task_id: str | None, line: int | None = None
) -> None:
    """Report an argument that has no effect here, or is refused, when its value differs from the default."""
    if row.kind in ("translated", "display") or value in (None, row.default):
        return
    ignored = row.kind == "ignored"
    what, _, instead = row.why.partition("; ")
    report(
        "ignored-argument" if ignored else "unsupported-argument",
        f"{owner} has {row.name}={value!r}: {what}",
        instead or ("remove it, or live without it" if ignored else "leave it out"),
        line=line,
        dag_id=dag_id,
        task_id=task_id,
        severity="approximated" if ignored else "refused",
    )


def signature_of(rows: Iterable[Argument], positional: tuple[str, ...] = ()) -> inspect.Signature:
    """The signature that the rows stand for; users (and Airflow's default_args) look at it."""
    kinds = inspect.Parameter
    parameters = (
        kinds(
            row.name,
            kinds.POSITIONAL_OR_KEYWORD if row.name in positional else kinds.KEYWORD_ONLY,
            default=kinds.empty if row.required else row.default,
        )
        for row in rows
    )
    return inspect.Signature(
        [kinds("self", kinds.POSITIONAL_OR_KEYWORD), *parameters, kinds("kwargs", kinds.VAR_KEYWORD)]
    )


def by_name(rows: Iterable[Argument]) -> Mapping[str, Argument]:
    return {row.name: row for row in rows}
