"""Saves what requests change before they are answered, so that a kill loses nothing that was acknowledged.

Two ways, one table each. Services with much data and many small writes (`JOURNALED`) append the request itself to a
journal and are replayed on the next start; all others write a snapshot of the service that changed, if it did change.
Everybody who waits at the same time shares one write.

Invariant: an answer to a changing request leaves only after its effect is on disk (written aside, fsynced, renamed).
What happens behind an answer (a Lambda's metrics, an event's deliveries) is saved within `LAZY_SECONDS`.
"""

import asyncio
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from infra.local.journal import Journal
from infra.local.ministack.gateway import Answer, Handler, Scope
from infra.local.requests import changes_something, operation

log = logging.getLogger(__name__)

LAZY_SECONDS = 1.0
JOURNAL_BYTES = 16_000_000

# State -> its operations that are repeated from the journal: they do the same again when repeated in the same order.
JOURNALED: dict[str, frozenset[str]] = {
    "dynamodb": frozenset(
        {
            *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
            *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
        }
    ),
    "cloudwatch_logs": frozenset({"CreateLogGroup", "CreateLogStream", "PutLogEvents"}),
}

# State whose requests also change other states, later or in passing.
EFFECTS: dict[str, tuple[str, ...]] = {
    "eventbridge": ("sqs", "sns", "cloudwatch_logs"),
    "s3": ("sqs", "sns", "eventbridge"),
    "sns": ("sqs",),
    "lambda": ("cloudwatch", "sqs"),
    "cloudwatch": ("sns", "sqs"),
}


class States(Protocol):
    """Where states come from and go to."""

    def loaded(self) -> Iterable[str]: ...
    def capture(self, name: str) -> object: ...
    def encode(self, state: object) -> bytes: ...
    def restore(self, name: str, encoded: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A captured state on its way to disk; `generation` of its journal from which on it must be repeated."""

    name: str
    state: object
    generation: int


class Durability:
    """Keeps states under `directory`. All methods belong to the event loop."""

    def __init__(self, directory: Path, states: States) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._states = states
        self._journals = {name: Journal(directory, name) for name in JOURNALED}
        self._digests: dict[str, bytes] = {}
        self._dirty: set[str] = set()
        self._lazy: set[str] = set()
        self._saving: asyncio.Task[None] | None = None
        self._waiting: asyncio.Future[None] | None = None

    def saved(self) -> list[str]:
        """The states that are on disk."""
        journals = {name for name, journal in self._journals.items() if any(True for _ in journal.records(0))}
        return sorted({path.stem for path in self._directory.glob("*.json")} | journals)

    def load(self, name: str) -> tuple[bytes | None, list[dict[str, str]]]:
        """The snapshot of a state, and the requests to repeat after it."""
        encoded: bytes | None = None
        generation = 0
        if (path := self._directory / f"{name}.json").exists():
            header, _, encoded = path.read_bytes().partition(b"\n")
            generation = int(json.loads(header)["generation"])
            self._digests[name] = hashlib.sha256(encoded).digest()
        journal = self._journals.get(name)
        return encoded, list(journal.records(generation)) if journal else []

    def take_baseline(self) -> None:
        """Call when services have been loaded: a state that stays as it is now need not be saved, nor restored."""
        for name in self._states.loaded():
            if name not in self._digests and not (self._directory / f"{name}.json").exists():
                encoded = self._states.encode(self._states.capture(name))
                self._digests[name] = hashlib.sha256(encoded).digest()

    async def save(self, names: Iterable[str]) -> None:
        """Return when these states, as they are now or later, are on disk."""
        self._dirty.update(names)
        if not self._dirty:
            return
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_future()
        waiting = self._waiting
        if self._saving is None:
            self._saving = asyncio.create_task(self._save_dirty())
        await asyncio.shield(waiting)

    async def record(self, name: str, request: dict[str, str]) -> None:
        """Return when a request that was just executed is in the journal. Call it with no await in between."""
        journal = self._journals[name]
        journal.append(request)
        await journal.synced()
        if journal.size > JOURNAL_BYTES:
            self.save_later((name,))

    def save_later(self, names: Iterable[str]) -> None:
        """Save these states soon; nobody waits."""
        self._lazy.update(names)

    async def save_all(self) -> None:
        await self.save(self._states.loaded())

    async def run(self) -> None:
        """Save lazily until cancelled."""
        while True:
            await asyncio.sleep(LAZY_SECONDS)
            lazy, self._lazy = self._lazy, set()
            try:
                await self.save(lazy & set(self._states.loaded()))
            except OSError:
                log.exception("could not save %s", ", ".join(sorted(lazy)))

    async def _save_dirty(self) -> None:
        try:
            while (waiting := self._waiting) is not None:
                self._waiting = None
                names, self._dirty = sorted(self._dirty), set()
                try:
                    snapshots = [self._snapshot(name) for name in names]
                    await asyncio.to_thread(self._write, snapshots)
                except Exception as error:
                    waiting.set_exception(error)
                else:
                    waiting.set_result(None)
        finally:
            self._saving = None

    def _snapshot(self, name: str) -> Snapshot:
        journal = self._journals.get(name)
        return Snapshot(name, self._states.capture(name), journal.rotate() if journal else 0)

    def _write(self, snapshots: list[Snapshot]) -> None:
        for snapshot in snapshots:
            encoded = self._states.encode(snapshot.state)
            digest = hashlib.sha256(encoded).digest()
            journal = self._journals.get(snapshot.name)
            # An unchanged state with no journal needs no new file.
            if self._digests.get(snapshot.name) == digest and journal is None:
                continue
            header = json.dumps({"generation": snapshot.generation}).encode() + b"\n"
            _replace(self._directory / f"{snapshot.name}.json", header + encoded)
            self._digests[snapshot.name] = digest
            if journal:
                journal.forget(snapshot.generation)


def durable(
    handler: Handler, service: str, names: tuple[str, ...], durability: Durability, scope: Callable[[], Scope]
) -> Handler:
    """`handler` of `service`, answering only when what it changed is on disk. `names`: the states it changes."""
    state = names[0]
    journaled = JOURNALED.get(state, frozenset())

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        answer = await handler(method, path, headers, body, query)
        name = operation(method, headers, body, query)
        if not changes_something(name) or answer[0] >= 400:
            return answer
        durability.save_later(EFFECTS.get(state, ()))
        if name in journaled:
            who = scope()
            request = {
                "service": service,
                "account": who.account,
                "region": who.region,
                "target": headers.get("x-amz-target", ""),
                "body": body.decode(),
            }
            await durability.record(state, request)
        elif not _keeps_itself(service, method, path):
            await durability.save(names)
        return answer

    return handle


def durable_stacks(handler: Handler, durability: Durability) -> Handler:
    """CloudFormation works behind its answers and through all services: who sees progress sees saved progress."""
    working = False

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        nonlocal working
        answer = await handler(method, path, headers, body, query)
        changing = changes_something(operation(method, headers, body, query))
        if changing or working:
            working = changing or b"_IN_PROGRESS" in answer[2]
            await durability.save_all()
        return answer

    return handle


def _keeps_itself(service: str, method: str, path: str) -> bool:
    """Objects of S3 are files already, and invoking a function changes nothing of the function."""
    if service == "s3":
        _, _, key = path.strip("/").partition("/")
        return bool(key) and method in ("PUT", "DELETE")
    return service == "lambda" and path.endswith("/invocations")


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_suffix(".new")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
