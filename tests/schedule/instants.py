"""The long run: random crons, each at the instants of the emitted EventBridge schedules against Airflow's own.

    python -m tests.schedule.instants AIRFLOW_PYTHON --seed 1 --crons 2000

AIRFLOW_PYTHON: the interpreter of an environment with Airflow 3.3.2, which is asked in a process of its own. A cron is
drawn from all that croniter reads: five or six fields, `*`, numbers, ranges, steps, lists, names, `L`, `15W`, `5#2`,
`L5`, both days given. It is compared in a zone (with and without clock changes, fixed offsets) over a stretch from a
random instant between 2024 and 2038, and over each change of the clock of that year. Prints one line of JSON with the
counts; exit code 1 at the first difference.
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

from dag_translator.schedule import fire_times
from dag_translator.schedule.emit import emit
from lambdas.timetables.instants import transitions, zone
from tests.schedule.test_expressions import ZONES

_LONGEST = timedelta(days=1200)
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

# Reads a line of JSON for each question, answers each with a line: the run_after of the next runs, or null.
ASK = """
import json, sys
from datetime import datetime, timezone
import pendulum
from airflow.timetables.base import TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable
for line in sys.stdin:
    question = json.loads(line)
    try:
        zone = question["zone"]
        fixed = zone[0] in "+-" and int(zone[:3]) * 60 + int(zone[0] + zone[4:])
        tz = pendulum.timezone(fixed * 60) if fixed else pendulum.timezone(zone)
        timetable = CronTriggerTimetable(question["cron"], timezone=tz)
    except Exception as error:
        print("null", flush=True)
        continue
    after = pendulum.from_timestamp(question["after"])
    restriction = TimeRestriction(earliest=after, latest=None, catchup=True)
    last, found = None, []
    try:
        while len(found) < question["count"]:
            info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
            if info.run_after.timestamp() > question["until"]:
                break
            found.append(info.run_after.timestamp())
            last = info.data_interval
    except Exception:
        found = None
    print(json.dumps(found), flush=True)
"""


def draw_cron(dice: Random) -> str:
    """A cron of five fields, or (one of ten) six, of which the last is zero seconds or half a minute."""
    minute = _field(dice, 0, 59, 0.1)
    hour = _field(dice, 0, 23, 0.4)
    day = dice.choice([_field(dice, 1, 31, 0.6), _field(dice, 1, 31, 0.6), "L", f"{dice.randint(1, 31)}W"])
    month = _field(dice, 1, 12, 0.8, _MONTHS)
    weekday = dice.choice(
        [
            _field(dice, 0, 7, 0.6),
            _field(dice, 0, 6, 0.4, _WEEKDAYS),
            f"{dice.randint(0, 6)}#{dice.randint(1, 5)}",
            f"L{dice.randint(0, 6)}",
        ]
    )
    seconds = dice.choice(["", *[""] * 8, f" {dice.choice([0, 0, 30])}"])
    return f"{minute} {hour} {day} {month} {weekday}{seconds}"


def _field(dice: Random, low: int, high: int, stars: float, names: list[str] | None = None) -> str:
    if dice.random() < stars:
        return "*"
    first, last = sorted(dice.sample(range(low, high + 1), 2))
    step = dice.randint(2, max(2, (high - low) // 2))
    shown = names is not None and dice.random() < 0.5
    texts = [names[each - low] if shown and names else str(each) for each in (first, last)]
    some = ",".join(map(str, sorted(dice.sample(range(low, high + 1), 3))))
    return dice.choice([texts[0], f"*/{step}", "-".join(texts), f"{first}-{last}/{dice.randint(2, 5)}", some])


def starts(dice: Random, zone_name: str) -> list[datetime]:
    """Where the stretches that are compared begin."""
    year = dice.randint(2024, 2038)
    random = datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randint(0, 366 * 24 * 60))
    return [random, *(change - timedelta(hours=30) for change in transitions(zone(zone_name), year))]


def compare(airflow: Any, cron: str, zone_name: str, after: datetime, counts: Counter[str]) -> None:
    """One stretch. Raises AssertionError for a difference."""
    until = after + _LONGEST
    question = {
        "cron": cron,
        "zone": zone_name,
        "after": after.timestamp() + 1,
        "count": 60,
        "until": until.timestamp(),
    }
    airflow.stdin.write(json.dumps(question) + "\n")
    airflow.stdin.flush()
    expected = json.loads(airflow.stdout.readline())
    if expected is None:
        counts["refused by Airflow"] += 1
        return
    spec = {"timetable": {"type": "cron_trigger", "expressions": [cron], "timezone": zone_name}}
    # Airflow counts from its start date; so does what is emitted with one.
    schedule = emit({**spec, "start_date": (after + timedelta(seconds=1)).isoformat()})
    found = [moment.timestamp() for moment in islice(fire_times(schedule, after), len(expected))]
    if found != expected:
        place = next(at for at in range(len(expected)) if at >= len(found) or found[at] != expected[at])
        sent = [entry["expression"] for entry in schedule["expressions"]]
        told = [datetime.fromtimestamp(each[place], UTC) if place < len(each) else None for each in (expected, found)]
        raise AssertionError(f"{cron} in {zone_name} from {after}: Airflow {told[0]}, emitted {told[1]}, by {sent}")
    counts["instants"] += len(expected)
    counts[schedule["kind"]] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("airflow_python")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crons", type=int, default=2000)
    given = parser.parse_args()
    dice, counts = Random(given.seed), Counter[str]()
    command = [given.airflow_python, "-W", "ignore", "-c", ASK]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as airflow:
        for _ in range(given.crons):
            cron, zone_name = draw_cron(dice), dice.choice(ZONES)
            counts["crons"] += 1
            for after in starts(dice, zone_name):
                compare(airflow, cron, zone_name, after, counts)
        assert airflow.stdin is not None
        airflow.stdin.close()
    sys.stdout.write(json.dumps({"seed": given.seed, **counts}) + "\n")


if __name__ == "__main__":
    main()
