"""ECS in the local AWS: the containers of long Python tasks as processes of this machine, without Docker.

Their image is AWS's own of Lambda's Python, and their command fetches the code and the layers of a function's version;
so the same command runs here, on the same Python, in a folder of its own (`AIRSTEP_ROOT`). Other images need Docker.

Invariant: a process ends when its task is stopped (SIGTERM, then SIGKILL, as ECS does) and when the server does; what
ended is told once, with its exit code.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.lambda_runtime.function import LogLine
from infra.local.lambda_runtime.logs import LogShipper
from infra.local.lambda_runtime.packages import PackageStore
from infra.local.lambda_runtime.worker import interpreter_for, temporary_directory
from infra.local.ministack.containers import Container

IMAGE = "public.ecr.aws/lambda/python:"
# What ECS leaves a container between SIGTERM and SIGKILL, in seconds.
STOP_TIMEOUT = 30.0
# First of all, so that no process outlives a server that was killed: the pipe's other end is then closed.
_LIFELINE = "import os,threading;threading.Thread(target=lambda:(os.read({},1),os._exit(137)),daemon=True).start()\n"

# (container, reason, stopCode, exit code)
Ended = Callable[[Container, str, str, int], None]


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    lifeline: int
    folder: Path
    reason: str | None = None  # of a stop that was asked for


@dataclass(frozen=True, slots=True)
class _Log:
    """Where a container's output goes."""

    name: str
    account: str
    region: str
    log_group: str


@dataclass(slots=True)
class ContainerProcesses:
    """See `infra.local.ministack.containers.Runs`. root: where their folders are; ended: is told on another thread."""

    root: Path
    endpoint: str
    shipper: LogShipper
    ended: Ended
    stop_timeout: float = STOP_TIMEOUT
    _running: dict[str, _Running] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        # What an earlier process left when it was killed.
        shutil.rmtree(self.root / "tasks", ignore_errors=True)

    def wanted(self, container: Container) -> bool:
        """Only what runs a function's version needs nothing but Python."""
        return container.image.startswith(IMAGE) and "AIRSTEP_FUNCTION" in container.environment

    def start(self, container: Container) -> None:
        folder = temporary_directory(self.root / "tasks", container.name)
        for name in ("var/task", "opt", "tmp"):
            (folder / name).mkdir(parents=True)
        inner, lifeline = os.pipe()
        _, *arguments = container.command  # python3
        *options, script = arguments
        interpreter = interpreter_for(f"python{container.image.removeprefix(IMAGE)}")
        try:
            process = subprocess.Popen(
                [interpreter, "-I", "-S", "-u", *options, _LIFELINE.format(inner) + script],
                cwd=folder,
                env=self._environment(container, folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(inner,),
                start_new_session=True,
            )
        finally:
            os.close(inner)
        running = _Running(process, lifeline, folder)
        with self._lock:
            self._running[container.task_arn] = running
        threading.Thread(target=self._follow, args=(container, running), name="ecs-task", daemon=True).start()

    def stop(self, task_arn: str, reason: str) -> bool:
        with self._lock:
            running = self._running.get(task_arn)
            if running is None:
                return False
            running.reason = running.reason or reason
        _signal(running.process, signal.SIGTERM)
        killer = threading.Timer(self.stop_timeout, _signal, (running.process, signal.SIGKILL))
        killer.daemon = True
        killer.start()
        return True

    def close(self) -> None:
        """End all of them; ECS has lost them."""
        with self._lock:
            left, self._running = list(self._running.values()), {}
        for running in left:
            _signal(running.process, signal.SIGKILL)

    def _environment(self, container: Container, folder: Path) -> Mapping[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_ACCESS_KEY_ID": container.scope.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "HOME": str(folder),
            "HOSTNAME": container.task_arn.rpartition("/")[2],
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TMPDIR": str(folder / "tmp"),
            "TZ": ":UTC",
            "LAMBDA_RUNTIME_DIR": str(PackageStore(self.root / "packages").runtime_directory()),
            **container.environment,
            "AIRSTEP_ROOT": str(folder),
        }

    def _follow(self, container: Container, running: _Running) -> None:
        """Bring the output to the log until the process ends, then tell."""
        self._ship(container, running.process)
        code = running.process.wait()
        os.close(running.lifeline)
        shutil.rmtree(running.folder, ignore_errors=True)
        with self._lock:
            if self._running.pop(container.task_arn, None) is None:
                return  # the server goes
        exit_code = code if code >= 0 else 128 - code
        if running.reason:
            self.ended(container, running.reason, "UserInitiated", exit_code)
        else:
            self.ended(container, "Essential container in task exited", "EssentialContainerExited", exit_code)

    def _ship(self, container: Container, process: subprocess.Popen[bytes]) -> None:
        options, scope = container.log, container.scope
        log = _Log(container.name, scope.account, scope.region, options.get("awslogs-group", ""))
        stream = f"{options.get('awslogs-stream-prefix')}/{container.name}/{container.task_arn.rpartition('/')[2]}"
        if process.stdout is None:
            return
        with process.stdout as output:
            for line in output:
                text = line.decode("utf-8", "replace").rstrip("\n")
                if log.log_group:
                    self.shipper.ship(log, stream, [LogLine(int(time.time() * 1000), text)])


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
