"""Any operator may be mapped over any of its arguments: translating must not ask for what only a run knows."""

from __future__ import annotations

import pytest

from dag_translator.account import Account, HttpConnection
from dag_translator.authoring.definitions.dag import DAG
from dag_translator.freeze import freeze
from dag_translator.operators import LOWERINGS
from dag_translator.support_rows import operators

KINDS = dict(operators())


@pytest.mark.parametrize("name", KINDS)
def test_nothing_need_be_fixed(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with DAG("d", schedule=None) as dag:
        KINDS[name].partial(task_id="t").expand_kwargs([{"mapped": 1}])  # type: ignore[attr-defined]
    for account in (
        Account(),
        Account(("lake",), {"http_default": HttpConnection("arn:aws:events:eu-west-1:1:connection/a/b", "https://a")}),
    ):
        (task,) = freeze(dag, tmp_path_factory.getbasetemp() / "d.py", None, account).tasks
        lowering = LOWERINGS[task.lowering]
        assert isinstance((*lowering.permissions(task, "d"), *lowering.task_permissions(task)), tuple)
