"""Schedule expressions: what they mean, in their time zone, and which AWS refuses."""

from datetime import UTC, datetime

import pytest

from infra.local.scheduler import cron
from infra.local.scheduler.expressions import InvalidExpressionError, next_moment, parse


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moments(expression: str, zone: str | None, after: str, count: int, anchor: str = "2024-01-01T00:00") -> list[str]:
    parsed = parse(expression, zone)
    found: list[str] = []
    moment = utc(after)
    for _ in range(count):
        following = next_moment(parsed, moment, anchor=utc(anchor))
        if following is None:
            break
        moment = following
        found.append(moment.strftime("%Y-%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("fields", "after", "expected"),
    [
        ("0 10 * * ? *", "2024-03-01 10:00", "2024-03-02 10:00"),
        ("0/15 * * * ? *", "2024-03-01 10:46", "2024-03-01 11:00"),
        ("15,45 8-9 ? * 2-6 *", "2024-03-01 09:45", "2024-03-04 08:15"),
        ("0 0 ? * SUN *", "2024-03-01 00:00", "2024-03-03 00:00"),
        ("0 0 ? * 1 *", "2024-03-01 00:00", "2024-03-03 00:00"),
        ("0 0 L * ? *", "2024-02-01 00:00", "2024-02-29 00:00"),
        ("0 0 L-2 * ? *", "2024-02-01 00:00", "2024-02-27 00:00"),
        ("0 0 LW * ? *", "2024-03-01 00:00", "2024-03-29 00:00"),
        ("0 0 2W * ? *", "2024-02-28 00:00", "2024-03-01 00:00"),
        ("0 0 1W * ? *", "2024-05-31 00:00", "2024-06-03 00:00"),
        ("0 0 ? * 6L *", "2024-03-01 00:00", "2024-03-29 00:00"),
        ("0 0 ? * FRI#2 *", "2024-03-01 00:00", "2024-03-08 00:00"),
        ("0 0 31 * ? *", "2024-03-31 00:00", "2024-05-31 00:00"),
        ("0 0 1 1 ? 2030/2", "2024-03-31 00:00", "2030-01-01 00:00"),
        ("0 0 29 FEB ? *", "2024-03-01 00:00", "2028-02-29 00:00"),
    ],
)
def test_cron_means_what_the_scheduler_says(fields: str, after: str, expected: str) -> None:
    found = cron.next_after(cron.parse(fields), datetime.fromisoformat(after))
    assert found == datetime.fromisoformat(expected)


def test_cron_with_years_ends() -> None:
    assert cron.next_after(cron.parse("0 0 1 1 ? 2020-2022"), datetime(2022, 1, 1)) is None


def test_a_time_zone_is_honoured() -> None:
    assert moments("cron(0 5 * * ? *)", "Asia/Seoul", "2024-01-01T00:00", 2) == ["2024-01-01T20:00", "2024-01-02T20:00"]


def test_a_time_that_the_clocks_skip_is_skipped() -> None:
    # Clocks go from 02:00 to 03:00 on 10 March 2024.
    found = moments("cron(30 2 * * ? *)", "America/New_York", "2024-03-09T00:00", 3)
    assert found == ["2024-03-09T07:30", "2024-03-11T06:30", "2024-03-12T06:30"]


def test_a_time_that_the_clocks_repeat_comes_once() -> None:
    # Clocks go from 02:00 back to 01:00 on 3 November 2024: 01:30 is 05:30 and 06:30 UTC.
    found = moments("cron(30 1 * * ? *)", "America/New_York", "2024-11-02T12:00", 2)
    assert found == ["2024-11-03T05:30", "2024-11-04T06:30"]


def test_every_hour_goes_on_in_the_repeated_hour_without_repeating() -> None:
    found = moments("cron(0 * * * ? *)", "America/New_York", "2024-11-03T04:30", 3)
    assert found == ["2024-11-03T05:00", "2024-11-03T07:00", "2024-11-03T08:00"]


def test_a_rate_counts_from_its_anchor() -> None:
    found = moments("rate(5 minutes)", None, "2024-01-01T00:07", 2, anchor="2024-01-01T00:01")
    assert found == ["2024-01-01T00:11", "2024-01-01T00:16"]


def test_a_rate_begins_with_its_anchor() -> None:
    assert moments("rate(1 hour)", None, "2023-12-31T23:59", 1) == ["2024-01-01T00:00"]


def test_at_is_one_moment_in_its_zone() -> None:
    assert moments("at(2024-06-01T12:00:00)", "Europe/Berlin", "2024-01-01T00:00", 2) == ["2024-06-01T10:00"]


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(5 seconds)",
        "rate(5)",
        "cron(0 5 * * * *)",
        "cron(0 5 ? * ? *)",
        "cron(60 5 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 5 * 13 ? *)",
        "cron(0 5 ? * 0 *)",
        "cron(0 5 32 * ? *)",
        "cron(0 5 * * ?)",
        "cron(0 5 ? * MON#6 *)",
        "at(2024-06-01 12:00:00)",
        "at(2024-13-01T12:00:00)",
        "at(2024-06-01T12:00:00Z)",
        "0 5 * * ? *",
        "",
    ],
)
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(InvalidExpressionError, match="Invalid Schedule Expression"):
        parse(expression, "UTC")


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(InvalidExpressionError, match="Mars/Olympus"):
        parse("rate(1 hour)", "Mars/Olympus")
