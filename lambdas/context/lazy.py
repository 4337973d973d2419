"""Values that are made when they are first touched: pendulum dates, and what costs a look into the table.

A `Lazy` stands for its value in every respect but identity (`lazy is None` is false even for None, as with
Airflow's own).

>>> calls = []
>>> value = Lazy(lambda: calls.append("made") or 7)
>>> calls
[]
>>> value + 1, str(value), isinstance(value, int), calls
(8, '7', True, ['made'])
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

_UNMADE = object()


def dated(text: str | None) -> Any:
    """An ISO time as pendulum's DateTime in UTC; None for None."""
    if text is None:
        return None
    import pendulum

    value = pendulum.parse(text)
    return value.in_timezone("UTC")  # type: ignore[union-attr]


class Lazy:
    """Stands for `make()`, which is called once, when something is asked of it."""

    __slots__ = ("_make", "_value")

    def __init__(self, make: Callable[[], Any]) -> None:
        object.__setattr__(self, "_make", make)
        object.__setattr__(self, "_value", _UNMADE)

    def __getattribute__(self, name: str) -> Any:
        return getattr(unwrapped(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(unwrapped(self), name, value)


def unwrapped(value: Any) -> Any:
    """The value behind a Lazy, or the value itself."""
    if type(value) is not Lazy:
        return value
    made = object.__getattribute__(value, "_value")
    if made is _UNMADE:
        made = object.__getattribute__(value, "_make")()
        object.__setattr__(value, "_value", made)
    return made


def _unary(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda self: function(unwrapped(self))


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(unwrapped(self), unwrapped(other))


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(unwrapped(other), unwrapped(self))


# Python looks operators up on the class, so `__getattribute__` alone does not pass them on.
_UNARY: dict[str, Callable[[Any], Any]] = {
    "__str__": str, "__repr__": repr, "__hash__": hash, "__bool__": bool, "__len__": len, "__iter__": iter,
    "__neg__": operator.neg, "__int__": int, "__float__": float,
}  # fmt: skip
for _name, _function in _UNARY.items():
    setattr(Lazy, _name, _unary(_function))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "getitem", "contains", "mul", "truediv"):
    setattr(Lazy, f"__{_name}__", _binary(getattr(operator, _name)))
for _name in ("add", "sub", "mul", "truediv"):
    setattr(Lazy, f"__r{_name}__", _reflected(getattr(operator, _name)))
setattr(Lazy, "__format__", lambda self, spec: format(unwrapped(self), spec))  # noqa: B010 - after __getattribute__
setattr(Lazy, "__call__", lambda self, *args, **kwargs: unwrapped(self)(*args, **kwargs))  # noqa: B010
