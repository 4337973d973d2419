"""Which run a DAG starts when it is deployed or unpaused: random timetables of crons, against Airflow's own.

    python -m tests.schedule.first_runs AIRFLOW_PYTHON --seed 1 --dags 300

AIRFLOW_PYTHON: the interpreter of an environment with Airflow 3.3.2, which is asked in a process of its own, with a
clock that stands at a given moment. Drawn are the kind (data intervals, triggers, several crons), `interval`,
`run_immediately`, the zone, start date and end date or none, catchup, and whether there was a run before. Compared are
the runs that are due then, with their data intervals. Timetables of a timedelta are left out: without catchup Airflow
counts from the moment at which its scheduler looks, here they count from the start date. Prints one line of JSON with
the counts; exit code 1 at the first difference.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from lambdas.timetables.timetable import Timetable, timetable_from_spec
from tests.schedule.instants import draw_cron
from tests.schedule.test_expressions import ZONES

_MOST = 20  # runs that are compared where catchup asks for all

# Reads a line of JSON for each question, answers with one: [[run_after, start, end], …] of what is due, or null.
ASK = """
import json, sys
from datetime import timedelta
import pendulum
import airflow.timetables.interval as interval
import airflow.timetables.trigger as trigger
from airflow.timetables.base import DataInterval, TimeRestriction

now = None
class Clock:
    time = staticmethod(lambda: now.timestamp())
interval.utcnow = trigger.utcnow = lambda: now
trigger.time = Clock

def moment(stamp):
    return None if stamp is None else pendulum.from_timestamp(stamp)

for line in sys.stdin:
    asked = json.loads(line)
    now = moment(asked["now"])
    try:
        zone = pendulum.timezone(asked["zone"])
        if asked["kind"] == "cron_interval":
            timetable = interval.CronDataIntervalTimetable(asked["crons"][0], zone)
        else:
            immediately = asked["immediately"]
            if immediately not in (True, False, None):
                immediately = timedelta(seconds=immediately)
            kind = trigger.MultipleCronTriggerTimetable if len(asked["crons"]) > 1 else trigger.CronTriggerTimetable
            lasts = timedelta(seconds=asked["interval"])
            timetable = kind(*asked["crons"], timezone=zone, interval=lasts, run_immediately=immediately)
        last = DataInterval(*map(moment, asked["last"])) if asked["last"] else None
        restriction = TimeRestriction(moment(asked["earliest"]), moment(asked["latest"]), asked["catchup"])
        found = []
        while len(found) < asked["count"]:
            info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
            if info is None or info.run_after > now:
                break
            last = info.data_interval
            found.append([info.run_after.timestamp(), last.start.timestamp(), last.end.timestamp()])
    except AssertionError:  # Airflow's own, at some changes of the clock
        found = None
    print(json.dumps(found), flush=True)
"""


def draw(dice: Random) -> dict[str, Any]:
    """A DAG's schedule, and the moment at which somebody looks; times are seconds since 1970 or None."""
    kind = dice.choice(["cron_interval", "cron_trigger", "cron_trigger"])
    crons = [_cron(dice) for _ in range(1 if kind == "cron_interval" else dice.choice([1, 1, 2, 3]))]
    now = datetime(dice.randint(2024, 2030), 1, 1, tzinfo=UTC) + timedelta(seconds=dice.randint(0, 366 * 86400))
    ago = dice.choice([dice.randint(0, 4 * 86400), dice.randint(0, 90 * 86400), -dice.randint(0, 86400)])
    earliest = None if dice.random() < 0.3 else now.timestamp() - ago
    latest = None if dice.random() < 0.6 else now.timestamp() + dice.randint(-20 * 86400, 86400)
    return {
        "kind": kind,
        "crons": crons,
        "zone": dice.choice([zone for zone in ZONES if zone[0] not in "+-"]),
        "now": now.timestamp(),
        "interval": dice.choice([0, 3600, 86400]),
        "immediately": dice.choice([False, None, True, 3600]),
        "earliest": earliest,
        "latest": None if latest and earliest and latest < earliest else latest,
        "catchup": earliest is not None and dice.random() < 0.4,
    }


def _cron(dice: Random) -> str:
    while True:
        cron = draw_cron(dice)
        spec = {"timetable": {"type": "cron_trigger", "expressions": [cron], "timezone": "UTC"}}
        try:
            if len(cron.split()) == 5 and timetable_from_spec(spec).next_runs(datetime(2024, 1, 1, tzinfo=UTC), 1):
                return cron
        except ValueError:  # it names no date
            continue


def timetable_of(asked: dict[str, Any]) -> Timetable:
    """The same as the dispatcher has it."""
    fields: dict[str, Any] = {"type": asked["kind"], "timezone": asked["zone"]}
    if asked["kind"] == "cron_interval":
        fields["expression"] = asked["crons"][0]
    else:
        fields |= {"expressions": asked["crons"], "interval": {"seconds": asked["interval"]}}
        fields |= {"run_immediately": asked["immediately"]} if asked["immediately"] else {}
    dates = {f"{name}_date": _iso(asked[key]) for name, key in (("start", "earliest"), ("end", "latest"))}
    return timetable_from_spec({"timetable": fields, "timezone": asked["zone"], **dates})


def _iso(stamp: float | None) -> str | None:
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC).isoformat()


def with_a_last_run(dice: Random, asked: dict[str, Any]) -> list[float] | None:
    """The data interval of a run some time ago, for half of the DAGs."""
    now = datetime.fromtimestamp(asked["now"], UTC)
    earlier = timetable_of({**asked, "latest": None}).missed_runs(None, now, catchup=False)
    run = next(earlier, None) if dice.random() < 0.5 else None
    if run is None or (asked["earliest"] or 0) > run.data_interval_start.timestamp():
        return None
    return [run.data_interval_start.timestamp(), run.data_interval_end.timestamp()]


def compare(airflow: Any, asked: dict[str, Any], counts: Counter[str]) -> None:
    """One DAG. Raises AssertionError for a difference."""
    count = _MOST if asked["catchup"] else 1
    airflow.stdin.write(json.dumps({**asked, "count": count}) + "\n")
    airflow.stdin.flush()
    expected = json.loads(airflow.stdout.readline())
    if expected is None:
        counts["refused by Airflow"] += 1
        return
    now = datetime.fromtimestamp(asked["now"], UTC)
    last = datetime.fromtimestamp(asked["last"][1], UTC) if asked["last"] else None
    runs = islice(timetable_of(asked).missed_runs(last, now, catchup=asked["catchup"]), count)
    found = [
        [each.timestamp() for each in (run.run_after, run.data_interval_start, run.data_interval_end)] for run in runs
    ]
    if found != expected:
        raise AssertionError(f"{asked}: Airflow {expected[:3]}, here {found[:3]}")
    counts["runs"] += len(expected)
    counts["none is due"] += not expected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("airflow_python")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dags", type=int, default=300)
    given = parser.parse_args()
    dice, counts = Random(given.seed), Counter[str]()
    command = [given.airflow_python, "-W", "ignore", "-c", ASK]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as airflow:
        for _ in range(given.dags):
            asked = draw(dice)
            counts["dags"] += 1
            compare(airflow, {**asked, "last": with_a_last_run(dice, asked)}, counts)
        assert airflow.stdin is not None
        airflow.stdin.close()
    sys.stdout.write(json.dumps({"seed": given.seed, **counts}) + "\n")


if __name__ == "__main__":
    main()
