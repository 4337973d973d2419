"""How a query goes wrong.

RequestRefused   the API call fails (InvalidRequestException); nothing was started
QueryFailed      the query was started and ends in state FAILED
"""


class RequestRefused(Exception):
    """`code` is AthenaErrorCode, e.g. MALFORMED_QUERY."""

    def __init__(self, message: str, code: str = "INVALID_INPUT") -> None:
        super().__init__(message)
        self.code = code


class QueryFailed(Exception):
    """The message is the execution's StateChangeReason."""


def unsupported(what: str) -> QueryFailed:
    return QueryFailed(f"NOT_SUPPORTED: {what} is not supported by the local Athena")
