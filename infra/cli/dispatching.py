"""Asking the dispatcher for something now, instead of waiting for its next event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dag_translator.errors import AirstepError
from infra.cli.account import Account


def invoke_dispatcher(account: Account, event: Mapping[str, Any]) -> list[str]:
    """Hand the dispatcher an event; the ids of the runs that it started."""
    answer = account.client("lambda").invoke(
        FunctionName=account.settings.function("dispatcher"), Payload=json.dumps(event).encode()
    )
    payload = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise AirstepError(f"{event['dag_id']}: the dispatcher failed: {payload.get('errorMessage', payload)}")
    return list(payload["started"])
