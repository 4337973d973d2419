"""The errors of the Step Functions API: a code and a message, as its JSON protocol carries them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An action was refused. `code` is the API's own name of the error, such as ExecutionDoesNotExist."""

    def __init__(self, code: str, message: str, **details: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details

    def body(self) -> dict[str, object]:
        """The body of the HTTP 400 answer."""
        return {"__type": self.code, "message": self.message, **self.details}


# Of an error's name and its cause. Source: the API's model (SensitiveError, SensitiveCause).
_LENGTHS = {"error": 256, "cause": 32_768}


def check_lengths(request: Mapping[str, Any]) -> None:
    """What a request says of an error; raises ValidationException where it is too long."""
    for name, most in _LENGTHS.items():
        if len(request.get(name) or "") > most:
            raise validation(
                f"1 validation error detected: Value at '{name}' must have length less than or equal to {most}"
            )


def validation(message: str) -> ApiError:
    """A parameter is missing or out of range."""
    return ApiError("ValidationException", message)
