"""Letting the signal function look who may go on: it has been given the tokens of what waits."""

from __future__ import annotations

import json
from typing import Any

from dag_translator.errors import AirstepError
from infra.cli.account import Account


def wake(account: Account, changed: str, **places: Any) -> None:
    """places: `gates` or `run`, as the signal function takes them. Raises AirstepError; changed: what is done all the
    same."""
    event = {"kind": "wake", **places}
    answer = account.client("lambda").invoke(
        FunctionName=account.settings.function("signal"), Payload=json.dumps(event).encode()
    )
    if answer.get("FunctionError"):
        raise AirstepError(f"{changed}, but who waits for that was not woken: {answer['Payload'].read()!r}")
