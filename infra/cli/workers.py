"""Run a function on many values at once, each in a process of its own that may hang, crash or exit.

User code runs in there (DAG files do whatever they like while they load), so nothing of one value can reach the next,
and nothing can stop the rest. Processes are forked from this one, so what is imported here already costs them nothing.

>>> [answer for _, answer in sorted(each(len, {"a": "x", "b": "xyz"}, timeout=30))]
[1, 3]
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a value has no answer. reason: "timeout", "exit 3", "signal 9", or the exception and its message."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Running:
    process: Any
    deadline: float


def each(
    function: Callable[[Value], Answer], values: Mapping[Key, Value], timeout: float, at_once: int | None = None
) -> Iterator[tuple[Key, Answer | Failed]]:
    """`function(value)` for each value as (key, answer), in the order in which they end. timeout: seconds for one."""
    # Forked children inherit what is imported; macOS cannot fork safely, there each process starts anew.
    context = multiprocessing.get_context("fork" if sys.platform.startswith("linux") else "spawn")
    limit = at_once or os.cpu_count() or 1
    waiting = list(values.items())[::-1]
    running: dict[Connection, tuple[Key, _Running]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < limit:
                key, value = waiting.pop()
                mine, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_answer, args=(function, value, theirs))  # type: ignore[attr-defined]
                process.start()
                theirs.close()
                running[mine] = (key, _Running(process, time.monotonic() + timeout))
            yield from _collect(running)
    finally:
        for connection, (_, left) in running.items():
            _end(left.process)
            connection.close()


def _collect(running: dict[Connection, tuple[Key, _Running]]) -> Iterator[tuple[Key, Any]]:
    """Wait until something ends or runs out of time; answers that, and forgets it."""
    patience = min(entry.deadline for _, entry in running.values()) - time.monotonic()
    ready = set(wait(list(running), timeout=max(0.0, patience)))
    for connection in list(running):
        key, entry = running[connection]
        late = entry.deadline <= time.monotonic()
        if connection not in ready and not late:
            continue
        del running[connection]
        answer = _receive(connection, entry.process) if connection in ready else Failed("timeout")
        _end(entry.process)
        connection.close()
        yield key, answer


def _receive(connection: Connection, process: Any) -> Any:
    try:
        return pickle.loads(connection.recv_bytes())
    except EOFError:
        process.join()
        code = process.exitcode
        return Failed(f"signal {-code}" if code < 0 else f"exit {code}")


def _end(process: Any) -> None:
    process.kill()
    process.join()
    process.close()


def _answer(function: Callable[[Value], Answer], value: Value, to: Connection) -> None:
    """The child: what user code prints goes nowhere, what it raises becomes an answer."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdout = sys.stderr = os.fdopen(nowhere, "w")
    try:
        answer: Any = function(value)
    except BaseException as error:  # SystemExit too: a DAG file may call exit()
        answer = Failed(f"{type(error).__name__}: {error}")
    to.send_bytes(pickle.dumps(answer))
    to.close()
    os._exit(0)  # no exit handlers, no waiting for threads that user code left behind
