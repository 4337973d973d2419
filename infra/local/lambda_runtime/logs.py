"""Brings what functions log to CloudWatch Logs, beside the invocations and in their order.

Invariant: an invocation never waits for its log; lines of one stream arrive in the order in which they were written;
a failure to deliver is reported on our own log and loses nothing but those lines.
"""

import logging
import queue
import threading
from collections.abc import Sequence
from typing import Any

from infra.local.clients import Clients
from infra.local.lambda_runtime.function import Function, LogLine

log = logging.getLogger(__name__)

Parcel = tuple[Function, str, Sequence[LogLine]]
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

    def ship(self, function: Function, stream: str, lines: Sequence[LogLine]) -> None:
        self._parcels.put((function, stream, lines))

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

    def _deliver(self, function: Function, stream: str, lines: Sequence[LogLine]) -> None:
        client = self._clients.get("logs", function.account, function.region)
        self._ensure_stream(client, function, stream)
        events = [{"timestamp": line.timestamp, "message": line.message[:MAX_EVENT_BYTES] or " "} for line in lines]
        for first in range(0, len(events), MAX_EVENTS):
            client.put_log_events(
                logGroupName=function.log_group, logStreamName=stream, logEvents=events[first : first + MAX_EVENTS]
            )

    def _ensure_stream(self, client: Any, function: Function, stream: str) -> None:
        key = (function.account, function.region, function.log_group, stream)
        if key in self._streams:
            return
        for create, names in (
            (client.create_log_group, {"logGroupName": function.log_group}),
            (client.create_log_stream, {"logGroupName": function.log_group, "logStreamName": stream}),
        ):
            try:
                create(**names)
            except client.exceptions.ResourceAlreadyExistsException:
                continue
        self._streams.add(key)
