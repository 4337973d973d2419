"""`airstep dags delete`: every record of a DAG goes. What is in the bucket expires by itself."""

from __future__ import annotations

from collections.abc import Iterator

from dag_translator.errors import UsageError
from lambdas.scheduling import backfills
from lambdas.storage.records import FINAL_RUN_STATES
from lambdas.storage.store import Delete, Store


def delete_records(store: Store, dag_id: str) -> int:
    """Remove them; how many there were. Raises UsageError while a run is active."""
    active = [run.run_id for run in store.list_runs(dag_id) if run.state not in FINAL_RUN_STATES]
    if active:
        raise UsageError(f"still running: {', '.join(active[:5])}\n    → stop what runs, and try again")
    count = 0
    for pk in list(_partitions(store, dag_id)):  # the DAG's own comes last: it names the others
        found = [Delete(str(item["pk"]), str(item["sk"])) for item in store.query(pk, "", keys_only=True)]
        store.write_many(found)
        count += len(found)
    return count


def _partitions(store: Store, dag_id: str) -> Iterator[str]:
    for run in store.list_runs(dag_id):
        yield run.key.pk
    for item in backfills.list_backfills(store, dag_id):
        yield backfills.BackfillKey(dag_id, str(item["backfill_id"])).dates_pk
    yield f"dag/{dag_id}"
