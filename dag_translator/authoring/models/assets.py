"""Assets (Airflow 2: datasets), kept as data: what tasks produce and what schedules wait for.

>>> Asset("s3://bucket/key").name
's3://bucket/key'
>>> (Asset("a") & Asset("b") | Asset("c")).iter_assets() is not None
True
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class BaseAsset:
    """What `&` and `|` combine."""

    def __and__(self, other: Any) -> AssetAll:
        return AssetAll(self, other)

    def __or__(self, other: Any) -> AssetAny:
        return AssetAny(self, other)

    def iter_assets(self) -> Iterator[Any]:
        """Every asset and alias inside."""
        raise NotImplementedError


class Asset(BaseAsset):
    """A named piece of data. `Asset("s3://…")`: the name is the URI; `Dataset` is the same."""

    def __init__(
        self,
        name: str | None = None,
        uri: str | None = None,
        *,
        group: str = "asset",
        extra: dict[str, Any] | None = None,
        watchers: list[Any] | None = None,
    ) -> None:
        if name is None and uri is None:
            raise TypeError("Asset expected either 'name' or 'uri'")
        self.name = str(name if name is not None else uri)
        self.uri = str(uri if uri is not None else name)
        self.group = group
        self.extra = extra or {}
        self.watchers = watchers or []

    @classmethod
    def ref(cls, *, name: str | None = None, uri: str | None = None) -> Asset:
        return cls(name=name, uri=uri)

    def iter_assets(self) -> Iterator[Any]:
        yield self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and (self.name, self.uri) == (other.name, other.uri)

    def __hash__(self) -> int:
        return hash((self.name, self.uri))

    def __repr__(self) -> str:
        return f"Asset(name={self.name!r}, uri={self.uri!r})"


class AssetAlias(BaseAsset):
    """A name that tasks attach assets to while they run."""

    def __init__(self, name: str, *, group: str = "") -> None:
        self.name = name
        self.group = group

    def iter_assets(self) -> Iterator[Any]:
        yield self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetAlias) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"AssetAlias({self.name!r})"


class _Combination(BaseAsset):
    def __init__(self, *objects: Any) -> None:
        if not all(isinstance(item, BaseAsset) for item in objects):
            raise TypeError("expect asset expressions in condition")
        self.objects = objects

    def iter_assets(self) -> Iterator[Any]:
        for item in self.objects:
            yield from item.iter_assets()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.objects))})"


class AssetAll(_Combination):
    """When all were updated."""


class AssetAny(_Combination):
    """When one was updated."""


class AssetWatcher:
    """Updates an asset from outside events."""

    def __init__(self, name: str, trigger: Any) -> None:
        self.name = name
        self.trigger = trigger


class Metadata:
    """What a task yields to attach information to an asset's update."""

    def __init__(self, asset: Any, extra: dict[str, Any] | None = None, alias: Any = None) -> None:
        self.asset = asset
        self.extra = extra or {}
        self.alias = alias
