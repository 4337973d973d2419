"""`airstep local up | down | status`: the embedded local AWS, kept between starts in `.airstep/local`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from infra.cli.options import Output, OutputOption
from infra.cli.output import emit, note

StateDirOption = Annotated[
    Path | None, typer.Option("--state-dir", help="Where its state is kept; .airstep/local if not given.")
]


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep local`."""
    group.command("up")(up)
    group.command("down")(down)
    group.command("status")(status)


def up(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; 4566 if not given.")] = None,
    state_dir: StateDirOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Start it in the background, with the state it had. Fine if it runs already."""
    from infra.local import server

    folder = state_dir or server.DEFAULT_STATE_DIR
    running = server.status(folder)
    if running is None:
        running = server.start(port or server.DEFAULT_PORT, folder)
    elif port not in (None, running.port):
        note(f"it runs already, on port {running.port}")
    emit([_row(running)], output)


def down(state_dir: StateDirOption = None) -> None:
    """Stop it, and everything that it runs; its state stays."""
    from infra.local import server

    if server.stop(state_dir or server.DEFAULT_STATE_DIR):
        note("stopped")
    else:
        note("it was not running")


def status(state_dir: StateDirOption = None, output: OutputOption = Output.TABLE) -> None:
    """Say whether it runs, and where. Exit code 1 if not."""
    from infra.local import server

    running = server.status(state_dir or server.DEFAULT_STATE_DIR)
    if running is None:
        emit([{"status": "stopped"}], output)
        raise typer.Exit(1)
    emit([_row(running)], output)


def _row(running: Any) -> dict[str, Any]:
    return {
        "status": "running",
        "endpoint": running.endpoint,
        "pid": running.pid,
        "state": str(running.state_dir),
    }
