"""`outlet_events`, `inlet_events`, `triggering_asset_events`: the asset events that running code sees and makes.

outlet_events[Asset("a")].extra = {"rows": 3}          outlet_events[AssetAlias("x")].add(Asset("b"))
inlet_events[Asset("a")][-1].extra                      triggering_asset_events[Asset("a")][0].source_dag_id
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from dag_translator.authoring.models.assets import Asset, AssetAlias, AssetRef
from lambdas.context.lazy import dated
from lambdas.runtime import RunInfo, Runtime
from lambdas.scheduling import asset_events
from lambdas.scheduling.dispatch_assets import taken_events


class AssetEventView:
    """One event, with the attributes of Airflow's."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        source = event.get("source") or {}
        self.id = event["id"]
        self.timestamp = dated(event["timestamp"])
        self.extra: dict[str, Any] = dict(event.get("extra") or {})
        self.asset = Asset(name=event["asset"]["name"], uri=event["asset"]["uri"])
        self.source_dag_id = source.get("dag_id")
        self.source_task_id = source.get("task_id")
        self.source_run_id = source.get("run_id")
        self.source_map_index = source.get("map_index")
        self.source_aliases = [AssetAlias(name) for name in event.get("aliases") or ()]
        self.partition_key = None

    @property
    def uri(self) -> str:
        return self.asset.uri

    def __repr__(self) -> str:
        return f"<AssetEvent {self.asset.uri} by {self.source_dag_id}.{self.source_task_id} {self.extra}>"


@dataclass
class OutletEvent:
    """What a task says about one outlet: `extra` of an asset, `added` assets of an alias."""

    key: Any
    extra: dict[str, Any]
    added: list[tuple[Asset, dict[str, Any]]]

    def add(self, asset: Any, extra: dict[str, Any] | None = None) -> None:
        """Attach an asset to the alias. For an asset it does nothing, as in Airflow."""
        if not isinstance(self.key, AssetAlias):
            return
        self.added.append((_resolved(asset), extra or {}))

    def add_partitions(self, keys: Any) -> None:
        from dag_translator.authoring.exceptions import AirflowException

        raise AirflowException(f"add_partitions({keys!r}): partitioned assets are not supported")


class _ByKey:
    """Access by name or URI instead of an object."""

    def __getitem__(self, key: Any) -> Any:
        raise NotImplementedError

    def for_asset(self, *, name: str | None = None, uri: str | None = None) -> Any:
        if name and uri:
            return self[Asset(name=name, uri=uri)]
        return self[Asset.ref(name=name or "", uri=uri or "")]

    def for_asset_alias(self, *, name: str) -> Any:
        return self[AssetAlias(name=name)]


class OutletEvents(_ByKey, Mapping[Any, OutletEvent]):
    """Asset or alias → what is said of it, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[Any, OutletEvent] = {}

    def __getitem__(self, key: Any) -> OutletEvent:
        if not isinstance(key, AssetAlias):
            key = _resolved(key)
        return self._made.setdefault(key, OutletEvent(key, {}, []))

    def __contains__(self, key: object) -> bool:
        return key in self._made

    def __iter__(self) -> Iterator[Any]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


class EventList(Sequence[AssetEventView]):
    """The events of an inlet, oldest first; `after`, `before`, `ascending`, `limit` narrow it down, as in Airflow."""

    def __init__(self, runtime: Runtime, pk: str, key: Any) -> None:
        self._runtime, self._pk, self._key = runtime, pk, key
        self._bounds: dict[str, str] = {}
        self._ascending = True
        self._limit: int | None = None

    def after(self, after: Any) -> Self:
        return self._with(after=_iso(after))

    def before(self, before: Any) -> Self:
        return self._with(before=_iso(before))

    def ascending(self, ascending: bool = True) -> Self:
        self._ascending = ascending
        return self._with()

    def limit(self, limit: int) -> Self:
        self._limit = limit
        return self._with()

    def _with(self, **bounds: str) -> Self:
        self._bounds |= bounds
        self.__dict__.pop("_events", None)
        return self

    @cached_property
    def _events(self) -> list[AssetEventView]:
        found = []
        store = self._runtime.store
        for event in asset_events.read_history(store, self._pk, newest_first=not self._ascending):
            if isinstance(self._key, Asset) and event["asset"]["name"] != self._key.name:
                continue  # another asset of the same URI
            if self._bounds.get("after", "") <= event["timestamp"] <= self._bounds.get("before", "~"):
                found.append(AssetEventView(event))
            if self._limit is not None and len(found) >= self._limit:
                break
        return found

    def __getitem__(self, index: Any) -> Any:
        return self._events[index]

    def __len__(self) -> int:
        return len(self._events)


class InletEvents(_ByKey, Mapping[Any, EventList]):
    """Inlet (or its index) → its events."""

    def __init__(self, runtime: Runtime, inlets: Sequence[Any]) -> None:
        self._runtime = runtime
        self._inlets = list(inlets)

    def __getitem__(self, key: Any) -> EventList:
        inlet = self._inlets[key] if isinstance(key, int) else key
        if isinstance(inlet, AssetAlias):
            if inlet not in self._inlets:
                raise KeyError(inlet)
            return EventList(self._runtime, asset_events.alias_pk(inlet.name), inlet)
        asset = _resolved(inlet)
        if asset not in [_resolved(each) for each in self._inlets if not isinstance(each, AssetAlias)]:
            raise KeyError(inlet)
        return EventList(self._runtime, asset_events.asset_pk(asset.uri), asset)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._inlets)

    def __len__(self) -> int:
        return len(self._inlets)


class TriggeringEvents(_ByKey, Mapping[Any, list[AssetEventView]]):
    """Asset or alias → the events that started the run. by_uri: Airflow 2's, whose keys are URIs."""

    def __init__(self, runtime: Runtime, run: RunInfo, *, by_uri: bool = False) -> None:
        self._runtime, self._run, self._by_uri = runtime, run, by_uri

    @cached_property
    def events(self) -> list[AssetEventView]:
        if self._run.asset_events is None:
            return []
        return [
            AssetEventView(each) for each in taken_events(self._runtime.store, self._run.dag_id, self._run.asset_events)
        ]

    @cached_property
    def _by_key(self) -> dict[Any, list[AssetEventView]]:
        found: dict[Any, list[AssetEventView]] = {}
        for event in self.events:
            for key in (event.asset.uri,) if self._by_uri else (event.asset, *event.source_aliases):
                found.setdefault(key, []).append(event)
        return found

    def __getitem__(self, key: Any) -> list[AssetEventView]:
        if self._by_uri:
            return self._by_key[os.fspath(key) if isinstance(key, Asset) else key]
        if isinstance(key, AssetRef):
            wanted = ("name", key.name) if hasattr(key, "name") else ("uri", key.uri)  # type: ignore[attr-defined]
            key = next((each for each in self._by_key if getattr(each, wanted[0], None) == wanted[1]), key)
        return self._by_key[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)


def _resolved(key: Any) -> Asset:
    if isinstance(key, AssetRef):
        found = key.resolve()
        if found is None:
            from dag_translator.authoring.exceptions import AirflowNotFoundException

            raise AirflowNotFoundException(f"{key!r}: the DAG file defines no such asset")
        return found
    if not isinstance(key, Asset):
        raise TypeError(f"Key should be either an asset or an asset alias, not {type(key)}")
    return key


def _iso(moment: Any) -> str:
    from lambdas.runtime import iso, parse_time

    return iso(moment if isinstance(moment, datetime) else parse_time(str(moment)))
