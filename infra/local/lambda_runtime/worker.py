"""The parent's side of one worker process: start it, hand it requests, collect answers and output.

Invariant: a worker serves one request at a time; after a crash, a timeout or a failed start it is closed and never
used again; closing it ends its whole process group.
"""

import contextlib
import functools
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.lambda_runtime.function import LogLine

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
# How long to wait for output that a dead process may have left in the pipe (its children can hold the pipe open).
LAST_WORDS_SECONDS = 0.2


class WorkerTimedOut(Exception):
    """No answer before the deadline."""


class WorkerExited(Exception):
    """The process ended without an answer; `reason` is worded as AWS words it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Launch:
    """What it takes to start a worker."""

    interpreter: str
    environment: dict[str, str]
    search_path: Sequence[str]
    directory: Path
    temporary: Path


@dataclass(slots=True)
class Output:
    """Lines the process wrote, and the unfinished last one."""

    lines: list[LogLine] = field(default_factory=list)
    rest: bytes = b""

    def take(self) -> tuple[LogLine, ...]:
        if self.rest:
            self.lines.append(LogLine(_now_ms(), self.rest.decode("utf-8", "replace")))
        lines, self.lines, self.rest = tuple(self.lines), [], b""
        return lines


class Worker:
    """One process; call `wait_until_loaded` before the first `invoke`."""

    def __init__(self, launch: Launch) -> None:
        self.log_stream = launch.environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.last_used = time.monotonic()
        self._temporary = launch.temporary
        self._mark = b"\x00" + secrets.token_bytes(12).hex().encode() + b"\x00\n"
        self._output = Output()
        request_end, self._requests = os.pipe()
        self._answers, answer_end = os.pipe()
        lifeline_end, self._lifeline = os.pipe()
        self._log, log_end = os.pipe()
        child_ends = (request_end, answer_end, lifeline_end)
        settings = {
            "requests": request_end,
            "answers": answer_end,
            "lifeline": lifeline_end,
            "path": list(launch.search_path),
            "mark": self._mark.hex(),
        }
        try:
            self._process = subprocess.Popen(
                [launch.interpreter, "-I", "-S", "-u", str(BOOTSTRAP), json.dumps(settings)],
                cwd=launch.directory,
                env=launch.environment,
                stdin=subprocess.DEVNULL,
                stdout=log_end,
                stderr=log_end,
                pass_fds=child_ends,
                start_new_session=True,
            )
        finally:
            for descriptor in (*child_ends, log_end):
                os.close(descriptor)

    def wait_until_loaded(self, seconds: float) -> str | None:
        """None when the handler is imported, else the JSON of the error. Raises as `invoke` does."""
        kind, text = self._read_answer(time.monotonic() + seconds)
        return None if kind == "I" else text

    def invoke(self, request: dict[str, object], seconds: float) -> tuple[bool, str]:
        """Send one request; (failed, JSON text). Raises WorkerTimedOut or WorkerExited, after which `close` it."""
        deadline = time.monotonic() + seconds
        message = json.dumps(request).encode() + b"\n"
        try:
            while message:
                message = message[os.write(self._requests, message) :]
        except BrokenPipeError:
            raise WorkerExited(self._exit_reason()) from None
        kind, text = self._read_answer(deadline)
        self.last_used = time.monotonic()
        return kind != "R", text

    def output(self) -> tuple[LogLine, ...]:
        """What was written since the last call."""
        return self._output.take()

    def kill(self) -> None:
        """End the process and everything it started; whoever waits for its answer gets WorkerExited."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """`kill`, and give back what the worker held: pipes, temporary directory."""
        self.kill()
        self._process.wait()
        for descriptor in (self._requests, self._answers, self._lifeline, self._log):
            os.close(descriptor)
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _read_answer(self, deadline: float) -> tuple[str, str]:
        answer = b""
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        poller.register(self._log, select.POLLIN)
        while not answer.endswith(b"\n"):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                self._drain(LAST_WORDS_SECONDS)
                raise WorkerTimedOut
            for descriptor, _ in poller.poll(min(remaining, 60) * 1000):
                chunk = os.read(descriptor, 65536)
                if descriptor == self._log:
                    if chunk:
                        self._collect(chunk)
                    else:  # closed by the function itself; only the answer matters now
                        poller.unregister(self._log)
                elif chunk:
                    answer += chunk
                else:
                    self._drain(LAST_WORDS_SECONDS)
                    raise WorkerExited(self._exit_reason())
        self._drain(1.0, until_mark=True)
        return answer[:1].decode(), answer[1:-1].decode()

    def _drain(self, seconds: float, *, until_mark: bool = False) -> None:
        """Read what is in the log pipe: up to the mark that closes an answer, or until nothing comes any more."""
        deadline = time.monotonic() + seconds
        while not (until_mark and self._passed_mark()):
            remaining = deadline - time.monotonic()
            poller = select.poll()
            poller.register(self._log, select.POLLIN)
            chunk = os.read(self._log, 65536) if poller.poll(max(0.0, remaining) * 1000) else b""
            if not chunk:
                return
            self._collect(chunk)

    def _collect(self, chunk: bytes) -> None:
        text = self._output.rest + chunk
        *lines, self._output.rest = text.split(b"\n")
        now = _now_ms()
        self._output.lines += (LogLine(now, line.decode("utf-8", "replace")) for line in lines)

    def _passed_mark(self) -> bool:
        """True once, when the mark has come; a line that the mark ended is kept."""
        mark = self._mark[:-1].decode()
        for index, line in enumerate(self._output.lines):
            if line.message.endswith(mark):
                before = line.message.removesuffix(mark)
                self._output.lines[index : index + 1] = [LogLine(line.timestamp, before)] if before else []
                return True
        return False

    def _exit_reason(self) -> str:
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "Runtime exited without providing a reason"
        if code < 0:
            return f"Runtime exited with error: signal: {signal.Signals(-code).name.removeprefix('SIG').lower()}"
        return f"Runtime exited with error: exit status {code}" if code else "Runtime exited without providing a reason"


@functools.cache
def interpreter_for(runtime: str) -> str:
    """The Python to run `python3.x` with: that very version when installed, else the one we run on.

    Not our virtual environment's: its packages must stay out of sight.
    """
    base: str = getattr(sys, "_base_executable", sys.executable)
    ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = None if runtime == ours else shutil.which(runtime)
    if found is None:
        return base
    # What is on the path may be a version manager's stub: ask it who it is, and whether it works at all.
    tell = "import sys; print(f'python{sys.version_info[0]}.{sys.version_info[1]}', sys.executable)"
    answer = subprocess.run([found, "-I", "-S", "-c", tell], capture_output=True, text=True, check=False)
    version, _, path = answer.stdout.strip().partition(" ")
    return path if version == runtime else base


def temporary_directory(root: Path, name: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{name[:40]}-", dir=root))


def _now_ms() -> int:
    return int(time.time() * 1000)
