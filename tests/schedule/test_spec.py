"""What a DAG's schedule becomes as data, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]

from dag_translator.authoring import timetables
from dag_translator.authoring.models.assets import Asset, AssetAlias
from dag_translator.errors import TranslationError
from dag_translator.schedule import IntervalSettings, schedule_of, schedule_spec
from lambdas.timetables.timetable import timetable_from_spec
from tests.schedule.live import FakeDag, FakeTask

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (None, {"type": "null"}),
        ("@once", {"type": "once"}),
        ("@continuous", {"type": "continuous"}),
        ("@daily", {"type": "cron_interval", "expression": "0 0 * * *", "timezone": "Asia/Seoul"}),
        ("5 4 * * *", {"type": "cron_interval", "expression": "5 4 * * *", "timezone": "Asia/Seoul"}),
        (timedelta(hours=1), {"type": "delta_interval", "delta": {"seconds": 3600.0}}),
        (relativedelta(months=1, days=2), {"type": "delta_interval", "delta": {"relative": {"months": 1, "days": 2}}}),
        (timetables.NullTimetable(), {"type": "null"}),
        (
            timetables.CronDataIntervalTimetable("@hourly", timezone="UTC"),
            {"type": "cron_interval", "expression": "0 * * * *", "timezone": "UTC"},
        ),
        (
            timetables.CronTriggerTimetable(
                "0 1 * * *", timezone=pendulum.timezone("Europe/Paris"), interval=timedelta(1)
            ),
            {
                "type": "cron_trigger",
                "expressions": ["0 1 * * *"],
                "timezone": "Europe/Paris",
                "interval": {"seconds": 86400.0},
            },
        ),
        (
            timetables.MultipleCronTriggerTimetable("0 1 * * *", "@weekly", timezone="UTC"),
            {
                "type": "cron_trigger",
                "expressions": ["0 1 * * *", "0 0 * * 0"],
                "timezone": "UTC",
                "interval": {"seconds": 0.0},
            },
        ),
        (
            timetables.DeltaTriggerTimetable(timedelta(days=1), interval=relativedelta(hours=1)),
            {
                "type": "delta_trigger",
                "delta": {"seconds": 86400.0},
                "interval": {"relative": {"hours": 1}},
            },
        ),
        (
            timetables.EventsTimetable([datetime(2024, 2, 1, tzinfo=SEOUL), datetime(2024, 1, 1, tzinfo=UTC)]),
            {
                "type": "events",
                "dates": ["2024-01-01T00:00:00+00:00", "2024-01-31T15:00:00+00:00"],
                "restrict": False,
            },
        ),
    ],
)
def test_timetable_of_a_schedule(schedule: Any, expected: dict[str, Any]) -> None:
    assert schedule_spec(FakeDag(schedule, zone=SEOUL))["timetable"] == expected


def test_airflows_settings_make_triggers_of_plain_schedules() -> None:
    off = IntervalSettings(create_cron_data_intervals=False, create_delta_data_intervals=False)
    fields = schedule_spec(FakeDag("@daily"), off)["timetable"]
    assert fields == {"type": "cron_trigger", "expressions": ["0 0 * * *"], "timezone": "UTC"}
    assert schedule_spec(FakeDag(timedelta(1)), off)["timetable"]["type"] == "delta_trigger"


def test_the_rest_of_the_spec() -> None:
    dag = FakeDag("@daily", start_date=pendulum.datetime(2024, 1, 2, tz="Asia/Seoul"), zone=SEOUL, catchup=True)
    dag.tasks = [FakeTask(start_date=datetime(2023, 12, 1, tzinfo=UTC)), FakeTask()]
    spec = schedule_spec(dag)
    assert (spec["start_date"], spec["end_date"]) == ("2023-12-01T00:00:00+00:00", None)
    assert (spec["timezone"], spec["catchup"], spec["max_active_runs"]) == ("Asia/Seoul", True, 16)


def test_end_date_is_the_latest_only_when_every_task_has_one() -> None:
    end, later = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
    assert schedule_spec(FakeDag("@daily", end_date=end, tasks=[FakeTask(end_date=later), FakeTask()]))["end_date"] == (
        end.isoformat()
    )
    assert (
        schedule_spec(FakeDag("@daily", end_date=end, tasks=[FakeTask(end_date=later)]))["end_date"]
        == later.isoformat()
    )


def test_a_fixed_offset_has_a_name() -> None:
    dag = FakeDag("@daily", zone=timezone(timedelta(hours=-3, minutes=-30)))
    assert schedule_spec(dag)["timetable"]["timezone"] == "-03:30"


def test_assets() -> None:
    a = {"asset": {"name": "a", "uri": "a"}}
    spec = schedule_spec(FakeDag([Asset("a"), AssetAlias("x")], catchup=True))
    assert (spec["timetable"], spec["assets"]) == ({"type": "assets"}, {"all": [a, {"alias": {"name": "x"}}]})
    spec = schedule_spec(FakeDag(Asset("a") | Asset.ref(name="b")))
    assert spec["assets"] == {"any": [a, {"asset_ref": {"name": "b"}}]}
    assert schedule_of(FakeDag([])) == (None, ())
    daily = timetables.CronTriggerTimetable("0 1 * * *", timezone="UTC")
    schedule, _ = schedule_of(FakeDag(timetables.AssetOrTimeSchedule(timetable=daily, assets=[Asset("a")])))
    assert schedule is not None
    assert (schedule["kind"], schedule["spec"]["assets"]) == ("cron", {"all": [a]})
    assert schedule["expressions"][0]["expression"] == "cron(0 1 * * ? *)"
    schedule, _ = schedule_of(FakeDag(Asset("a")))
    assert schedule is not None
    assert (schedule["kind"], schedule["expressions"]) == ("assets", [])


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        ("not a cron", "invalid-schedule"),
        ("0 25 * * *", "invalid-schedule"),
        ("@fortnightly", "invalid-schedule"),
        ("0 0 31 2 *", "schedule-never-fires"),
        ("* * * * * */10", "schedule-too-frequent"),
        (timedelta(seconds=30), "schedule-too-frequent"),
        (timedelta(0), "invalid-schedule"),
        (timetables.CronTriggerTimetable("0 0 * * *", timezone="Mars/Base"), "invalid-timezone"),
        ([object()], "invalid-schedule"),
        (
            timetables.AssetOrTimeSchedule(
                timetable=timetables.AssetTriggeredTimetable([Asset("a")]), assets=[Asset("b")]
            ),
            "invalid-schedule",
        ),
        ([Asset(f"s3://bucket/{number:0100}") for number in range(40)], "too-many-assets"),
        (timetables.CronPartitionTimetable("0 0 * * *"), "unsupported-schedule"),
        (42, "unsupported-schedule"),
    ],
)
def test_refused(schedule: Any, code: str) -> None:
    with pytest.raises(TranslationError) as caught:
        schedule_spec(FakeDag(schedule))
    (problem,) = caught.value.problems
    assert (problem.code, problem.path, problem.line, problem.dag_id) == (code, "dags/etl.py", 7, "etl")
    assert problem.severity == "refused"
    assert schedule_of(FakeDag(schedule)) == (None, (problem,))


def test_a_users_own_timetable_is_refused_by_name() -> None:
    class Workdays(timetables.Timetable):
        pass

    with pytest.raises(TranslationError, match="Workdays"):
        schedule_spec(FakeDag(Workdays()))


def test_what_needs_a_start_date() -> None:
    with pytest.raises(TranslationError, match="never run"):
        schedule_spec(FakeDag("@daily", start_date=None, catchup=True))
    immediately = timetables.CronTriggerTimetable("0 0 * * *", timezone="UTC", run_immediately=True)
    assert schedule_spec(FakeDag(immediately, start_date=None))["timetable"]["run_immediately"] is True
    within = timetables.CronTriggerTimetable("0 0 * * *", timezone="UTC", run_immediately=timedelta(hours=1))
    assert schedule_spec(FakeDag(within, start_date=None))["timetable"]["run_immediately"] == 3600
    assert schedule_spec(FakeDag("@daily", start_date=None))["start_date"] is None


def test_a_dag_without_schedule_has_none_in_the_manifest() -> None:
    assert schedule_of(FakeDag(None)) == (None, ())


def test_an_anchor_that_airflow_would_not_keep_is_said() -> None:
    half_past = datetime(2024, 1, 1, 0, 30, tzinfo=UTC)
    schedule, (problem,) = schedule_of(FakeDag(timedelta(hours=1), start_date=half_past))
    assert schedule is not None
    assert (problem.code, problem.severity) == ("schedule-anchor", "approximated")
    assert schedule_of(FakeDag(timedelta(hours=1), start_date=half_past, catchup=True))[1] == ()
    assert schedule_of(FakeDag(timedelta(hours=1)))[1] == ()


@pytest.mark.parametrize("schedule", ["@daily", "@monthly", "@once", timedelta(days=1), relativedelta(months=1)])
def test_a_start_date_at_the_beginning_of_time_is_one(schedule: Any) -> None:
    """Airflow's own example files have `datetime.min`: there is nothing before it from which to look for instants."""
    dag = FakeDag(schedule, start_date=datetime.min.replace(tzinfo=UTC))
    emitted, problems = schedule_of(dag)
    assert emitted is not None
    assert problems == ()
    spec = emitted["spec"]
    later = timetable_from_spec(spec).next_runs(datetime(2024, 1, 1, tzinfo=UTC), 1)
    assert [run.run_after.hour for run in later] in ([0], [])


def test_the_beginning_of_time_keeps_the_phase_of_a_timedelta() -> None:
    dag = FakeDag(timedelta(hours=5), start_date=datetime(1, 1, 1, 2, tzinfo=UTC))
    start = datetime.fromisoformat(schedule_spec(dag)["start_date"])
    assert start.year == 100
    assert (start - datetime(1, 1, 1, 2, tzinfo=UTC)) % timedelta(hours=5) == timedelta(0)


def test_all_runs_since_the_beginning_of_time_are_refused() -> None:
    dag = FakeDag("@daily", start_date=datetime.min.replace(tzinfo=UTC), catchup=True)
    _, (problem,) = schedule_of(dag)
    assert problem.code == "invalid-start-date"
