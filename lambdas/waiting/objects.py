"""Waiting for objects on S3 whose bucket sends its events to EventBridge: who waits for which, and the waking.

    pk "objects/{bucket}"   sk "{waiting dag}/{execution}/{task_id}/{map_index}"
        {"patterns": JSON, "announced": true, "expires"}, "token" from when its machine waits, "happened" from an event

No object is missed. A sensor announces what it waits for (`announce`), then looks at the bucket: what was there before
is seen, and what comes later makes an event that finds the announcement. Between that look and the machine's wait
(`wait`) there is no token yet; an event marks the row then, and the wait ends at once. Both sides change one item, and
each sees what the other has written before it. An event twice, or one for a wait that is over, does nothing.
What EventBridge should lose is found by the sensor's own long interval.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lambdas.storage.store import Condition, Delete, Put, Store

# bucket → what its keys are compared with: ("key", text), ("wildcard", Unix pattern) or ("regex", from the beginning)
Wanted = Mapping[str, Sequence[Sequence[str]]]

_ANNOUNCED = 3600  # seconds that an announcement may stand before its machine waits
_LATE = 600  # seconds that an event may come after the wait has ended by its clock


def partition(bucket: str) -> str:
    return f"objects/{bucket}"


def waiter_id(dag_id: str, execution: str, task_id: str, map_index: int) -> str:
    """Names a task instance that waits."""
    return "/".join((dag_id, execution, task_id, str(map_index)))


def announce(store: Store, waiter: str, wanted: Wanted) -> None:
    """Say what is waited for, before looking whether it is there."""
    for bucket, patterns in wanted.items():
        row = {"patterns": json.dumps(patterns), "announced": True, "expires": _in(_ANNOUNCED)}
        store.write([Put(partition(bucket), waiter, row)])


def wait(store: Store, waiter: str, wanted: Wanted, token: str, seconds: float) -> bool:
    """Register the token with which the machine waits so long; whether something has come since the announcement."""
    came = False
    for bucket, patterns in wanted.items():
        row = {"patterns": json.dumps(patterns), "token": token, "expires": _in(seconds + _LATE)}
        stored = store.merge(partition(bucket), waiter, {}, row)
        came = came or bool(stored.get("happened")) or not stored.get("announced")
    return came


def wake(store: Store, tell: Callable[[str], bool], bucket: str, key: str) -> int:
    """An object has been created: let those look again who wait for such a key; how many still waited.

    tell: lets a token's state go on, true unless it has ended.
    """
    woken = 0
    for row in list(store.query(partition(bucket), "")):
        if row.get("expires", 0) < time.time() or not _matches(json.loads(row.get("patterns", "[]")), key):
            continue
        pk, sk = row["pk"], row["sk"]
        if "token" not in row:
            row = store.merge(pk, sk, {}, {"happened": True, "expires": row["expires"]})
        if "token" in row:
            woken += tell(row["token"])
            # The sensor announces anew what it still waits for; then this changes nothing.
            store.write([Delete(pk, sk, Condition(equals={"token": row["token"]}))])
    return woken


def _matches(patterns: Sequence[Sequence[str]], key: str) -> bool:
    return any(_KINDS[kind](pattern, key) for kind, pattern in patterns)


def _wildcard(pattern: str, key: str) -> bool:
    from fnmatch import fnmatch

    return fnmatch(key, pattern)


def _regex(pattern: str, key: str) -> bool:
    import re

    try:
        return re.match(pattern, key) is not None
    except re.error:
        return True  # the sensor will say what is wrong


_KINDS: Mapping[str, Callable[[str, str], bool]] = {"key": str.__eq__, "wildcard": _wildcard, "regex": _regex}


def _in(seconds: float) -> int:
    return int(time.time() + seconds)


def created(event: Mapping[str, Any]) -> tuple[str, str]:
    """(bucket, key) of an event "Object Created"; its keys are not URL-encoded."""
    detail = event["detail"]
    return str(detail["bucket"]["name"]), str(detail["object"]["key"])
