"""The scheduler's clock, on a clock of our own: what fires when, also after a restart."""

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.scheduler.clock import Clock
from infra.local.scheduler.delivery import Occurrence
from infra.local.scheduler.schedules import Key, SchedulerError, Schedules

KEY = Key("000000000000", "us-east-1", "default", "nightly")
TARGET = {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": "arn:aws:iam::000000000000:role/r"}


class Rig:
    """Schedules, a clock that stands still until it is set, and what was delivered."""

    def __init__(self, now: str) -> None:
        self.schedules = Schedules()
        self.now = at(now)
        self.delivered: list[str] = []
        self._arrived = threading.Condition()
        self.clock = Clock(self.schedules, self._deliver, now=lambda: self.now)

    def create(self, expression: str, **more: Any) -> None:
        request = {"ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": TARGET, **more}
        self.schedules.create(KEY, request)
        # The record is stamped with the real time; tests live in 2024.
        self.schedules.get(KEY)["LastModificationDate"] = self.now

    def fire(self, now: str, expected: int) -> list[str]:
        self.now = at(now)
        self.clock.fire_due()
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.delivered) >= expected, 5)
            return list(self.delivered)

    def _deliver(self, occurrence: Occurrence) -> None:
        with self._arrived:
            self.delivered.append(occurrence.scheduled_time)
            self._arrived.notify_all()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_cron_schedule_fires_once_for_each_occurrence() -> None:
    rig = Rig("2024-01-01T00:00:30")
    rig.create("cron(0/5 * * * ? *)")
    assert rig.fire("2024-01-01T00:04:59", 0) == []
    assert rig.fire("2024-01-01T00:05:00", 1) == ["2024-01-01T00:05:00Z"]
    assert rig.fire("2024-01-01T00:05:01", 1) == ["2024-01-01T00:05:00Z"]
    assert rig.fire("2024-01-01T00:10:02", 2)[-1] == "2024-01-01T00:10:00Z"


def test_the_clock_says_how_long_to_wait() -> None:
    rig = Rig("2024-01-01T00:00:30")
    assert rig.clock.fire_due() is None
    rig.create("cron(0/5 * * * ? *)")
    assert rig.clock.fire_due() == 270.0


def test_a_rate_fires_at_once_when_it_has_no_start() -> None:
    rig = Rig("2024-01-01T00:00:00")
    rig.create("rate(1 hour)")
    assert rig.fire("2024-01-01T00:00:00", 1) == ["2024-01-01T00:00:00Z"]


def test_start_and_end_bound_a_schedule() -> None:
    rig = Rig("2024-01-01T00:00:00")
    rig.create("cron(0 * * * ? *)", StartDate=at("2024-01-01T02:00:00"), EndDate=at("2024-01-01T03:00:00"))
    assert rig.fire("2024-01-01T01:30:00", 0) == []
    rig.fire("2024-01-01T02:00:00", 1)
    assert rig.fire("2024-01-01T03:00:00", 2) == ["2024-01-01T02:00:00Z", "2024-01-01T03:00:00Z"]
    assert len(rig.fire("2024-01-01T09:00:00", 2)) == 2


def test_a_disabled_schedule_does_not_fire() -> None:
    rig = Rig("2024-01-01T00:00:00")
    rig.create("rate(1 minute)", State="DISABLED")
    assert rig.clock.fire_due() is None


def test_a_one_time_schedule_is_deleted_after_completion() -> None:
    rig = Rig("2024-01-01T00:00:00")
    rig.create("at(2024-01-01T00:01:00)", ActionAfterCompletion="DELETE")
    rig.fire("2024-01-01T00:01:00", 1)
    with pytest.raises(SchedulerError, match="does not exist"):
        rig.schedules.get(KEY)


def test_a_one_time_schedule_for_the_past_fires_once() -> None:
    rig = Rig("2024-01-02T00:00:00")
    rig.create("at(2024-01-01T23:00:00)")
    rig.fire("2024-01-02T00:00:00", 1)
    assert rig.fire("2024-01-02T01:00:00", 1) == ["2024-01-01T23:00:00Z"]


def test_after_a_restart_only_the_latest_missed_occurrence_fires() -> None:
    rig = Rig("2024-01-01T00:00:30")
    rig.create("cron(0 * * * ? *)")
    rig.fire("2024-01-01T01:00:00", 1)
    restarted = Rig("2024-01-01T05:30:00")
    restarted.schedules.restore(json.loads(json.dumps(rig.schedules.capture())))
    assert restarted.fire("2024-01-01T05:30:00", 1) == ["2024-01-01T05:00:00Z"]
    assert len(restarted.fire("2024-01-01T05:31:00", 1)) == 1


def test_what_is_older_than_the_retry_policy_allows_is_dropped() -> None:
    rig = Rig("2024-01-01T00:00:30")
    rig.create("cron(0 0 * * ? *)", Target={**TARGET, "RetryPolicy": {"MaximumEventAgeInSeconds": 60}})
    rig.now = at("2024-01-02T00:05:00")
    rig.clock.fire_due()
    assert rig.fire("2024-01-03T00:00:00", 1) == ["2024-01-03T00:00:00Z"]


def test_an_update_starts_anew() -> None:
    rig = Rig("2024-01-01T00:00:30")
    rig.create("cron(0 * * * ? *)")
    rig.fire("2024-01-01T01:00:00", 1)
    request = {"ScheduleExpression": "cron(30 1 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": TARGET}
    rig.schedules.update(KEY, request)
    rig.schedules.get(KEY)["LastModificationDate"] = rig.now
    assert rig.fire("2024-01-01T01:30:00", 2)[-1] == "2024-01-01T01:30:00Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ScheduleExpression": "rate(0 minutes)"}, "Invalid Schedule Expression"),
        ({"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, "FlexibleTimeWindow"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "FlexibleTimeWindow"),
        ({"StartDate": 200, "EndDate": 100}, "EndDate"),
        ({"State": "PAUSED"}, "PAUSED"),
        ({"Target": {"Arn": "x", "RoleArn": TARGET["RoleArn"]}}, "Arn"),
        ({"Target": {**TARGET, "RetryPolicy": {"MaximumRetryAttempts": 186}}}, "RetryPolicy"),
        ({"Target": None}, "target"),
    ],
)
def test_an_invalid_schedule_is_refused(change: dict[str, Any], message: str) -> None:
    request = {"ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": TARGET, **change}
    with pytest.raises(SchedulerError, match=message):
        Schedules().create(KEY, request)
