"""Processes that hang, crash or exit don't stop the others."""

from __future__ import annotations

import os
import signal
import sys
import time

from infra.cli.workers import Failed, each


def behave(what: str) -> str:
    match what:
        case "hang":
            time.sleep(60)
        case "exit":
            os._exit(3)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise":
            raise ValueError("no")
        case "sys.exit":
            sys.exit(4)
        case "print":
            print("noise")
    return what.upper()


def test_every_value_gets_an_answer() -> None:
    names = ["hang", "exit", "killed", "raise", "sys.exit", "print", *(f"good {number}" for number in range(8))]
    began = time.monotonic()
    answers = dict(each(behave, {name: name for name in names}, timeout=0.5, at_once=4))
    assert time.monotonic() - began < 5
    assert set(answers) == set(names)
    assert answers["hang"] == Failed("timeout")
    assert answers["exit"] == Failed("exit 3")
    assert answers["killed"] == Failed("signal 9")
    assert answers["raise"] == Failed("ValueError: no")
    assert answers["sys.exit"] == Failed("SystemExit: 4")
    assert [answers[f"good {number}"] for number in range(8)] == [f"GOOD {number}" for number in range(8)]


def test_leaving_early_leaves_no_process() -> None:
    running = each(behave, {"print": "print", "hang": "hang"}, timeout=60, at_once=2)
    assert next(running) == ("print", "PRINT")
    running.close()  # type: ignore[attr-defined]
    import multiprocessing

    assert multiprocessing.active_children() == []
