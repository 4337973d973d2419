"""Invokes Lambda functions: the entry to this package.

Invariant: every invocation ends with an answer or with AWS's error object, within the function's timeout, whatever the
handler does to its process.

    crash of the process     Runtime.ExitError      RequestId: … Error: Runtime exited with error: exit status 3
    no answer in time        Sandbox.Timedout       RequestId: … Error: Task timed out after 3.00 seconds
    exception in the handler its class's name       its text, with stackTrace
"""

import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from infra.local.lambda_runtime.environment import module_search_path, worker_environment
from infra.local.lambda_runtime.function import Function, Invocation, LogLine
from infra.local.lambda_runtime.packages import PackageStore
from infra.local.lambda_runtime.pool import WorkerPool
from infra.local.lambda_runtime.worker import (
    Launch,
    Worker,
    WorkerExited,
    WorkerTimedOut,
    interpreter_for,
    temporary_directory,
)

MAX_RESPONSE_BYTES = 6_291_556
# AWS gives the import of the handler 10 s before it counts against the function's timeout.
INIT_SECONDS = 10.0

LogSink = Callable[[Function, str, Sequence[LogLine]], None]


class LambdaRuntime:
    """Runs functions whose packages live under `root`; `log` gets (function, stream, lines) after each invocation."""

    def __init__(self, root: Path, endpoint: str, log: LogSink, *, max_starting: int | None = None) -> None:
        self._packages = PackageStore(root / "packages")
        self._temporary_root = root / "tmp"
        # What an earlier process left when it was killed.
        shutil.rmtree(self._temporary_root, ignore_errors=True)
        self._endpoint = endpoint
        self._log = log
        self._pool = WorkerPool(self._start, max_starting=max_starting or os.cpu_count() or 2)
        self._stopped = threading.Event()
        threading.Thread(target=self._reap_for_ever, name="lambda-reaper", daemon=True).start()

    def invoke(
        self, function: Function, event: object, *, request_id: str, invoked_arn: str, trace_id: str | None = None
    ) -> Invocation:
        """Blocks until the function has answered. `event` is a JSON value; runs side by side with other calls."""
        started = time.monotonic()
        worker, is_new = self._pool.acquire(function)
        stream = worker.log_stream
        init_error, init_ms = self._load(worker, function) if is_new else (None, 0)
        lines = list(worker.output())
        lines.append(_line(f"START RequestId: {request_id} Version: {function.version}"))
        if init_error is not None:
            failed, payload, healthy = True, init_error, False
        else:
            request = {
                "event": event,
                "request_id": request_id,
                "arn": invoked_arn,
                "deadline_ms": int((time.time() + function.timeout) * 1000),
                "trace_id": trace_id or _trace_id(),
            }
            failed, payload, healthy = _exchange(worker, function, request, request_id)
        lines += worker.output()
        if healthy:
            self._pool.release(function, worker)
        else:
            self._pool.discard(worker)
        lines += _closing_lines(function, request_id, payload if not healthy else "", started, init_ms)
        self._log(function, stream, lines)
        return Invocation(payload, failed, tuple(lines), stream)

    def close(self) -> None:
        self._stopped.set()
        self._pool.close()

    def _load(self, worker: Worker, function: Function) -> tuple[str | None, int]:
        """Wait until the handler is imported: (error object or None, ms)."""
        started = time.monotonic()
        try:
            error = worker.wait_until_loaded(INIT_SECONDS + function.timeout)
        except WorkerTimedOut:
            error = _timed_out(function, "")
        except WorkerExited as gone:
            error = _exited(gone, "")
        finally:
            self._pool.started()
        return error, int((time.monotonic() - started) * 1000)

    def _start(self, function: Function) -> Worker:
        task_root = self._packages.unpack(function.code)
        layers = [self._packages.unpack(layer) for layer in function.layers]
        runtime_root = self._packages.runtime_directory()
        temporary = temporary_directory(self._temporary_root, function.name)
        today = datetime.now(UTC).strftime("%Y/%m/%d")
        stream = f"{today}/[{function.version}]{uuid4().hex}"
        environment = worker_environment(
            function,
            endpoint=self._endpoint,
            task_root=task_root,
            runtime_root=runtime_root,
            temporary=temporary,
            log_stream=stream,
        )
        return Worker(
            Launch(
                interpreter=interpreter_for(function.runtime),
                environment=environment,
                search_path=module_search_path(task_root, layers, runtime_root),
                directory=task_root,
                temporary=temporary,
            )
        )

    def _reap_for_ever(self) -> None:
        while not self._stopped.wait(30):
            self._pool.reap()


def _exchange(
    worker: Worker, function: Function, request: dict[str, object], request_id: str
) -> tuple[bool, str, bool]:
    """(failed, payload, whether the worker can serve again)."""
    try:
        failed, payload = worker.invoke(request, function.timeout)
    except WorkerTimedOut:
        return True, _timed_out(function, request_id), False
    except WorkerExited as gone:
        return True, _exited(gone, request_id), False
    if len(payload.encode()) > MAX_RESPONSE_BYTES:
        too_large = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
        return True, _error("Function.ResponseSizeTooLarge", too_large), True
    return failed, payload, True


def _timed_out(function: Function, request_id: str) -> str:
    text = f"RequestId: {request_id} Error: Task timed out after {function.timeout:.2f} seconds"
    return _error("Sandbox.Timedout", text)


def _exited(gone: WorkerExited, request_id: str) -> str:
    return _error("Runtime.ExitError", f"RequestId: {request_id} Error: {gone.reason}")


def _error(error_type: str, message: str) -> str:
    return json.dumps({"errorType": error_type, "errorMessage": message})


def _closing_lines(function: Function, request_id: str, problem: str, started: float, init_ms: int) -> list[LogLine]:
    """The lines that the platform adds after an invocation; `problem` is the error object of a lost worker."""
    duration = (time.monotonic() - started) * 1000
    lines = []
    if problem:
        error = json.loads(problem)
        lines.append(_line(f"{error['errorMessage']} {error['errorType']}"))
    lines.append(_line(f"END RequestId: {request_id}"))
    init = f"\tInit Duration: {init_ms:.2f} ms" if init_ms else ""
    lines.append(
        _line(
            f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\tBilled Duration: {int(duration) + 1} ms"
            f"\tMemory Size: {function.memory} MB\tMax Memory Used: {function.memory} MB{init}"
        )
    )
    return lines


def _line(message: str) -> LogLine:
    return LogLine(int(time.time() * 1000), message)


def _trace_id() -> str:
    """As AWS sets it when tracing is off: an id, not sampled."""
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0"
