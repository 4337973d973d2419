"""Asset events of tasks: written with the outcome, sent after it, sent again when it is answered again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.scheduling.asset_events import alias_pk, asset_pk, of_record, read_history, send
from lambdas.storage.records import DagRun
from tests.lambdas.driver import EXECUTION, Run, start

FILE = """
from datetime import datetime
from airflow.sdk import DAG, Asset, AssetAlias, task
X = AssetAlias("x")

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    @task(outlets=[Asset("a", "s3://a"), X])
    def t(outlet_events):
        outlet_events[Asset("a", "s3://a")].extra = {"n": {extra}}
        outlet_events[X].add(Asset("b"))

    @task
    def plain():
        return 1

    @task(inlets=[Asset("a", "s3://a")])
    def triggered(triggering_asset_events, triggering_dataset_events, dag_run):
        return [
            {asset.name: len(events) for asset, events in triggering_asset_events.items()},
            {uri: len(events) for uri, events in triggering_dataset_events.items()},
            len(dag_run.consumed_asset_events),
        ]

    t(), plain(), triggered()
"""


class Bus:
    """EventBridge: takes what it is given, after refusing for a while."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.entries: list[dict[str, Any]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        if self.refusals:
            self.refusals -= 1
            others = Entries[1:]
            self.entries += others
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "Throttled"}, *({"EventId": "e"} for _ in others)]}
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"} for _ in Entries]}


def begun(make_dag: Any, make_runtime: Any, bus: Bus, extra: str = "1") -> Run:
    runtime = make_runtime(make_dag(FILE.replace("{extra}", extra)))
    return start(replace(runtime, send_assets=lambda events: send(bus, events)))


def test_events_are_recorded_and_sent(make_dag: Any, make_runtime: Any) -> None:
    bus = Bus()
    run = begun(make_dag, make_runtime, bus)
    run.task("t")
    run.task("plain")
    details = [json.loads(entry["Detail"]) for entry in bus.entries]
    assert [(entry["Source"], entry["DetailType"]) for entry in bus.entries] == [("airstep", "AssetUpdated")] * 2
    assert [(each["asset"]["uri"], each["extra"], each["aliases"]) for each in details] == [
        ("s3://a/", {"n": 1}, []),
        ("b", {}, ["x"]),
    ]
    assert details[0]["source"] == {"dag_id": "d", "task_id": "t", "run_id": run.key.run_id, "map_index": -1}
    assert of_record(run.record("t")) == details
    assert run.record("plain").asset_events is None
    assert list(read_history(run.runtime.store, asset_pk("s3://a/"))) == details[:1]
    assert list(read_history(run.runtime.store, alias_pk("x"))) == details[1:]


def test_a_lost_answer_sends_the_same_events_again(make_dag: Any, make_runtime: Any) -> None:
    bus = Bus()
    run = begun(make_dag, make_runtime, bus)
    for attempt in range(2):
        run.call("run_task", "t", attempt=attempt)
    ids = [json.loads(entry["Detail"])["id"] for entry in bus.entries]
    assert len(ids) == 4
    assert ids[:2] == ids[2:]


def test_what_eventbridge_refuses_is_sent_again(make_dag: Any, make_runtime: Any) -> None:
    bus = Bus(refusals=2)
    run = begun(make_dag, make_runtime, bus)
    run.task("t")
    assert run.states["t"] == "success"
    assert {json.loads(entry["Detail"])["asset"]["name"] for entry in bus.entries} == {"a", "b"}
    with pytest.raises(RuntimeError, match="refused 1 asset events: Throttled"):
        send(Bus(refusals=9), [json.loads(bus.entries[0]["Detail"])])


def test_a_failed_send_fails_the_try_and_the_next_one_sends(make_dag: Any, make_runtime: Any) -> None:
    bus = Bus(refusals=5)
    run = begun(make_dag, make_runtime, bus)
    with pytest.raises(RuntimeError, match="refused"):
        run.call("run_task", "t", attempt=0)
    assert run.call("run_task", "t", attempt=1)["t"] == "success"
    assert {json.loads(entry["Detail"])["asset"]["name"] for entry in bus.entries} == {"a", "b"}


@pytest.mark.parametrize(("extra", "message"), [("object()", "must be JSON"), ("'x' * 300_000", "may take")])
def test_extras_that_cannot_be_sent_fail_the_task(make_dag: Any, make_runtime: Any, extra: str, message: str) -> None:
    run = begun(make_dag, make_runtime, Bus(), extra)
    run.task("t")
    assert run.states["t"] == "failed"
    assert message in run.record("t").error_message


def test_a_batch_of_many_events() -> None:
    bus = Bus()
    events = [{"id": str(n), "asset": {"name": "a", "uri": "a"}, "extra": {"x": "y" * 30_000}} for n in range(25)]
    sizes: list[int] = []
    original = bus.put_events

    def put_events(*, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        sizes.append(sum(len(entry["Detail"]) for entry in Entries))
        assert len(Entries) <= 10
        return original(Entries=Entries)

    bus.put_events = put_events  # type: ignore[method-assign]
    send(bus, events)
    assert len(bus.entries) == 25
    assert max(sizes) < 256_000


def test_a_run_that_assets_started_sees_their_events(make_dag: Any, make_runtime: Any) -> None:
    run = begun(make_dag, make_runtime, Bus())
    store = run.runtime.store
    for number, name in enumerate("aab", 1):
        event = {"id": str(number), "asset": {"name": name, "uri": f"s3://{name}"}, "extra": {}}
        event |= {"timestamp": "2024-01-15T00:00:00+00:00", "aliases": [], "source": {}}
        store.merge("dag/d", f"asset-event/{number:012}", {}, {"event": json.dumps(event)})
    given = {
        "run_id": "asset_triggered__x",
        "logical_date": None,
        "run_after": "2024-01-15T00:00:00+00:00",
        "asset_events": "2-3",
    }
    second = start(run.runtime, given, {**EXECUTION, "Name": "r2"})
    assert (second.run["run_type"], second.run["logical_date"], second.run["data_interval_start"]) == (
        "asset_triggered",
        None,
        None,
    )
    second.task("triggered")
    assert second.xcoms()["triggered"]["return_value"] == [{"a": 1, "b": 1}, {"s3://a/": 1, "s3://b/": 1}, 2]
    stored = store.get_run(second.key)
    assert isinstance(stored, DagRun)
    assert stored.asset_events == "2-3"
    run.task("triggered")
    assert run.xcoms()["triggered"]["return_value"] == [{}, {}, 0]
