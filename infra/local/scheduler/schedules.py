"""The schedules themselves: records as the API shows them, kept by account, region, group and name.

Invariant: a stored schedule is valid; its dates are seconds since the epoch, as the API's JSON carries them. Every
change calls `changed`, so that the clock looks again.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.scheduler import expressions

Record = dict[str, Any]


class SchedulerError(Exception):
    """An error of the API: HTTP status, AWS's error code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Where a schedule lives."""

    account: str
    region: str
    group: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule/{self.group}/{self.name}"


class Schedules:
    """All schedules and how far each has been fired. Hold `lock` around anything that reads and then writes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._records: dict[Key, Record] = {}
        # The last moment that was dealt with, in seconds since the epoch; kept so that a restart neither repeats nor
        # forgets one.
        self._fired: dict[Key, float] = {}
        self.changed: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[tuple[Key, Record]]:
        return iter(sorted(self._records.items()))

    def get(self, key: Key) -> Record:
        try:
            return self._records[key]
        except KeyError:
            raise SchedulerError(404, "ResourceNotFoundException", f"Schedule {key.name} does not exist.") from None

    def create(self, key: Key, request: Record) -> None:
        if key in self._records:
            raise SchedulerError(409, "ConflictException", f"Schedule {key.name} already exists.")
        now = time.time()
        self._records[key] = _record(key, request, created=now, modified=now)
        self._fired.pop(key, None)
        self.changed()

    def update(self, key: Key, request: Record) -> None:
        """Replace a schedule: what the request leaves out falls back to its default, as on AWS."""
        previous = self.get(key)
        self._records[key] = _record(key, request, created=previous["CreationDate"], modified=time.time())
        self._fired.pop(key, None)
        self.changed()

    def delete(self, key: Key) -> None:
        self.get(key)
        del self._records[key]
        self._fired.pop(key, None)
        self.changed()

    def next_moment(self, key: Key) -> datetime | None:
        """When the schedule is due next, be that in the past; None: disabled, or nothing left."""
        record = self._records[key]
        if record["State"] != "ENABLED":
            return None
        if key in self._fired:
            return self.moment_after(key, datetime.fromtimestamp(self._fired[key], UTC))
        if record["ScheduleExpression"].startswith("at("):
            # One-time schedules for a moment that is past already are fired at once.
            return self.moment_after(key, datetime.min.replace(tzinfo=UTC))
        # Just before, for a rate's first moment is where it starts.
        return self.moment_after(key, _starts(record) - timedelta(milliseconds=1))

    def moment_after(self, key: Key, moment: datetime) -> datetime | None:
        """The schedule's first moment after another one, within its start and end."""
        record = self._records[key]
        expression = expressions.parse(record["ScheduleExpression"], record["ScheduleExpressionTimezone"])
        following = expressions.next_moment(expression, moment, anchor=_starts(record))
        end = record.get("EndDate")
        if following is None or expression.is_one_time or end is None:
            return following
        return following if following.timestamp() <= end else None

    def mark_fired(self, key: Key, moment: datetime) -> None:
        """Remember that everything up to `moment` has been dealt with; drop the schedule if it asked for that."""
        if key not in self._records:
            return
        self._fired[key] = moment.timestamp()
        record = self._records[key]
        if record["ActionAfterCompletion"] == "DELETE" and self.next_moment(key) is None:
            self.delete(key)

    def capture(self) -> object:
        records = [(key.account, key.region, key.group, key.name, record) for key, record in self._records.items()]
        fired = [(key.account, key.region, key.group, key.name, moment) for key, moment in self._fired.items()]
        return {"schedules": records, "fired": fired}

    def restore(self, state: Any) -> None:
        self._records = {Key(*key): record for *key, record in state["schedules"]}
        self._fired = {Key(*key): moment for *key, moment in state["fired"]}
        self.changed()


def _record(key: Key, request: Record, *, created: float, modified: float) -> Record:
    _validate(request)
    record = {
        "Arn": key.arn,
        "Name": key.name,
        "GroupName": key.group,
        "ScheduleExpression": request["ScheduleExpression"],
        "ScheduleExpressionTimezone": request.get("ScheduleExpressionTimezone") or "UTC",
        "StartDate": _seconds(request.get("StartDate")),
        "EndDate": _seconds(request.get("EndDate")),
        "State": request.get("State") or "ENABLED",
        "Description": request.get("Description"),
        "KmsKeyArn": request.get("KmsKeyArn"),
        "FlexibleTimeWindow": request["FlexibleTimeWindow"],
        "ActionAfterCompletion": request.get("ActionAfterCompletion") or "NONE",
        "Target": request["Target"],
        "CreationDate": created,
        "LastModificationDate": modified,
    }
    return {name: value for name, value in record.items() if value is not None}


def _validate(request: Record) -> None:
    for name in ("ScheduleExpression", "FlexibleTimeWindow", "Target"):
        if not request.get(name):
            member = name[0].lower() + name[1:]
            raise _refused(
                f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
                "Member must not be null"
            )
    try:
        expressions.parse(request["ScheduleExpression"], request.get("ScheduleExpressionTimezone"))
    except expressions.InvalidExpressionError as error:
        raise _refused(str(error)) from None
    window = request["FlexibleTimeWindow"]
    minutes = window.get("MaximumWindowInMinutes")
    if window.get("Mode") not in ("OFF", "FLEXIBLE"):
        raise _refused("Invalid FlexibleTimeWindow: Mode must be OFF or FLEXIBLE.")
    if (window["Mode"] == "FLEXIBLE") != (minutes is not None) or not 1 <= int(minutes or 1) <= 1440:
        raise _refused("Invalid FlexibleTimeWindow: MaximumWindowInMinutes is for mode FLEXIBLE, from 1 to 1440.")
    start, end = _seconds(request.get("StartDate")), _seconds(request.get("EndDate"))
    if start is not None and end is not None and end <= start:
        raise _refused("The EndDate you specify must come after the StartDate.")
    for name, allowed in (("State", ("ENABLED", "DISABLED")), ("ActionAfterCompletion", ("NONE", "DELETE"))):
        if request.get(name) not in (None, *allowed):
            raise _refused(f"Invalid {name} {request[name]}.")
    _validate_target(request["Target"])


def _validate_target(target: Record) -> None:
    for name in ("Arn", "RoleArn"):
        if not re.match(r"arn:aws[a-z-]*:", str(target.get(name, ""))):
            raise _refused(f"Provided {name} is not in correct format.")
    policy = target.get("RetryPolicy") or {}
    if not 0 <= int(policy.get("MaximumRetryAttempts", 185)) <= 185:
        raise _refused("Invalid RetryPolicy: MaximumRetryAttempts must be from 0 to 185.")
    if not 60 <= int(policy.get("MaximumEventAgeInSeconds", 86400)) <= 86400:
        raise _refused("Invalid RetryPolicy: MaximumEventAgeInSeconds must be from 60 to 86400.")


def _refused(message: str) -> SchedulerError:
    return SchedulerError(400, "ValidationException", message)


def _seconds(date: object) -> float | None:
    """Seconds since the epoch of a date in either of the forms in which clients and templates send it."""
    if date is None or date == "":
        return None
    if isinstance(date, int | float):
        return float(date)
    return datetime.fromisoformat(str(date).replace("Z", "+00:00")).timestamp()


def _starts(record: Record) -> datetime:
    """From when on a recurring schedule is in force."""
    return datetime.fromtimestamp(max(record.get("StartDate", 0), record["LastModificationDate"]), UTC)
