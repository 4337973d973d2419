"""XComs of users' own classes, as Airflow's serde has them: what a class says of itself, never a pickle.

In Airflow's order: pydantic models, an own `serialize()` (with a static `deserialize(data, version)`), dataclasses,
attrs. Nested objects keep their types. Invariant: when a value is read, its class is imported by name from the DAG's
package or an installed one, and used only if it is of the kind that was written.

>>> import dataclasses, lambdas.storage.xcom_types
>>> from lambdas.storage.xcom_codec import encode, decode
>>> encode(Version(3))
'{"__type__":"object","class":"lambdas.storage.xcom_types:Version","version":1,"value":3}'
>>> decode(_)
Version(number=3)
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lambdas.storage.xcom_codec import HINT, TAG, XComEncodingError, refusal

if TYPE_CHECKING:
    from lambdas.storage.xcom_codec import Decoder, Encoder

_DAG_MODULES = "unusual_prefix_"  # load.module_name: then a hash of the file's path, which depends on where it lies


def _is_pydantic(kind: Any) -> bool:
    return hasattr(kind, "__pydantic_validator__") and hasattr(kind, "model_validate")


def _has_own(kind: Any) -> bool:
    return callable(getattr(kind, "serialize", None)) and callable(getattr(kind, "deserialize", None))


def _is_attrs(kind: Any) -> bool:
    return hasattr(kind, "__attrs_attrs__")


def _pydantic(encoder: Encoder, value: Any, path: str) -> Any:
    return encoder.plain(value.model_dump(mode="json"), path)


def _own(encoder: Encoder, value: Any, path: str) -> Any:
    return encoder.plain(value.serialize(), path)


def _dataclass(encoder: Encoder, value: Any, path: str) -> Any:
    return encoder.mapping({f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}, path)


def _attrs(encoder: Encoder, value: Any, path: str) -> Any:
    return encoder.mapping({a.alias: getattr(value, a.name) for a in type(value).__attrs_attrs__ if a.init}, path)


def _by_arguments(kind: Any, value: Any, _: int) -> Any:
    return kind(**value)


# tag → what it is of a class, what is kept of a value, what makes it again (from class, data and version).
_KINDS: Mapping[str, tuple[Callable[[Any], bool], Callable[..., Any], Callable[[Any, Any, int], Any]]] = {
    "pydantic": (_is_pydantic, _pydantic, lambda kind, value, _: kind.model_validate(value)),
    "object": (_has_own, _own, lambda kind, value, version: kind.deserialize(value, version)),
    "dataclass": (dataclasses.is_dataclass, _dataclass, _by_arguments),
    "attrs": (_is_attrs, _attrs, _by_arguments),
}


def encoded(encoder: Encoder, value: Any, path: str) -> dict[str, Any]:
    """The tagged form of an object; XComEncodingError if its class is of no known kind."""
    kind = type(value)
    for tag, (is_one, keep, _) in _KINDS.items():
        if is_one(kind):
            version = getattr(kind, "__version__", 0)
            versioned = {"version": version} if isinstance(version, int) and version else {}
            name = f"{kind.__module__}:{kind.__qualname__}"
            return {TAG: tag, "class": name, **versioned, "value": keep(encoder, value, path)}
    raise refusal(
        value,
        path,
        f"{HINT}; or give its class serialize() and a static deserialize(data, version), or make it a dataclass",
    )


def decoded(decoder: Decoder, plain: Mapping[str, Any]) -> Any:
    """The object of a tagged form."""
    name = plain["class"]
    kind = _class(name)
    is_one, _, make = _KINDS[plain[TAG]]
    if kind is None or not isinstance(kind, type) or not is_one(kind):
        raise XComEncodingError(
            f"this XCom holds a {name}, which is not defined here: define the class at the top level of the "
            "DAG file or of a module that it imports"
        )
    version = plain.get("version", 0)
    newest = getattr(kind, "__version__", 0)
    if isinstance(newest, int) and version > newest:
        raise XComEncodingError(f"this XCom holds a {name} of version {version}, the class here is {newest}")
    return make(kind, decoder.value(plain["value"]), version)


def _class(name: str) -> Any:
    module_name, _, qualname = name.partition(":")
    found: Any = _module(module_name)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def _module(name: str) -> Any:
    if name in sys.modules:
        return sys.modules[name]
    if name.startswith(_DAG_MODULES):
        stem = name.removeprefix(_DAG_MODULES).partition("_")[2]
        here = (each for each in list(sys.modules) if each.startswith(_DAG_MODULES))
        return next(
            (sys.modules[each] for each in here if each.removeprefix(_DAG_MODULES).partition("_")[2] == stem), None
        )
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


@dataclasses.dataclass
class Version:
    """The example of this module's docstring: what serializes itself."""

    number: int

    __version__ = 1

    def serialize(self) -> int:
        return self.number

    @staticmethod
    def deserialize(data: int, version: int) -> Version:
        assert version <= Version.__version__
        return Version(data)
