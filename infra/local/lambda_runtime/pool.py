"""Hands out worker processes: a warm one if there is one, else a new one.

Invariant: a worker is in the hands of at most one invocation; workers of an older state of a version are never handed
out. Invocations never wait for each other's work (a function may call itself); only *starting* processes is limited,
since that is what the CPU is busy with, and whoever waits for it takes a worker that comes free in the meantime.
"""

import threading
import time
from collections.abc import Callable, Iterable

from infra.local.lambda_runtime.function import Function
from infra.local.lambda_runtime.worker import Worker

IDLE_SECONDS = 300.0

Start = Callable[[Function], Worker]


class WorkerPool:
    """`start` makes a process; at most `max_starting` do so at the same time."""

    def __init__(self, start: Start, *, max_starting: int) -> None:
        self._start = start
        self._max_starting = max_starting
        self._starting = 0
        self._changed = threading.Condition()
        self._idle: dict[str, list[Worker]] = {}
        self._current: dict[str, str] = {}
        self._busy: set[Worker] = set()
        self._closed = False

    def acquire(self, function: Function) -> tuple[Worker, bool]:
        """A worker for the caller alone, and whether it was just started. Give it back with `release` or `discard`."""
        fingerprint = function.fingerprint
        with self._changed:
            self._retire_older(function, fingerprint)
            while True:
                if self._closed:
                    raise RuntimeError("the Lambda runtime is shutting down")
                if idle := self._idle.get(fingerprint):
                    worker = idle.pop()
                    self._busy.add(worker)
                    return worker, False
                if self._starting < self._max_starting:
                    break
                self._changed.wait()
            self._starting += 1
        return self._start_one(function), True

    def started(self) -> None:
        """The caller's new worker has loaded its handler (or failed to): another one may start."""
        with self._changed:
            self._starting -= 1
            self._changed.notify_all()

    def release(self, function: Function, worker: Worker) -> None:
        """Keep the worker warm for the next invocation, unless its function has changed since."""
        with self._changed:
            self._busy.discard(worker)
            keep = self._current.get(function.key) == function.fingerprint and not self._closed
            if keep:
                self._idle.setdefault(function.fingerprint, []).append(worker)
                self._changed.notify_all()
        if not keep:
            worker.close()

    def discard(self, worker: Worker) -> None:
        with self._changed:
            self._busy.discard(worker)
        worker.close()

    def reap(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Close the workers that nobody has used for so long."""
        oldest = time.monotonic() - idle_seconds
        with self._changed:
            doomed = [w for workers in self._idle.values() for w in workers if w.last_used < oldest]
            for fingerprint, workers in list(self._idle.items()):
                kept = [worker for worker in workers if worker.last_used >= oldest]
                if kept:
                    self._idle[fingerprint] = kept
                else:
                    del self._idle[fingerprint]
        _close(doomed)

    def close(self) -> None:
        """End every process, busy ones too."""
        with self._changed:
            self._closed = True
            doomed = [worker for workers in self._idle.values() for worker in workers]
            self._idle.clear()
            busy = list(self._busy)
            self._changed.notify_all()
        _close(doomed)
        for worker in busy:
            worker.kill()

    def _start_one(self, function: Function) -> Worker:
        try:
            worker = self._start(function)
        except BaseException:
            self.started()
            raise
        with self._changed:
            self._busy.add(worker)
        return worker

    def _retire_older(self, function: Function, fingerprint: str) -> None:
        previous = self._current.get(function.key)
        self._current[function.key] = fingerprint
        if previous is not None and previous != fingerprint:
            _close(self._idle.pop(previous, []))


def _close(workers: Iterable[Worker]) -> None:
    for worker in workers:
        worker.close()
