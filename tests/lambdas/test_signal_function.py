"""Joins: whatever the order and however often, each is completed once, with everybody's states."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from lambdas.signal_function import Signals, handle
from lambdas.storage.store import Store

RUN = {"dag_id": "d", "run_id": "r1", "execution": "e1"}


class TaskTimedOut(Exception):
    """As Step Functions answers for a token that was used."""


class Tokens:
    """Step Functions, as far as task tokens go."""

    def __init__(self) -> None:
        self.outputs: dict[str, Any] = {}

    def send_task_success(self, *, taskToken: str, output: str) -> None:
        if taskToken in self.outputs:
            raise TaskTimedOut
        self.outputs[taskToken] = json.loads(output)


def awaits(join: str, sources: list[str], token: str = "t", **rule: Any) -> dict[str, Any]:
    return {"kind": "await", "run": RUN, "join": join, "sources": sources, "rule": rule or None, "token": token}


def signal(source: str, joins: list[str], **states: Any) -> dict[str, Any]:
    return {"kind": "signal", "run": RUN, "source": source, "joins": joins, "states": states}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_join_completes_when_all_have_come_in_any_order(store: Store, order: tuple[int, ...]) -> None:
    tokens = Tokens()
    events = [
        awaits("d", ["a", "b"]),
        signal("a", ["d"], s="success", a="success"),
        signal("b", ["d"], s="success", b="failed"),
    ]
    answers = [handle(Signals(store, tokens), events[index]) for index in order]
    assert [answer["completed"] for answer in answers] == [[], [], ["d"]]
    assert tokens.outputs == {"t": {"s": "success", "a": "success", "b": "failed"}}


def test_repeated_events_change_nothing(store: Store) -> None:
    tokens = Tokens()
    signals = Signals(store, tokens)
    for event in (awaits("d", ["a"]), signal("a", ["d"], a="success")):
        handle(signals, event)
        handle(signals, event)
    assert tokens.outputs == {"t": {"a": "success"}}


def test_one_source_for_several_joins(store: Store) -> None:
    tokens = Tokens()
    signals = Signals(store, tokens)
    handle(signals, awaits("d", ["a"], "td"))
    handle(signals, awaits("f", ["a", "b"], "tf"))
    assert handle(signals, signal("a", ["d", "f"], a="success")) == {"completed": ["d"]}
    assert handle(signals, signal("b", ["f"], b="success")) == {"completed": ["f"]}
    assert tokens.outputs["tf"] == {"a": "success", "b": "success"}


def test_a_repeated_await_counts_with_its_new_token(store: Store) -> None:
    tokens = Tokens()
    signals = Signals(store, tokens)
    handle(signals, awaits("d", ["a"], "old"))
    handle(signals, awaits("d", ["a"], "new"))
    handle(signals, signal("a", ["d"], a="success"))
    assert set(tokens.outputs) == {"new"}


def test_other_failures_of_step_functions_are_not_swallowed(store: Store) -> None:
    class Broken:
        def send_task_success(self, *, taskToken: str, output: str) -> None:
            raise ConnectionError("no way through")

    signals = Signals(store, Broken())
    handle(signals, awaits("d", ["a"]))
    with pytest.raises(ConnectionError):
        handle(signals, signal("a", ["d"], a="success"))


@pytest.mark.parametrize(
    ("rule", "states", "completed_by", "verdict"),
    [
        ("one_success", ["failed", "success", "failed"], 1, "run"),
        ("one_success", ["failed", "failed", "skipped"], 2, "upstream_failed"),
        ("one_success", ["skipped", "skipped", "skipped"], 2, "skipped"),
        ("one_failed", ["success", "upstream_failed", "success"], 1, "run"),
        ("one_failed", ["success", "success", "success"], 2, "skipped"),
        ("one_done", ["skipped", "success", "failed"], 1, "run"),
        ("one_done", ["skipped", "upstream_failed", "skipped"], 2, "skipped"),
        ("one_success", [["failed", "success"], "failed", "failed"], 0, "run"),
        ("one_failed", [["success", "skipped"], "failed", "success"], 1, "run"),
    ],
)
def test_early_firing_rules(store: Store, rule: str, states: list[Any], completed_by: int, verdict: str) -> None:
    tokens = Tokens()
    signals = Signals(store, tokens)
    upstream = ["u0", "u1", "u2"]
    handle(signals, awaits("d", upstream, trigger_rule=rule, upstream=upstream))
    for index, state in enumerate(states):
        handle(signals, signal(f"u{index}", ["d"], **{f"u{index}": state}))
        assert bool(tokens.outputs) == (index >= completed_by)
    seen = {f"u{index}": states[index] for index in range(completed_by + 1)}
    assert tokens.outputs["t"] == (seen if verdict == "run" else {**seen, "d": verdict})
