"""`airflow.sdk.lineage`: what hooks report of the data that they read and write. Nobody collects it here, as in an
Airflow without a lineage backend.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class HookLineage(NamedTuple):
    """What was collected: nothing."""

    inputs: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()
    extra: tuple[Any, ...] = ()


class NoOpCollector:
    """Takes everything and keeps nothing."""

    has_collected = False
    collected_assets = HookLineage()

    def add_input_asset(self, *_: Any, **__: Any) -> None:
        """Not kept."""

    def add_output_asset(self, *_: Any, **__: Any) -> None:
        """Not kept."""

    def add_extra(self, *_: Any, **__: Any) -> None:
        """Not kept."""


def get_hook_lineage_collector() -> NoOpCollector:
    return NoOpCollector()
