"""The store's promises, kept by both stores alike."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.storage.dynamo_store import DynamoStore
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import DagRun, Fence, RunKey, TaskKey, TaskRecord, changed
from lambdas.storage.store import Add, Check, Condition, Delete, Put, Store, Write

RUN = DagRun(
    dag_id="d",
    run_id="r1",
    run_type="manual",
    state="running",
    run_after="2024-01-15T00:00:00+00:00",
    start_date="2024-01-15T00:00:01+00:00",
    execution="e1",
    execution_arn="arn:e1",
    logical_date="2024-01-15T00:00:00+00:00",
    conf='{"k": 1.5}',
)
RUNNING = TaskRecord("d", "r1", "a", "running", try_number=1, execution="e1", start_date="2024-01-15T00:00:02+00:00")
CURRENT = Fence("running", 1, 0, "e1")


def test_a_run_is_created_once(store: Store) -> None:
    assert store.create_run(RUN) == RUN
    assert store.create_run(changed(RUN, start_date="later")) == RUN
    assert store.get_run(RUN.key) == RUN
    assert store.run_of_execution("arn:e1") == (RunKey("d", "r1"), "e1")
    assert store.run_of_execution("arn:other") is None


def test_a_new_execution_takes_a_run_over_and_keeps_what_the_run_is(store: Store) -> None:
    store.create_run(RUN)
    store.end_run(RUN.key, "e1", "failed", "t9", "because")
    again = changed(RUN, execution="e2", execution_arn="arn:e2", start_date="t10", logical_date=None, conf="{}")
    taken = store.create_run(again)
    assert (taken.state, taken.execution, taken.start_date, taken.end_date) == ("running", "e2", "t10", None)
    assert (taken.logical_date, taken.conf, taken.error) == (RUN.logical_date, RUN.conf, None)
    assert not store.end_run(RUN.key, "e1", "success", "t11")  # the old execution has no say any more
    assert store.end_run(RUN.key, "e2", "success", "t12")
    assert not store.end_run(RUN.key, "e2", "failed", "t13")


def test_a_large_conf_is_kept_elsewhere(store: Store) -> None:
    large = changed(RUN, conf='{"k": "' + "x" * 20_000 + '"}')
    store.create_run(large)
    assert store.get_run(RUN.key) == large
    assert len(str(store.read("d/r1", "run"))) < 2_000
    store.end_run(RUN.key, "e1", "success", "t")
    ended = store.get_run(RUN.key)
    assert ended is not None
    assert ended.conf == large.conf


def test_runs_are_listed_newest_first_with_their_state(store: Store) -> None:
    for day in ("15", "17", "16"):
        after = f"2024-01-{day}T00:00:00+00:00"
        store.create_run(changed(RUN, run_id=f"r{day}", run_after=after, execution=f"e{day}", execution_arn=""))
    store.end_run(RunKey("d", "r16"), "e16", "failed", "t")
    assert [(run.run_id, run.state) for run in store.list_runs("d")] == [
        ("r17", "running"),
        ("r16", "failed"),
        ("r15", "running"),
    ]
    assert list(store.list_runs("other")) == []


def test_outcome_and_xcoms_are_written_together_or_not_at_all(store: Store) -> None:
    assert store.save_task(RUNNING, expect=None)
    assert not store.save_task(changed(RUNNING, worker="other"), expect=None)
    done = changed(RUNNING, state="success", end_date="t", states={"a": "success", "b.c": "skipped"})
    late = changed(done, worker="late")
    assert not store.save_task(late, expect=Fence("running", 2, 0, "e1"), xcoms={"return_value": "1"})
    assert store.list_xcoms(RUN.key) == []
    assert store.save_task(done, expect=CURRENT, xcoms={"return_value": "1", "k/with/slashes": '"é"'})
    assert store.get_task(done.key) == done
    assert {xcom.key: xcom.text for xcom in store.list_xcoms(RUN.key)} == {"return_value": "1", "k/with/slashes": '"é"'}


def test_a_write_whose_answer_was_lost_counts_when_it_is_repeated(store: Store) -> None:
    store.save_task(RUNNING, expect=None)
    done = changed(RUNNING, state="success", worker="w1")
    assert store.save_task(done, expect=CURRENT)
    assert store.save_task(done, expect=CURRENT)
    assert not store.save_task(changed(done, worker="w2"), expect=CURRENT)


def test_many_xcoms_and_large_ones(store: Store) -> None:
    store.save_task(RUNNING, expect=None)
    large = '"' + "x" * 300_000 + '"'
    xcoms = {f"k{index:03}": str(index) for index in range(230)} | {"large": large}
    done = changed(RUNNING, state="success")
    assert store.save_task(done, expect=CURRENT, xcoms=xcoms)
    assert {xcom.key: xcom.text for xcom in store.list_xcoms(RUN.key, "a")} == xcoms
    assert store.get_xcom(done.key, "large") == large
    assert store.get_xcom(done.key, "none") is None
    assert [xcom.text for xcom in store.list_xcoms(RUN.key, "a", "k007")] == ["7"]
    store.clear_xcoms(done.key)
    assert store.list_xcoms(RUN.key) == []


def test_large_sets_of_xcoms_are_fenced_in_every_piece(store: Store) -> None:
    store.save_task(changed(RUNNING, try_number=2), expect=None)
    xcoms = {f"k{index}": "1" for index in range(200)}
    assert not store.save_task(changed(RUNNING, state="success"), expect=CURRENT, xcoms=xcoms)
    assert store.list_xcoms(RUN.key) == []


def test_a_task_whose_name_begins_like_another_keeps_its_own_xcoms(store: Store) -> None:
    for task_id in ("a", "a.b", "ab"):
        record = changed(RUNNING, task_id=task_id)
        store.save_task(record, expect=None, xcoms={"return_value": f'"{task_id}"'})
    store.clear_xcoms(TaskKey("d", "r1", "a"))
    assert [xcom.task_id for xcom in store.list_xcoms(RUN.key)] == ["a.b", "ab"]
    assert [record.task_id for record in store.list_tasks(RUN.key)] == ["a", "a.b", "ab"]


def test_mapped_xcoms_come_in_the_order_of_their_index(store: Store) -> None:
    for index in (10, 2, 0):
        store.save_task(changed(RUNNING, map_index=index), expect=None, xcoms={"return_value": str(index)})
    assert [xcom.map_index for xcom in store.list_xcoms(RUN.key, "a")] == [0, 2, 10]


def test_xcoms_of_many_instances_are_read_by_the_page(store: Store) -> None:
    pushed = [index for index in range(230) if index % 100]  # two pages, with gaps and a large one
    for index in pushed:
        text = f'"{"x" * 300_000}"' if index == 7 else str(index)
        store.write([store._xcom_put(changed(RUNNING, map_index=index), "return_value", text)])
    assert store.xcom_indexes(RUN.key, "a", "return_value") == pushed
    asked = list(range(229, -1, -1))
    found = store.iter_xcoms(RUN.key, "a", "return_value", asked)
    assert [(xcom.map_index, len(xcom.text)) for xcom in found] == [
        (index, 300_002 if index == 7 else len(str(index))) for index in asked if index in pushed
    ]
    assert list(store.query(RUN.key.pk, "xcom/a/1/", keys_only=True)) == [
        {"pk": RUN.key.pk, "sk": "xcom/a/1/return_value"}
    ]


def test_files_are_kept_as_they_are(store: Store) -> None:
    store.put_file("xcom/d/1.parquet", b"PAR1\x00\xff")
    assert store.get_file("xcom/d/1.parquet") == b"PAR1\x00\xff"
    with pytest.raises(KeyError):
        store.get_file("nothing/here")


def test_callbacks_push_only_while_their_try_is_the_latest(store: Store) -> None:
    done = changed(RUNNING, state="failed")
    store.save_task(done, expect=None)
    assert store.push_xcoms(done, {"note": '"x"'})
    store.save_tasks([changed(done, try_number=2)])
    assert not store.push_xcoms(done, {"late": '"y"'})
    assert [xcom.key for xcom in store.list_xcoms(RUN.key)] == ["note"]


def test_a_join_gathers_states_in_any_order(store: Store) -> None:
    first = store.signal_join(RUN.key, "e1", "d", source="a", states={"s": "success", "a": "failed"})
    assert (first.token, first.sources) == (None, None)
    assert first.states == {"s": "success", "a": "failed"}
    waiting = store.await_join(RUN.key, "e1", "d", token="t", sources=["a", "b"], rule=None)
    assert (waiting.token, waiting.sources, waiting.arrived) == ("t", ("a", "b"), frozenset({"a"}))
    store.signal_join(RUN.key, "e1", "d", source="b", states={"s": "success", "m": ["failed", "success"]})
    join = store.signal_join(RUN.key, "e1", "d", source="b", states={"s": "success", "m": ["failed", "success"]})
    assert join.arrived == {"a", "b"}
    assert join.states == {"s": "success", "a": "failed", "m": ["failed", "success"]}
    assert join.rule is None
    other = store.signal_join(RUN.key, "e2", "d", source="b", states={})
    assert other.states == {}


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    assert store.write([Put("p", "1", {"n": 1, "f": 1.5, "l": [None, True, {"x": "é"}]})])
    both: list[Write] = [Check("p", "1", Condition(equals={"n": 2})), Put("p", "2", {})]
    assert not store.write(both)
    assert store.read("p", "2") is None
    assert store.write([Check("p", "1", Condition(equals={"n": 1})), Put("p", "2", {}), Delete("p", "3")])
    assert store.read("p", "1") == {"pk": "p", "sk": "1", "n": 1, "f": 1.5, "l": [None, True, {"x": "é"}]}
    assert [item["sk"] for item in store.query("p", "", newest_first=True)] == ["2", "1"]


def test_many_writes_and_their_pages(store: Store) -> None:
    store.write_many(Put("many", f"{index:03}", {"text": "x" * 20_000}) for index in range(80))
    assert [item["sk"] for item in store.query("many", "")] == [f"{index:03}" for index in range(80)]
    with pytest.raises(KeyError):
        store.get_blob("nothing/here")


def test_a_read_of_many_goes_on_where_dynamodb_stopped() -> None:
    class Client:
        asked: list[int] = []  # noqa: RUF012

        def batch_get_item(self, RequestItems: Any) -> Any:
            keys = RequestItems["t"]["Keys"]
            assert RequestItems["t"]["ConsistentRead"]
            self.asked.append(len(keys))
            left = {"t": {"Keys": keys[40:], "ConsistentRead": True}} if keys[40:] else {}
            return {"Responses": {"t": keys[:40][::-1]}, "UnprocessedKeys": left}

    client = Client()
    store = DynamoStore(
        dynamodb=lambda: client, s3=lambda: None, table="t", bucket="b", sleep=lambda _: pytest.fail("slept")
    )
    sks = [f"{index:02}" for index in range(100)]
    assert [item["sk"] for item in store.read_many("p", sks)] == sks
    assert client.asked == [100, 60, 20]


def test_what_is_kept_for_a_time_says_until_when(memory_store: MemoryStore) -> None:
    memory_store.keep_days = 30
    memory_store.create_run(RUN)
    item = memory_store.read("d/r1", "run")
    assert item is not None
    assert item["expires"] > 30 * 86400
    assert memory_store.get_run(RUN.key) == RUN


class Colliding:
    """A client whose first writes collide with others."""

    def __init__(self, client: Any, collisions: int, reason: str) -> None:
        self.client = client
        self.collisions = collisions
        self.reason = reason

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def _collide(self, response: dict[str, Any]) -> None:
        if self.collisions:
            self.collisions -= 1
            error = RuntimeError("collision")
            error.response = response  # type: ignore[attr-defined]
            raise error

    def transact_write_items(self, **request: Any) -> Any:
        reasons = [{"Code": "None"}, {"Code": self.reason}]
        self._collide({"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons})
        return self.client.transact_write_items(**request)

    def put_item(self, **request: Any) -> Any:
        self._collide({"Error": {"Code": f"{self.reason}Exception"}})
        return self.client.put_item(**request)


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_transactions_that_collide_are_tried_again(moto_clients: Any, dynamo_store: DynamoStore, reason: str) -> None:
    def colliding(times: int) -> DynamoStore:
        client = Colliding(moto_clients.dynamodb, times, reason)
        return DynamoStore(
            dynamodb=lambda: client, s3=lambda: moto_clients.s3, table="airstep", bucket="airstep", sleep=lambda _: None
        )

    assert colliding(3).create_run(RUN) == RUN
    with pytest.raises(RuntimeError, match="collision"):
        colliding(100).create_run(changed(RUN, run_id="r2", execution="e2"))


def test_a_single_write_that_meets_a_transaction_is_tried_again(moto_clients: Any, dynamo_store: DynamoStore) -> None:
    client = Colliding(moto_clients.dynamodb, 3, "TransactionConflict")
    store = DynamoStore(
        dynamodb=lambda: client, s3=lambda: moto_clients.s3, table="airstep", bucket="airstep", sleep=lambda _: None
    )
    assert store.save_task(RUNNING, expect=None)
    assert client.collisions == 0
    assert not store.save_task(changed(RUNNING, worker="other"), expect=None)


def test_numbers_are_added_up_to_a_limit(store: Store) -> None:
    def add(by: int, at_most: int | None = None, **also: Any) -> bool:
        return store.write([Add("p", "n", "used", by, at_most, also), Put("p", "other", {"by": by})])

    assert not add(3, -1)
    assert add(2, 1)
    assert add(1, 2, expires=7)
    assert not add(1, 2)
    assert store.read("p", "other") == {"pk": "p", "sk": "other", "by": 1}
    assert store.read("p", "n") == {"pk": "p", "sk": "n", "used": 3, "expires": 7}
    assert add(-3)
    assert store.read("p", "n") == {"pk": "p", "sk": "n", "used": 0, "expires": 7}


def test_a_delete_with_a_condition(store: Store) -> None:
    store.write([Put("p", "s", {"state": "held"})])
    for state, done in (("waiting", False), ("held", True), ("held", False)):
        assert store.write([Delete("p", "s", Condition(equals={"state": state})), Put("p", "t", {})]) is done
    assert store.read("p", "s") is None
