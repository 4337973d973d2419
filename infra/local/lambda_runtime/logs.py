"""Brings what functions and containers log to CloudWatch Logs, beside the invocations and in their order.

Invariant: an invocation never waits for its log; lines of one stream arrive in the order in which they were written;
a failure to deliver is reported on our own log and loses nothing but those lines.
"""

import logging
import queue
import threading
from collections.abc import Sequence
from typing import Any, Protocol

from infra.local.clients import Clients
from infra.local.lambda_runtime.function import LogLine

log = logging.getLogger(__name__)


class LogSource(Protocol):
    """Whose lines they are, such as a `Function`."""

    @property
    def name(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def log_group(self) -> str: ...


Parcel = tuple[LogSource, str, Sequence[LogLine]]
# PutLogEvents takes 10,000 events and 1 MB; an event 256 KB less its overhead.
MAX_EVENTS = 1000
MAX_EVENT_BYTES = 262_118


class LogShipper:
    """A thread that puts lines into the functions' log groups, making groups and streams as needed."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._parcels: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._streams: set[tuple[str, str, str, str]] = set()
        self._thread = threading.Thread(target=self._run, name="lambda-logs", daemon=True)
        self._thread.start()

    def ship(self, source: LogSource, stream: str, lines: Sequence[LogLine]) -> None:
        self._parcels.put((source, stream, lines))

    def close(self) -> None:
        """Deliver what is waiting, then end."""
        self._parcels.put(None)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while (parcel := self._parcels.get()) is not None:
            try:
                self._deliver(*parcel)
            except Exception:
                log.exception("could not deliver the log of %s", parcel[0].name)

    def _deliver(self, source: LogSource, stream: str, lines: Sequence[LogLine]) -> None:
        client = self._clients.get("logs", source.account, source.region)
        self._ensure_stream(client, source, stream)
        events = [{"timestamp": line.timestamp, "message": line.message[:MAX_EVENT_BYTES] or " "} for line in lines]
        for first in range(0, len(events), MAX_EVENTS):
            client.put_log_events(
                logGroupName=source.log_group, logStreamName=stream, logEvents=events[first : first + MAX_EVENTS]
            )

    def _ensure_stream(self, client: Any, source: LogSource, stream: str) -> None:
        key = (source.account, source.region, source.log_group, stream)
        if key in self._streams:
            return
        for create, names in (
            (client.create_log_group, {"logGroupName": source.log_group}),
            (client.create_log_stream, {"logGroupName": source.log_group, "logStreamName": stream}),
        ):
            try:
                create(**names)
            except client.exceptions.ResourceAlreadyExistsException:
                continue
        self._streams.add(key)
