"""The errors of the Step Functions API: a code and a message, as its JSON protocol carries them."""

from __future__ import annotations


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


def validation(message: str) -> ApiError:
    """A parameter is missing or out of range."""
    return ApiError("ValidationException", message)
