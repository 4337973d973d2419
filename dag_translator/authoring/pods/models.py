"""What `kubernetes.client.models` is where the `kubernetes` distribution is not installed: the models of a pod, to
write and to serialize; nothing here talks to a cluster.

>>> variable = model("V1EnvVar")(name="DAY", value="{{ ds }}")
>>> plain([variable, model("V1HostAlias")(ip="10.0.0.1")])
[{'name': 'DAY', 'value': '{{ ds }}'}, {'ip': '10.0.0.1'}]
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from dag_translator.authoring.pods.fields import FIELDS_OF


class Model:
    """A model: its fields as attributes, None if not given. attribute_map: Python's name → JSON's."""

    attribute_map: Mapping[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("local_vars_configuration", None)
        if len(args) > len(self.attribute_map):
            raise TypeError(f"{type(self).__name__} takes {len(self.attribute_map)} arguments, {len(args)} were given")
        given = {**dict(zip(self.attribute_map, args, strict=False)), **kwargs}
        if unknown := given.keys() - self.attribute_map.keys():
            raise TypeError(f"{type(self).__name__} got an unexpected keyword argument {min(unknown)!r}")
        for name in self.attribute_map:
            setattr(self, name, given.get(name))

    def to_dict(self) -> dict[str, Any]:
        """With Python's names, as the client's."""
        return {name: _to_dict(getattr(self, name)) for name in self.attribute_map}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"{type(self).__name__}({given})"


def _to_dict(value: Any) -> Any:
    match value:
        case Model():
            return value.to_dict()
        case list() | tuple():
            return [_to_dict(each) for each in value]
        case dict():
            return {key: _to_dict(each) for key, each in value.items()}
    return value


@functools.cache
def model(name: str) -> type[Model]:
    """The class of that name. Raises KeyError if no pod has such a thing."""
    fields = (field.partition("=") for field in FIELDS_OF[name].split())
    names = {python: json or camel(python) for python, _, json in fields}
    return type(name, (Model,), {"attribute_map": names, "__module__": __name__})


def camel(name: str) -> str:
    """A Python name in camel case.

    >>> camel("env_from")
    'envFrom'
    """
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def plain(value: Any) -> Any:
    """Models as the JSON of Kubernetes' API; what only a run knows stays as it is. Also takes the client's own."""
    match value:
        case Mapping():
            return {key: plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
    names = getattr(type(value), "attribute_map", None)
    if isinstance(names, Mapping):
        found = {json: plain(getattr(value, python)) for python, json in names.items()}
        return {name: each for name, each in found.items() if each is not None}
    if type(value).__module__.startswith("kubernetes.client"):  # newer clients
        return plain({name: each for name, each in value.to_dict(serialize=True).items() if each is not None})
    return value
