"""The journal: what survives a crash."""

import asyncio
from pathlib import Path

from infra.local.journal import Journal


async def write(directory: Path, *values: int) -> Journal:
    journal = Journal(directory, "log")
    for value in values:
        journal.append({"value": value})
    await journal.synced()
    return journal


def values(journal: Journal, generation: int = 0) -> list[int]:
    return [record["value"] for record in journal.records(generation)]


def test_records_come_back_in_order(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, 1, 2, 3))
    assert values(Journal(tmp_path, "log")) == [1, 2, 3]


def test_an_unfinished_record_is_dropped(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, 1, 2))
    (file,) = tmp_path.glob("*.journal")
    file.write_bytes(file.read_bytes()[:-3])
    assert values(Journal(tmp_path, "log")) == [1]


def test_a_new_process_writes_to_a_file_of_its_own(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, 1))
    asyncio.run(write(tmp_path, 2))
    assert values(Journal(tmp_path, "log")) == [1, 2]
    assert len(list(tmp_path.glob("*.journal"))) == 2


def test_what_was_buffered_before_a_snapshot_is_not_repeated_after_it(tmp_path: Path) -> None:
    async def scenario() -> int:
        journal = Journal(tmp_path, "log")
        journal.append({"value": 1})
        generation = journal.rotate()
        journal.append({"value": 2})
        await journal.synced()
        return generation

    generation = asyncio.run(scenario())
    journal = Journal(tmp_path, "log")
    assert values(journal, generation) == [2]
    assert values(journal) == [1, 2]
    journal.forget(generation)
    assert values(journal) == [2]


def test_many_writers_share_writes(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = Journal(tmp_path, "log")

        async def one(value: int) -> None:
            journal.append({"value": value})
            await journal.synced()

        await asyncio.gather(*(one(value) for value in range(200)))

    asyncio.run(scenario())
    assert values(Journal(tmp_path, "log")) == list(range(200))
