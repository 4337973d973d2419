"""Exceptions on their way out of a Lambda. Their class names are the routing, so they keep them; what would end
the worker or overflow the machine's payload does not get out.

>>> error = surfaced(SystemExit(3))
>>> type(error).__name__, str(error), isinstance(error, Exception)
('SystemExit', '3', True)
"""

from __future__ import annotations

from types import TracebackType

# Error and cause travel through the payload (256 KiB in all); the log has the whole story.
_MESSAGE_LIMIT = 4_000
_FRAME_LIMIT = 40
_MUTE = "<no message"


def surfaced(error: BaseException) -> Exception:
    """`error`, or an Exception of the same name and message where `error` can't leave as it is."""
    message = message_of(error)
    is_small = len(message) <= _MESSAGE_LIMIT and _frames(error.__traceback__) <= _FRAME_LIMIT
    if isinstance(error, Exception) and is_small and not message.startswith(_MUTE):
        return error
    name = type(error).__name__
    shown = message if len(message) <= _MESSAGE_LIMIT else f"{message[:_MESSAGE_LIMIT]}… ({len(message)} characters)"
    return type(name, (Exception,), {"__module__": type(error).__module__})(shown)  # type: ignore[no-any-return]


def message_of(error: BaseException) -> str:
    """str(error), also where that fails."""
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
