"""How states fail inside the engine.

    StateFailed           a state reported an error: an error name and a cause, as Retry and Catch see them
    ├── TaskFailed        ... raised by an integration (a Lambda's exception, a service's error)
    └── ExecutionFailed   ... that no Retry or Catch may see: it ends the execution
    StuckError            on the virtual clock: everything waits, and nothing will ever happen

>>> str(TaskFailed("MyError", "boom"))
'MyError: boom'
"""

from __future__ import annotations

from typing import Final

RUNTIME: Final = "States.Runtime"
DATA_LIMIT: Final = "States.DataLimitExceeded"
QUERY: Final = "States.QueryEvaluationError"
TIMEOUT: Final = "States.Timeout"
HEARTBEAT: Final = "States.HeartbeatTimeout"
TASK_FAILED: Final = "States.TaskFailed"
NO_CHOICE: Final = "States.NoChoiceMatched"
ITEM_READER: Final = "States.ItemReaderFailed"
RESULT_WRITER: Final = "States.ResultWriterFailed"
TOLERANCE: Final = "States.ExceedToleratedFailureThreshold"
PARAMETER_PATH: Final = "States.ParameterPathFailure"


class StateFailed(Exception):
    """A state reported `error` (a name that Retry and Catch compare) because of `cause` (any text)."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class TaskFailed(StateFailed):
    """Raised by an integration: the service's error name, or a Lambda function's exception class."""


class ExecutionFailed(StateFailed):
    """Ends the execution whatever its Retry and Catch say (history full, definition broken)."""


class StuckError(RuntimeError):
    """The virtual clock has nothing left to jump to: every branch waits for an answer that nobody will give."""
