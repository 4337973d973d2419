"""Assets (Airflow 2: datasets), kept as data: what tasks produce and what schedules wait for.

>>> Asset("s3://bucket/key/").uri
's3://bucket/key'
>>> Asset("a") & Asset("b") | Asset("c")
AssetAny(AssetAll(Asset(name='a', uri='a'), Asset(name='b', uri='b')), Asset(name='c', uri='c'))
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dag_translator.authoring.loading import current, report

_LONGEST = 1500  # characters of a name or URI, Airflow's limit
_NO_WATCHERS = (
    "a watcher needs a process that polls; let the source itself say it: an event on EventBridge with source airstep "
    "and detail-type AssetUpdated counts as an update (S3 notifications and EventBridge Pipes can send it)"
)


class BaseAsset:
    """What `&` and `|` combine."""

    def __and__(self, other: Any) -> AssetAll:
        return AssetAll(self, other) if isinstance(other, BaseAsset) else NotImplemented

    def __or__(self, other: Any) -> AssetAny:
        return AssetAny(self, other) if isinstance(other, BaseAsset) else NotImplemented

    def iter_assets(self) -> Iterator[Any]:
        """Every asset, reference and alias inside."""
        yield self


class Asset(os.PathLike[str], BaseAsset):
    """A named piece of data. `Asset("s3://…")`: the name is the URI. The two together say which asset it is."""

    asset_type: ClassVar[str] = "asset"

    def __init__(
        self,
        name: str | None = None,
        uri: Any = None,
        *,
        group: str | None = None,
        extra: dict[str, Any] | None = None,
        watchers: list[Any] | None = None,
    ) -> None:
        if name is None and uri is None:
            raise TypeError("Asset() requires either 'name' or 'uri'")
        self.name = _identifier("name", str(uri) if name is None else name)
        if self.name in ("self", "context"):
            raise ValueError(f"prohibited name for asset: {self.name}")
        self.uri = _identifier("uri", sanitized(str(self.name if uri is None else uri)))
        self.group = self.asset_type if group is None else group
        self.extra: dict[str, Any] = extra or {}
        self.watchers: list[Any] = watchers or []
        if self.watchers:
            report("unsupported-asset-watcher", f"asset {self.name!r} has watchers", _NO_WATCHERS)
        if (loading := current()) is not None:
            loading.assets.setdefault(self.name, self)

    @staticmethod
    def ref(*, name: str = "", uri: str = "") -> AssetRef:
        """The asset of this name, or of this URI, wherever it is defined."""
        if bool(name) == bool(uri):
            raise TypeError("Asset reference expects keyword argument 'name' or 'uri'")
        return AssetNameRef(name) if name else AssetUriRef(uri)

    def __fspath__(self) -> str:
        return self.uri

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and (self.name, self.uri) == (other.name, other.uri)

    def __hash__(self) -> int:
        return hash((self.name, self.uri))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, uri={self.uri!r})"


class Dataset(Asset):
    """Airflow 2's name."""

    asset_type = "dataset"


class Model(Asset):
    """An asset of the group `model`."""

    asset_type = "model"


class AssetRef(BaseAsset):
    """An asset that is named and not defined here: `Asset.ref(name=…)`, `Asset.ref(uri=…)`."""

    def __init__(self) -> None:
        loading = current()
        # Filled while the file loads, so that an asset defined further below is found too.
        self._known: Mapping[str, Asset] = loading.assets if loading is not None else {}

    def resolve(self) -> Asset | None:
        """The asset, if the DAG file defines it."""
        raise NotImplementedError


class AssetNameRef(AssetRef):
    """By name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def resolve(self) -> Asset | None:
        return self._known.get(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetNameRef) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"AssetNameRef(name={self.name!r})"


class AssetUriRef(AssetRef):
    """By URI."""

    def __init__(self, uri: str) -> None:
        super().__init__()
        self.uri = sanitized(uri)

    def resolve(self) -> Asset | None:
        return next((asset for asset in self._known.values() if asset.uri == self.uri), None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetUriRef) and self.uri == other.uri

    def __hash__(self) -> int:
        return hash(self.uri)

    def __repr__(self) -> str:
        return f"AssetUriRef(uri={self.uri!r})"


class AssetAlias(BaseAsset):
    """A name that tasks attach assets to while they run."""

    def __init__(self, name: str, *, group: str = "asset") -> None:
        self.name = _identifier("name", name)
        self.group = group

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetAlias) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"AssetAlias(name={self.name!r})"


class AssetBooleanCondition(BaseAsset):
    """Several assets (or combinations) with a rule."""

    def __init__(self, *objects: Any) -> None:
        if not all(isinstance(item, BaseAsset) for item in objects):
            raise TypeError("expect asset expressions in condition")
        self.objects: Any = objects

    def iter_assets(self) -> Iterator[Any]:
        for item in self.objects:
            yield from item.iter_assets()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and tuple(self.objects) == tuple(getattr(other, "objects", ()))

    def __hash__(self) -> int:
        return hash(tuple(self.objects))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.objects))})"


class AssetAll(AssetBooleanCondition):
    """When all were updated."""

    def __and__(self, other: Any) -> AssetAll:
        return AssetAll(*self.objects, other) if isinstance(other, BaseAsset) else NotImplemented


class AssetAny(AssetBooleanCondition):
    """When one was updated."""

    def __or__(self, other: Any) -> AssetAny:
        return AssetAny(*self.objects, other) if isinstance(other, BaseAsset) else NotImplemented


class AssetWatcher:
    """Updates an asset from outside events: an asset that has one is refused."""

    def __init__(self, name: str, trigger: Any) -> None:
        self.name = name
        self.trigger = trigger


class Metadata:
    """What a task yields to attach information to an asset's update."""

    def __init__(self, asset: Any, extra: dict[str, Any] | None = None, alias: Any = None) -> None:
        self.asset = asset
        self.extra = extra or {}
        self.alias = alias


def sanitized(uri: str) -> str:
    """The URI as Airflow keeps it: lower-case scheme, sorted query, no trailing slash, fragment or password.

    >>> sanitized("S3://bucket/a/?b=2&a=1#x"), sanitized("s3://bucket"), sanitized("just a name")
    ('s3://bucket/a?a=1&b=2', 's3://bucket/', 'just a name')
    """
    parts = urlsplit(uri)
    if (not parts.scheme and not parts.netloc) or not parts.scheme or parts.scheme.startswith("x-"):
        return uri
    if parts.scheme == "airflow":
        raise ValueError("Asset scheme 'airflow' is reserved")
    if parts.scheme == "s3" and not parts.netloc:
        raise ValueError("URI format s3:// must contain a bucket name")
    netloc = parts.netloc.rpartition("@")[2] if parts.password else parts.netloc
    query = urlencode(sorted(parse_qsl(parts.query)))
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/") or "/", query, ""))


def create_s3_asset(*, bucket: str, key: str, extra: dict[str, Any] | None = None) -> Asset:
    """An object in S3, as the Amazon provider makes it."""
    return Asset(uri=f"s3://{bucket}/{key}", extra=extra)


def _identifier(what: str, value: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"Asset {what} must be a string")
    if not value or value.isspace():
        raise ValueError(f"Asset {what} cannot be empty")
    if len(value) > _LONGEST:
        raise ValueError(f"Asset {what} cannot exceed {_LONGEST} characters")
    return value
