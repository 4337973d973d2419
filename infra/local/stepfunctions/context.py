"""What every action of the API works with, and the small things they share: times, pages, required parameters."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from infra.local.engine import Engine
from infra.local.engine.json_values import dumps
from infra.local.stepfunctions.errors import ApiError, validation
from infra.local.stepfunctions.registry import Registry

Request = dict[str, Any]
Response = dict[str, Any]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Context:
    """One account and region. emit: takes execution status change events, as EventBridge gets them."""

    account: str
    region: str
    engine: Engine
    registry: Registry
    emit: Callable[[dict[str, Any]], None]

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:states:{self.region}:{self.account}:{kind}:{name}"

    def now(self) -> float:
        """Seconds since 1970, in milliseconds' precision."""
        return seconds(self.engine.clock.now())


def seconds(moment: datetime) -> float:
    """The moment as the JSON protocol writes it.

    >>> from datetime import UTC
    >>> seconds(datetime(2024, 1, 15, 0, 0, 0, 123_456, tzinfo=UTC))
    1705276800.123
    """
    return round(moment.timestamp(), 3)


def required(request: Request, name: str) -> Any:
    """A parameter that must be there; raises ValidationException."""
    value = request.get(name)
    if value is None:
        raise validation(f"1 validation error detected: Value at '{name}' must not be null")
    return value


def present(**values: Any) -> Response:
    """The values that are not None: how absent members are written."""
    return {name: value for name, value in values.items() if value is not None}


def page(items: Sequence[Item], request: Request, default: int = 100) -> tuple[list[Item], dict[str, str]]:
    """The page of `items` that the request asks for, and `{"nextToken": ...}` if there is more."""
    first = _offset(request["nextToken"]) if request.get("nextToken") else 0
    size = request.get("maxResults") or default
    if not 0 <= size <= 1000:
        raise validation("1 validation error detected: Value at 'maxResults' must be between 0 and 1000")
    more = {} if first + size >= len(items) else {"nextToken": _token(first + size)}
    return list(items[first : first + size]), more


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(dumps({"offset": offset}).encode()).decode()


def _offset(token: str) -> int:
    try:
        return int(json.loads(base64.urlsafe_b64decode(token))["offset"])
    except (ValueError, KeyError, TypeError) as error:
        raise ApiError("InvalidToken", f"Invalid Token: '{token}'") from error
