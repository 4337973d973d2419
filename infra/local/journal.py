"""An append-only file of records that are on disk before anybody is told so.

Invariant: after `await synced()` every record appended before the call survives the end of the process and of the
machine. Records come back in the order of `append`; an unfinished last one (the crash came while it was written) is
dropped, for nobody was told of it. Each generation is a file of its own, so that a snapshot can take its place.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Journal:
    """Files `<name>.<generation>.journal` in `directory`. Used from one event loop."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        # What is not written yet, by the generation that it belongs to.
        self._buffers: dict[int, bytearray] = {}
        self._files: dict[int, int] = {}
        # One thread: writes must not overtake each other.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"journal-{name}")
        self._writing: asyncio.Task[None] | None = None
        self._waiting: asyncio.Future[None] | None = None
        self.generation = max(self._generations(), default=0) + 1
        self.size = 0

    def records(self, first_generation: int) -> Iterator[Record]:
        """All records since the snapshot of that generation."""
        for generation in sorted(self._generations()):
            if generation >= first_generation:
                content = self._path(generation).read_bytes()
                for line in content[: content.rfind(b"\n") + 1].splitlines():
                    yield json.loads(line)

    def append(self, record: Record) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._buffers.setdefault(self.generation, bytearray()).extend(line)
        self.size += len(line)

    async def synced(self) -> None:
        """Return when everything appended so far is on disk; callers share one write."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_future()
        waiting = self._waiting
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await asyncio.shield(waiting)

    def rotate(self) -> int:
        """Start a new generation for what comes from now on, and tell its number.

        A snapshot taken at this very moment stands for all earlier generations.
        """
        self.generation += 1
        self.size = 0
        return self.generation

    def forget(self, before: int) -> None:
        """Delete the generations that a snapshot has replaced."""
        for generation in self._generations():
            if generation < before:
                self._path(generation).unlink(missing_ok=True)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while (waiting := self._waiting) is not None:
            self._waiting = None
            buffers, self._buffers = self._buffers, {}
            try:
                await loop.run_in_executor(self._writer, self._write_and_sync, buffers)
            except OSError as error:
                waiting.set_exception(error)
            else:
                waiting.set_result(None)
        self._writing = None

    def _write_and_sync(self, buffers: dict[int, bytearray]) -> None:
        for generation, buffer in sorted(buffers.items()):
            file = self._open(generation)
            view = memoryview(buffer)
            while view:
                view = view[os.write(file, view) :]
            os.fsync(file)

    def _open(self, generation: int) -> int:
        if generation not in self._files:
            for old in self._files.values():
                os.close(old)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._files = {generation: os.open(self._path(generation), flags, 0o600)}
        return self._files[generation]

    def _path(self, generation: int) -> Path:
        return self._directory / f"{self._name}.{generation:08}.journal"

    def _generations(self) -> list[int]:
        return [int(path.suffixes[-2][1:]) for path in self._directory.glob(f"{self._name}.*.journal")]
