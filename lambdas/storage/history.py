"""What earlier tries of task instances left behind: one item for each, so that a run that is cleared, or a task that is
tried again, loses nothing.

    pk "{dag_id}/{run_id}"   sk "try/{task_id}/{map_index}/{try_number}"   TaskRecord, as that try ended

As in Airflow, a try that had not ended (it waits for the next one, or its worker was lost) counts as failed.

>>> from lambdas.storage.memory_store import MemoryStore
>>> store, run = MemoryStore(), RunKey("etl", "r1")
>>> first = TaskRecord("etl", "r1", "load", "up_for_retry", try_number=1)
>>> store.write_many(archived(store, [first]))
>>> [(record.try_number, record.state) for record in list_tries(store, run)]
[(1, 'failed')]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lambdas.storage.records import CLEARED, RunKey, TaskKey, TaskRecord, changed, from_item, to_item
from lambdas.storage.store import Put, Store


def archived(store: Store, records: Iterable[TaskRecord]) -> Iterator[Put]:
    """The writes that keep these tries; a task that never ran had none."""
    expires = store.expires()
    for record in (each for each in records if each.try_number):
        ended = record if record.is_final else changed(record, state="failed")
        yield Put(record.key.pk, f"{_prefix(record.key)}{record.try_number:05}", {**to_item(ended), **expires})


def list_tries(store: Store, run: RunKey, task_id: str | None = None) -> list[TaskRecord]:
    """Every try of the run's task instances (of one task) in their order, the current ones last."""
    current = [record for record in store.list_tasks(run, task_id) if record.state != CLEARED]
    found = [*earlier_tries(store, run, task_id), *current]
    return sorted(found, key=lambda record: (record.task_id, record.map_index, record.try_number))


def earlier_tries(store: Store, run: RunKey, task_id: str | None = None) -> list[TaskRecord]:
    """Every try that another one, or a clear, has come after."""
    prefix = "try/" if task_id is None else f"try/{task_id}/"
    current = {record.key: record for record in store.list_tasks(run, task_id)}
    earlier = [from_item(TaskRecord, item) for item in store.query(run.pk, prefix)]
    return [each for each in earlier if each.key not in current or _is_over(each, current[each.key])]


def _is_over(earlier: TaskRecord, current: TaskRecord) -> bool:
    """Not so if somebody archived the try that is the current one still: then nobody has begun the next."""
    return earlier.try_number < current.try_number or current.start_date is None


def _prefix(key: TaskKey) -> str:
    return f"try/{key.task_id}/{key.map_index}/"
