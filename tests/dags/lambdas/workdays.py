"""A timetable of the user's own: the example of Airflow's documentation, in a zone with clock changes."""

from datetime import datetime, timedelta

import pendulum
from airflow import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

ZONE = pendulum.timezone("America/New_York")


class AfterWorkday(Timetable):
    """A run after each workday, at midnight in New York."""

    def _start(self, day):
        day = day.in_timezone(ZONE).start_of("day")
        while day.weekday() >= 5:
            day = day.add(days=1)
        return day

    def infer_manual_data_interval(self, *, run_after):
        start = run_after.in_timezone(ZONE).start_of("day").subtract(days=1)
        while start.weekday() >= 5:
            start = start.subtract(days=1)
        return DataInterval(start, start.add(days=1))

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        if last_automated_data_interval is not None:
            start = self._start(last_automated_data_interval.start.in_timezone(ZONE).add(days=1))
        elif restriction.earliest is None:
            return None
        else:
            start = self._start(restriction.earliest.add(hours=23, minutes=59))
        if restriction.latest is not None and start > restriction.latest:
            return None
        return DagRunInfo.interval(start, start.add(days=1))


with DAG("workdays", schedule=AfterWorkday(), start_date=datetime(2024, 3, 1, 5), catchup=False):
    EmptyOperator(task_id="a")

with DAG("until", schedule=AfterWorkday(), start_date=datetime(2024, 3, 1, 5), end_date=datetime(2024, 3, 6)):
    EmptyOperator(task_id="a")


class Stuck(AfterWorkday):
    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        return DagRunInfo.exact(restriction.earliest)


class Raises(AfterWorkday):
    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        return DagRunInfo.exact(restriction.earliest + timedelta(hours="1"))


with DAG("stuck", schedule=Stuck(), start_date=datetime(2024, 3, 1), end_date=datetime(2024, 3, 6)):
    EmptyOperator(task_id="a")

with DAG("raises", schedule=Raises(), start_date=datetime(2024, 3, 1)):
    EmptyOperator(task_id="a")
