"""`@asset` and `@asset.multi`: a function that makes assets becomes a DAG of one task.

    @asset(schedule="@daily")            the DAG `prices`, its task `prices`, the asset `prices`
    def prices(): …

    @asset(schedule=prices)              runs when it is updated; a parameter named like an asset is that asset
    def report(prices): …

The parameters `self` (the asset itself), `context` and `outlet_events` are filled by name, all others are assets, which
become the task's inlets.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, ClassVar

from dag_translator.authoring.models.assets import Asset, AssetAll, AssetNameRef
from dag_translator.authoring.operators.python import PythonOperator

_NOT_ASSETS = ("self", "context", "outlet_events")
_EMPTY = inspect.Parameter.empty


class _AssetMainOperator(PythonOperator):
    """The task behind `@asset`."""

    custom_operator_name = "@asset"

    def __init__(self, *, definition_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._definition_name = definition_name

    def determine_kwargs(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        return dict(self._arguments(context))

    def _arguments(self, context: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, parameter in inspect.signature(self.python_callable).parameters.items():
            if parameter.default is not _EMPTY:
                yield name, parameter.default
            elif name == "context":
                yield name, context
            elif name == "outlet_events":
                yield name, context["outlet_events"]
            else:
                yield name, self._asset(self._definition_name if name == "self" else name)

    def _asset(self, name: str) -> Any:
        """The outlet or inlet of this name; one that another file defines has its name as URI."""
        for each in (*self.outlets, *self.inlets):
            if getattr(each, "name", None) == name:
                return (each.resolve() or Asset(name)) if isinstance(each, AssetNameRef) else each
        return Asset(name)


class AssetDefinition(Asset):
    """What `@asset` makes of a function: an asset, with a DAG that updates it."""

    def __init__(self, function: Any, source: asset, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with source.create_dag(self.name):
            _make_task(function, self.name, [self])


class MultiAssetDefinition(AssetAll):
    """What `@asset.multi` makes of a function: all its assets, with a DAG that updates them."""

    def __init__(self, function: Any, source: Any) -> None:
        super().__init__(*source.outlets)
        self.name = function.__name__
        with source.create_dag(self.name):
            _make_task(function, self.name, list(source.outlets))


class _DagFactory:
    """The arguments that a DAG made by a decorator takes."""

    _DAG_ARGUMENTS: ClassVar[frozenset[str]] = frozenset(
        [
            *("is_paused_upon_creation", "description", "params", "on_success_callback", "on_failure_callback"),
            *("tags", "owner_links", "access_control", "dag_display_name"),
        ]
    )

    def __init__(self, *, schedule: Any, dag_id: str | None = None, **dag_arguments: Any) -> None:
        if unknown := sorted(dag_arguments.keys() - self._DAG_ARGUMENTS):
            raise TypeError(f"@asset has no argument {unknown[0]!r}")
        self.schedule = schedule
        self.dag_id = dag_id
        self.dag_arguments = {name: value for name, value in dag_arguments.items() if value is not None}

    def create_dag(self, default_dag_id: str) -> Any:
        """The DAG, which is registered by being entered."""
        from dag_translator.authoring.definitions.dag import DAG

        return DAG(dag_id=self.dag_id or default_dag_id, schedule=self.schedule, catchup=False, **self.dag_arguments)


class _multi(_DagFactory):  # noqa: N801 - Airflow's name
    """A DAG of one task that updates several assets."""

    def __init__(self, *, outlets: Collection[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not outlets:
            raise ValueError("no outlets provided")
        self.outlets = outlets

    def __call__(self, function: Any) -> MultiAssetDefinition:
        _not_nested(function)
        return MultiAssetDefinition(function, self)


class asset(_DagFactory):  # noqa: N801 - Airflow's name
    """Make an asset of the function that updates it."""

    multi = _multi

    def __init__(
        self,
        *,
        name: str | None = None,
        uri: Any = None,
        group: str = Asset.asset_type,
        extra: dict[str, Any] | None = None,
        watchers: list[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.asset_arguments = {"uri": uri, "group": group, "extra": extra, "watchers": watchers}
        self.name = name

    def __call__(self, function: Any) -> AssetDefinition:
        _not_nested(function)
        return AssetDefinition(function, self, name=self.name or function.__name__, **self.asset_arguments)


def _not_nested(function: Any) -> None:
    if function.__name__ != function.__qualname__:
        raise ValueError("nested function not supported")


def _make_task(function: Any, definition_name: str, outlets: list[Any]) -> None:
    if getattr(function, "_airflow_is_task_decorator", False):
        if "outlets" in function.kwargs:
            raise TypeError("@task decorator with 'outlets' argument is not supported in @asset")
        function.override(outlets=outlets)()
        return
    _check_parameters(function)
    _AssetMainOperator(
        task_id=function.__name__,
        inlets=[
            Asset.ref(name=name)
            for name, parameter in inspect.signature(function).parameters.items()
            if name not in _NOT_ASSETS and parameter.default is _EMPTY
        ],
        outlets=outlets,
        python_callable=function,
        definition_name=definition_name,
    )


def _check_parameters(function: Callable[..., Any]) -> None:
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stars = "*" if parameter.kind == parameter.VAR_POSITIONAL else "**"
            raise TypeError(f"wildcard '{stars}{name}' is not supported in @asset")
        if parameter.kind == parameter.POSITIONAL_ONLY and parameter.default is _EMPTY:
            raise TypeError(f"positional-only argument '{name}' without a default is not supported in @asset")
