"""Exceptions on their way out of a Lambda. Their class names are the routing, so they keep them; what would end
the worker or overflow the machine's payload does not get out.

>>> error = surfaced(SystemExit(3))
>>> type(error).__name__, str(error), isinstance(error, Exception)
('SystemExit', '3', True)
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any

from dag_translator.authoring.runtime import current

# Error and cause travel through the payload (256 KiB in all); the log has the whole story.
_MESSAGE_LIMIT = 4_000
_FRAME_LIMIT = 40
_MUTE = "<no message"


def surfaced(error: BaseException) -> Exception:
    """`error`, or an Exception of the same name and message where `error` can't leave as it is: so one whose message
    tells a secret, which would stand in the execution's history."""
    told = _text_of(error)
    message = current().masker.redact(told)
    if message != told:
        error = _named(error, message)
    is_small = len(message) <= _MESSAGE_LIMIT and _frames(error.__traceback__) <= _FRAME_LIMIT
    if isinstance(error, Exception) and is_small and not message.startswith(_MUTE):
        return error
    shown = message if len(message) <= _MESSAGE_LIMIT else f"{message[:_MESSAGE_LIMIT]}… ({len(message)} characters)"
    return _named(error, shown)


def _named(error: BaseException, message: str) -> Exception:
    """Another exception of the same name, without a cause or a traceback."""
    return type(type(error).__name__, (Exception,), {"__module__": type(error).__module__})(message)  # type: ignore[no-any-return]


def message_of(error: BaseException) -> str:
    """str(error), also where that fails, without secrets."""
    return str(current().masker.redact(_text_of(error)))


def keep_secrets(task_id: str, request: Any) -> None:
    """Refuse what a secret stands in: a service's request is in the execution's history, for all who may see that.

    Raises AirflowFailException.
    """
    if current().masker.hides(json.dumps(request, ensure_ascii=False, default=str)):
        from dag_translator.authoring.exceptions import AirflowFailException

        raise AirflowFailException(
            f"task {task_id!r}: its request to the service holds a secret of a Connection or Variable, which would"
            " stand in the execution's history; let the service read it (from Secrets Manager or Parameter Store), or"
            " do the call in a @task"
        )


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as problem:  # a broken __str__ of the user's
        return f"{_MUTE}: {type(problem).__name__} in {type(error).__name__}.__str__>"


def _frames(traceback: TracebackType | None) -> int:
    count = 0
    while traceback is not None and count <= _FRAME_LIMIT:
        count += 1
        traceback = traceback.tb_next
    return count


class RunIsActive(RuntimeError):
    """The DagRun can't be taken over: another execution is at it."""
