"""`literal(value)`: a value in a templated field that is passed on as it is, whatever it looks like.

>>> literal("{{ not a template }}").resolve({})
'{{ not a template }}'
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dag_translator.authoring.definitions.mixins import ResolveMixin


class LiteralValue(ResolveMixin):
    """Stands for `value`, which is not rendered."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        yield from ()

    def resolve(self, context: Any) -> Any:  # noqa: ARG002
        return self.value


def literal(value: Any) -> LiteralValue:
    """The value, not rendered."""
    return LiteralValue(value)
