"""What a mapped task or group is mapped over: the recorded arguments of `expand(…)` and `expand_kwargs(…)`.

>>> list(DictOfListsExpandInput({"x": [1, 2], "y": ["a", "b"]}).combinations())
[{'x': 1, 'y': 'a'}, {'x': 1, 'y': 'b'}, {'x': 2, 'y': 'a'}, {'x': 2, 'y': 'b'}]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dag_translator.authoring.definitions.mixins import ResolveMixin
from dag_translator.authoring.definitions.xcom_arg import XCOM_RETURN_KEY, XComArg


class MappedArgument(ResolveMixin):
    """What the function of a mapped task group gets for a mapped argument: the item of its own index."""

    def __init__(self, expand_input: DictOfListsExpandInput | ListOfDictsExpandInput, key: str) -> None:
        self.expand_input = expand_input
        self.key = key

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        yield from self.expand_input.iter_references()

    def resolve(self, context: Any) -> Any:
        return self.expand_input.resolve(context)[self.key]


class DictOfListsExpandInput(ResolveMixin):
    """`expand(x=…, y=…)`: every combination, the last argument changing fastest."""

    kind = "dict-of-lists"

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        for item in self.value.values():
            if isinstance(item, ResolveMixin):
                yield from item.iter_references()

    def is_literal(self) -> bool:
        """Whether all items are known while the file loads."""
        return not any(isinstance(item, ResolveMixin) for item in self.value.values())

    def parse_time_length(self) -> int | None:
        """The number of instances, None if only a run knows."""
        if not self.is_literal():
            return None
        length = 1
        for item in self.value.values():
            length *= len(item)
        return length

    def combinations(self, context: Any = None) -> Iterator[dict[str, Any]]:
        """The mapped arguments of each instance, in the order of map_index."""
        lists = [
            items_of(item.resolve(context) if isinstance(item, ResolveMixin) else item) for item in self.value.values()
        ]
        for indexes in itertools.product(*(range(len(items)) for items in lists)):
            yield {name: items[i] for name, items, i in zip(self.value, lists, indexes, strict=True)}

    def length(self, context: Any) -> int:
        """The number of instances, in a run."""
        total = 1
        for item in self.value.values():
            total *= len(items_of(item.resolve(context) if isinstance(item, ResolveMixin) else item))
        return total

    def pushed_names(self) -> list[str]:
        """The arguments that come from XComs, and so are not rendered as templates."""
        return [name for name, item in self.value.items() if isinstance(item, ResolveMixin)]

    def resolve(self, context: Any) -> dict[str, Any]:
        """The mapped arguments of the context's own map_index."""
        index = _map_index(context)
        found: dict[str, Any] = {}
        for name, item in reversed(self.value.items()):
            items = items_of(item.resolve(context) if isinstance(item, ResolveMixin) else item)
            index, own = divmod(index, len(items))
            found[name] = items[own]
        return {name: found[name] for name in self.value}


class ListOfDictsExpandInput(ResolveMixin):
    """`expand_kwargs([...])`: one instance per dict."""

    kind = "list-of-dicts"

    def __init__(self, value: Any) -> None:
        self.value = value

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        for item in [self.value] if isinstance(self.value, ResolveMixin) else self.value:
            if isinstance(item, ResolveMixin):
                yield from item.iter_references()

    def is_literal(self) -> bool:
        if isinstance(self.value, ResolveMixin):
            return False
        return not any(
            isinstance(item, ResolveMixin) or any(isinstance(v, ResolveMixin) for v in item.values())
            for item in self.value
        )

    def parse_time_length(self) -> int | None:
        return None if isinstance(self.value, ResolveMixin) else len(self.value)

    def length(self, context: Any) -> int:
        return len(self._items(context))

    def resolve(self, context: Any) -> dict[str, Any]:
        items = self._items(context)
        if not isinstance(items, Sequence):  # a dict has a length, so it is expanded, and its instances fail
            raise ValueError(f"expand_kwargs() expects a list[dict], not {type(items).__name__}")
        mapping = items[_map_index(context)]
        if isinstance(mapping, ResolveMixin):
            mapping = mapping.resolve(context)
        if not isinstance(mapping, Mapping):
            raise ValueError(f"expand_kwargs() expects a list[dict], not list[{type(mapping).__name__}]")
        for key in mapping:
            if not isinstance(key, str):
                raise ValueError(
                    f"expand_kwargs() input dict keys must all be str, but {key!r} is of type {type(key).__name__}"
                )
        return {
            name: item.resolve(context) if isinstance(item, ResolveMixin) else item for name, item in mapping.items()
        }

    def pushed_names(self) -> list[str]:
        """As above; but whole dicts of arguments are rendered, wherever they come from, as Airflow 3.3.2 does."""
        return []

    def _items(self, context: Any) -> Sequence[Any] | Mapping[str, Any]:
        value = self.value.resolve(context) if isinstance(self.value, ResolveMixin) else self.value
        if not isinstance(value, Sequence | Mapping):
            raise ValueError(f"expand_kwargs() expects a list[dict], not {type(value).__name__}")
        return value


ExpandInput = DictOfListsExpandInput | ListOfDictsExpandInput


def items_of(value: Any) -> Sequence[Any]:
    """The items to map over: those of a sequence, or the (key, value) pairs of a dict."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return value
    from dag_translator.authoring.exceptions import UnmappableXComTypePushed

    raise UnmappableXComTypePushed(f"unmappable return type {type(value).__qualname__!r}")


def check_expand(owner: str, arguments: Mapping[str, Any]) -> None:
    """What `expand(…)` gets: collections or references to return values, no text and no numbers."""
    if not arguments:
        raise TypeError("no arguments to expand against")
    for name, value in arguments.items():
        if isinstance(value, str | bytes) or not isinstance(value, ResolveMixin | Mapping | Sequence):
            raise ValueError(
                f"{owner}.expand() got an unexpected type {type(value).__name__!r} for keyword argument {name}"
            )
    check_return_values(arguments)


def check_expand_kwargs(value: Any) -> None:
    good = isinstance(value, XComArg) or (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and all(isinstance(item, XComArg | Mapping) for item in value)
    )
    if not good:
        raise TypeError(f"expected XComArg or list[dict], not {type(value).__name__}")
    check_return_values(value)


def check_return_values(value: Any) -> None:
    """Mapping works over return values only, not over other XCom keys."""
    if isinstance(value, XComArg):
        for operator, key in value.iter_references():
            if key != XCOM_RETURN_KEY:
                raise ValueError(f"cannot map over XCom with custom key {key!r} from {operator}")
    elif isinstance(value, Mapping):
        for item in value.values():
            check_return_values(item)
    elif isinstance(value, list | tuple):
        for item in value:
            check_return_values(item)


def prevent_duplicates(first: Mapping[str, Any], second: Mapping[str, Any], why: str) -> None:
    both = sorted(set(first) & set(second))
    if both:
        raise TypeError(f"{why} argument{'s' * (len(both) > 1)}: {', '.join(both)}")


def _map_index(context: Any) -> int:
    index = context["ti"].map_index
    if index is None or index < 0:
        raise RuntimeError("can't resolve task-mapping argument without expanding")
    return int(index)
