"""Starts, finds and stops the local AWS: the one entry for tests, the `airstep local` commands and `make demo`.

Invariant: a server belongs to one state directory and holds its lock as long as it lives; `start` returns when it
answers requests; after `stop` no process of it is left. It listens on 127.0.0.1 only.

    >>> aws = start(port=None, state_dir=None)          # doctest: +SKIP
    >>> boto3.client("s3", endpoint_url=aws.endpoint)   # doctest: +SKIP
    >>> aws.stop()                                      # doctest: +SKIP

Also a command: `python -m infra.local.server up|down|status [--port N] [--state-dir DIR]`; `serve` stays in the
foreground.
"""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 4566
DEFAULT_STATE_DIR = Path(".airstep/local")
ACCOUNT = "000000000000"
REGION = "us-east-1"


class LocalAwsError(Exception):
    """The server could not be started or stopped; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class LocalAws:
    """A running server. `temporary`: its state directory is removed when it stops."""

    port: int
    pid: int
    state_dir: Path
    temporary: bool = False

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which boto3, the AWS CLI and the CDK CLI talk to this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            # Operations such as StartSyncExecution would go to sync-127.0.0.1.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "CDK_DEFAULT_ACCOUNT": ACCOUNT,
            "CDK_DEFAULT_REGION": REGION,
        }

    @property
    def log_file(self) -> Path:
        return self.state_dir / "server.log"

    def stop(self, timeout: float = 15.0) -> None:
        """End the server and all its Lambda workers; its state stays on disk (unless `temporary`)."""
        stop(self.state_dir, timeout=timeout)
        if self.temporary:
            shutil.rmtree(self.state_dir, ignore_errors=True)


def start(port: int | None = None, state_dir: Path | None = None, *, timeout: float = 60.0) -> LocalAws:
    """Start a server in the background and wait until it answers.

    `port=None` takes a free one; `state_dir=None` a temporary directory. Raises LocalAwsError when the state directory
    or the port is in use, or the server does not come up within `timeout` seconds (the message ends with its log).
    """
    directory = Path(tempfile.mkdtemp(prefix="local-aws-")) if state_dir is None else state_dir.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if running := status(directory):
        raise LocalAwsError(
            f"{directory} is in use: a server (pid {running.pid}) runs at {running.endpoint}; stop it first"
        )
    chosen = _free_port() if port is None else port
    _refuse_taken_port(chosen)
    _record_file(directory).unlink(missing_ok=True)
    with (directory / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.server", "serve", "--port", str(chosen), "--state-dir", str(directory)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise LocalAwsError(f"the local AWS ended with code {process.returncode}:\n{_tail(directory)}")
        if running := status(directory):
            # It outlives this object on purpose; Popen would warn of that when it is collected.
            process.returncode = 0
            return LocalAws(running.port, running.pid, directory, temporary=state_dir is None)
        time.sleep(0.02)
    process.kill()
    raise LocalAwsError(f"the local AWS did not answer within {timeout:.0f} s:\n{_tail(directory)}")


def status(state_dir: Path) -> LocalAws | None:
    """The server that runs on this state directory and is ready, or None."""
    directory = state_dir.resolve()
    try:
        record = json.loads(_record_file(directory).read_text())
    except (FileNotFoundError, ValueError):
        return None
    if not _is_locked(directory):
        return None
    return LocalAws(record["port"], record["pid"], directory)


def stop(state_dir: Path, *, timeout: float = 15.0) -> bool:
    """Stop the server of this state directory. False if none was running."""
    running = status(state_dir)
    if running is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while _is_locked(running.state_dir):
        if time.monotonic() > deadline:
            # Nothing acknowledged is lost: it was on disk before it was answered.
            os.killpg(running.pid, signal.SIGKILL)
        time.sleep(0.02)
    _record_file(running.state_dir).unlink(missing_ok=True)
    # Our own child must be collected, or it stays a zombie for as long as we live.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(running.pid, 0)
    return True


def announce(state_dir: Path, port: int) -> None:
    """Called by the serving process when it answers requests."""
    aside = state_dir / "server.json.new"
    aside.write_text(json.dumps({"pid": os.getpid(), "port": port}))
    aside.replace(_record_file(state_dir))


def lock(state_dir: Path) -> int:
    """Take the state directory's lock for the life of this process; the descriptor must stay open."""
    descriptor = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LocalAwsError(f"{state_dir} is in use by another local AWS") from None
    return descriptor


def _is_locked(state_dir: Path) -> bool:
    try:
        descriptor = os.open(state_dir / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _record_file(state_dir: Path) -> Path:
    return state_dir / "server.json"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalAwsError(
                f"port {port} of 127.0.0.1 is not available ({error.strerror}); choose another with --port"
            ) from None


def _tail(state_dir: Path, lines: int = 20) -> str:
    text = (state_dir / "server.log").read_text(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def _serve(port: int, state_dir: Path) -> None:
    # Only here: it imports ministack, which reads its settings from the environment as it is imported.
    from infra.local import process

    process.serve(port, state_dir)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.server", description="The embedded local AWS.")
    parser.add_argument("command", choices=("serve", "up", "down", "status"))
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--state-dir", type=Path, default=DEFAULT_STATE_DIR)
    options = parser.parse_args(arguments)
    say = sys.stdout.write
    try:
        if options.command == "serve":
            options.state_dir.mkdir(parents=True, exist_ok=True)
            _serve(options.port, options.state_dir.resolve())
        elif options.command == "up":
            aws = status(options.state_dir) or start(options.port, options.state_dir)
            say(f"running at {aws.endpoint} (pid {aws.pid}), state in {aws.state_dir}\n")
        elif options.command == "down":
            say("stopped\n" if stop(options.state_dir) else "not running\n")
        elif found := status(options.state_dir):
            say(f"running at {found.endpoint} (pid {found.pid})\n")
        else:
            say("not running\n")
            return 1
    except LocalAwsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
