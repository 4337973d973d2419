"""Deferring operators wait in place."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dag_translator.authoring.definitions import deferral
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import (
    TaskDeferralTimeout,
)
from dag_translator.authoring.models.triggers import TimeDeltaTrigger
from dag_translator.authoring.operators.empty import EmptyOperator


class Deferring(BaseOperator):
    """Defers twice, then returns what it got."""

    def __init__(self, delta: timedelta, limit: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.delta = delta
        self.limit = limit

    def execute(self, context: Any) -> Any:
        self.defer(trigger=TimeDeltaTrigger(self.delta), method_name="second", kwargs={"a": 1}, timeout=self.limit)

    def second(self, context: Any, event: Any = None, a: int = 0) -> Any:
        self.defer(trigger=TimeDeltaTrigger(self.delta), method_name="third", kwargs={"a": a + 1})

    def third(self, context: Any, event: Any = None, a: int = 0) -> Any:
        return a, event is not None


def test_deferral_waits_and_goes_on() -> None:
    assert deferral.execute(Deferring(task_id="d", delta=timedelta(milliseconds=20)), {}) == (2, True)
    with pytest.raises(TaskDeferralTimeout):
        deferral.execute(Deferring(task_id="d", delta=timedelta(seconds=30), limit=0.05), {})
    assert deferral.execute(EmptyOperator(task_id="e"), {}) is None
