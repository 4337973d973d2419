"""Waiting for objects on both stores: which keys wake, and that none is missed whenever it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.signal_function import Signals, handle
from lambdas.storage.store import Store
from lambdas.waiting.objects import announce, partition, wait, waiter_id

WANTED = {"lake": [["key", "in/a.csv"]]}
WAITER = waiter_id("waits", "e", "s", -1)


class Tokens:
    """Step Functions' tokens: each can be used once."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send_task_success(self, *, taskToken: str, output: str) -> None:
        if taskToken in self.sent:
            raise TaskTimedOut("used")
        assert json.loads(output) == {}
        self.sent.append(taskToken)


class TaskTimedOut(Exception):
    """As Step Functions answers a token that was used."""


@pytest.fixture
def signals(store: Store) -> Signals:
    return Signals(store, Tokens())


def woken(signals: Signals) -> list[str]:
    assert isinstance(signals.tokens, Tokens)
    return signals.tokens.sent


def created(key: str, bucket: str = "lake") -> dict[str, Any]:
    """As S3 sends it to EventBridge."""
    return {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}, "reason": "PutObject"},
    }


def pause(signals: Signals, token: str, wanted: Any = None, seconds: float = 3600) -> bool:
    """The machine waits."""
    event = {
        "kind": "watch",
        "run": {"dag_id": "waits", "run_id": "r", "execution": "e"},
        "task_id": "s",
        "watch": {"objects": wanted or WANTED, "seconds": seconds},
        "token": token,
    }
    return bool(handle(signals, event)["woken"])


def test_an_object_wakes_who_waits_and_an_event_twice_changes_nothing(signals: Signals) -> None:
    announce(signals.store, WAITER, WANTED)
    assert not pause(signals, "t1")
    assert handle(signals, created("in/a.csv")) == {"woken": 1}
    assert handle(signals, created("in/a.csv")) == {"woken": 0}
    assert woken(signals) == ["t1"]
    assert list(signals.store.query(partition("lake"), "")) == []


@pytest.mark.parametrize("twice", [False, True])
def test_an_object_between_the_look_and_the_wait_is_not_missed(signals: Signals, twice: bool) -> None:
    announce(signals.store, WAITER, WANTED)
    # The sensor looks here, in vain.
    for _ in range(1 + twice):
        assert handle(signals, created("in/a.csv")) == {"woken": 0}
    assert pause(signals, "t1")
    assert woken(signals) == ["t1"]
    # It looks again, announcing what it still waits for: what happened before is forgotten.
    announce(signals.store, WAITER, WANTED)
    assert not pause(signals, "t2")


def test_a_late_event_of_an_earlier_lap_does_not_remove_the_next_wait(signals: Signals) -> None:
    announce(signals.store, WAITER, WANTED)
    pause(signals, "t1")
    handle(signals, created("in/a.csv"))
    announce(signals.store, WAITER, WANTED)
    pause(signals, "t2")
    assert handle(signals, created("in/a.csv")) == {"woken": 1}
    assert woken(signals) == ["t1", "t2"]


def test_a_wait_that_nobody_announced_looks_again(signals: Signals) -> None:
    """Its announcement is too old: what has come since is not known."""
    assert pause(signals, "t1")


@pytest.mark.parametrize(
    ("pattern", "wakes", "does_not"),
    [
        (["key", "in/a b.csv"], ["in/a b.csv"], ["in/a+b.csv", "in/a b.csv2", "a b.csv"]),
        (["wildcard", "in/*.csv"], ["in/a.csv", "in/deep/a.csv"], ["in/a.txt", "IN/a.csv", "out/in/a.csv"]),
        (["regex", r"in/\d+\.csv$"], ["in/12.csv"], ["in/x.csv", "out/in/12.csv"]),
        (["regex", "("], ["anything"], []),
    ],
)
def test_which_keys_wake(signals: Signals, pattern: list[str], wakes: list[str], does_not: list[str]) -> None:
    announce(signals.store, WAITER, {"lake": [pattern]})
    pause(signals, "t1", {"lake": [["key", "other"], pattern]})
    assert [handle(signals, created(key))["woken"] for key in does_not] == [0] * len(does_not)
    assert handle(signals, created(wakes[0], "other"))["woken"] == 0
    for number, key in enumerate(wakes, 1):
        assert handle(signals, created(key))["woken"] == 1
        announce(signals.store, WAITER, {"lake": [pattern]})
        pause(signals, f"t{number + 1}", {"lake": [pattern]})


def test_a_wait_that_is_over_wakes_nobody(signals: Signals) -> None:
    announce(signals.store, WAITER, WANTED)
    pause(signals, "t1", seconds=-1000)
    assert handle(signals, created("in/a.csv")) == {"woken": 0}
    assert woken(signals) == []


def test_each_instance_and_each_run_waits_for_itself(signals: Signals) -> None:
    for number in range(3):
        announce(signals.store, waiter_id("waits", "e", "s", number), WANTED)
        wait(signals.store, waiter_id("waits", "e", "s", number), WANTED, f"t{number}", 60)
    assert handle(signals, created("in/a.csv")) == {"woken": 3}
    assert sorted(woken(signals)) == ["t0", "t1", "t2"]
