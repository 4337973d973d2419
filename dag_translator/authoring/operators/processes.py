"""A child process whose output goes line by line to the log, and which never outlives its task."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

_GRACE_SECONDS = 2


class ChildProcess:
    """One process at a time, in a process group of its own."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        tell: Callable[[str], None],
        encoding: str = "utf-8",
    ) -> tuple[int, str]:
        """The exit code, and the last line of stdout and stderr. tell: gets every line."""
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
        line = ""
        try:
            assert self._process.stdout is not None
            with self._process.stdout as output:
                for raw in output:
                    line = raw.decode(encoding, errors="backslashreplace").rstrip()
                    tell(line)
            return self._process.wait(), line
        except BaseException:  # a timeout is raised in here; leave no process behind
            self.kill()
            raise
        finally:
            self._process = None

    def kill(self) -> None:
        """End the process group, if there is one."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
