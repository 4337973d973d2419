"""What a live DAG has to do with assets, as plain JSON: the condition of its schedule, its tasks' outlets and inlets.

Part of the freeze pass: nothing here is called after it. The form of a condition is that of
`lambdas.scheduling.dispatch_assets`.

>>> from dag_translator.authoring.models.assets import Asset, AssetAlias
>>> condition_of([Asset("a") | AssetAlias("x"), Asset.ref(name="b")])["all"][1]
{'asset_ref': {'name': 'b'}}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dag_translator.authoring.models.assets import (
    Asset,
    AssetAlias,
    AssetAll,
    AssetAny,
    AssetBooleanCondition,
    AssetNameRef,
    AssetUriRef,
    BaseAsset,
)
from dag_translator.errors import Problem

_COMBINATIONS: Mapping[type[AssetBooleanCondition], str] = {AssetAll: "all", AssetAny: "any"}


def condition_of(schedule: Any) -> dict[str, Any]:
    """The condition of a `schedule=` (or `assets=`) that is made of assets; a collection means all of them.

    Raises TypeError for anything else.
    """
    if not isinstance(schedule, BaseAsset):
        return {"all": [_condition(each) for each in schedule]}
    return _condition(schedule)


def _condition(given: Any) -> dict[str, Any]:
    match given:
        case AssetBooleanCondition():
            kind = next(name for type_, name in _COMBINATIONS.items() if isinstance(given, type_))
            return {kind: [_condition(each) for each in given.objects]}
        case Asset():
            return {"asset": {"name": given.name, "uri": given.uri}}
        case AssetNameRef():
            return {"asset_ref": {"name": given.name}}
        case AssetUriRef():
            return {"asset_ref": {"uri": given.uri}}
        case AssetAlias():
            return {"alias": {"name": given.name}}
    raise TypeError(f"{given!r} is no asset")


def is_made_of_assets(schedule: Any) -> bool:
    """Whether a `schedule=` is an asset, a combination, or a collection."""
    return isinstance(schedule, BaseAsset | list | tuple | set)


def assets_of(dag: Any) -> dict[str, list[dict[str, Any]]]:
    """The outlets and inlets of the DAG's tasks: {"outlets": [{"task_id", "name", "uri", "group"} or {"task_id",
    "alias"}, …], "inlets": […]}; {} for a DAG without any."""
    found: dict[str, list[dict[str, Any]]] = {}
    for operator in dag.topological_sort():
        for kind in ("outlets", "inlets"):
            rows = [{"task_id": operator.task_id, **told} for told in _told(_lineage(operator, kind))]
            if rows:
                found.setdefault(kind, []).extend(rows)
    return found


def unresolved(dag: Any) -> Iterator[Problem]:
    """Outlets that name an asset of another file: nobody here knows which one that is."""
    for operator in dag.topological_sort():
        for each in _lineage(operator, "outlets"):
            if isinstance(each, AssetNameRef | AssetUriRef) and each.resolve() is None:
                yield Problem(
                    "unknown-asset",
                    f"the outlet {each!r} is no asset that this DAG file defines",
                    "write Asset(name=…, uri=…) as the outlet",
                    line=operator._airstep_line,
                    dag_id=dag.dag_id,
                    task_id=operator.task_id,
                )


def _lineage(operator: Any, kind: str) -> Iterable[Any]:
    given = operator.fixed_arguments().get(kind) if operator.is_mapped else getattr(operator, kind)
    return given if isinstance(given, list | tuple | set) else [given] if given else []


def _told(lineage: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for each in lineage:
        if isinstance(each, AssetAlias):
            yield {"alias": each.name}
            continue
        if isinstance(each, AssetNameRef):
            asset: Any = each.resolve() or Asset(each.name)
        elif isinstance(each, AssetUriRef):
            asset = each.resolve() or Asset(uri=each.uri)
        else:
            asset = each
        if isinstance(asset, Asset):  # lineage may hold other things, which say nothing to anybody
            yield {"name": asset.name, "uri": asset.uri, "group": asset.group}
