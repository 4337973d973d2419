"""EmptyOperator: does nothing, holds edges together. The translator makes it a Pass state."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator


class EmptyOperator(BaseOperator):
    """Nothing to do."""

    ui_color = "#e8f7e4"
    _is_empty = True

    def execute(self, context: Any) -> None:
        """Nothing."""


class DummyOperator(EmptyOperator):
    """Airflow 1's name of EmptyOperator."""
