"""From a DAG's `schedule` to EventBridge Scheduler expressions that fire at exactly Airflow's instants.

    schedule_spec(dag)          live DAG -> plain JSON that says everything about its timetable   (spec)
    schedule_of(dag)            -> (manifest.schedule or None, problems)                          (emit)
    fire_times(schedule, after) -> the instants at which the emitted expressions fire             (fires)
    next_executions(manifest, n, after)                                                           (upcoming)

`manifest.schedule` is None for a DAG without schedule, else

    {"kind": "cron" | "once" | "continuous" | "events" | "renewed" | "assets",
     "expressions": [{"expression", "timezone", "start", "end"}],      # start, end: ISO, UTC, or None
     "spec": {…what `lambdas.timetables.timetable.timetable_from_spec` and the dispatcher read…}}

`cron`: Scheduler fires by itself at each instant. `renewed`: Scheduler can't say it (clock changes, odd lengths),
so its one expression only wakes the dispatcher, which makes one-time schedules for the hours ahead
(`lambdas.scheduling.renewal`). `once`, `continuous`: a rate without start date fires as soon as it is deployed; the
dispatcher drops every later event of `once` and uses those of `continuous` to notice a chain that broke. `assets`: no
expression, but `spec.assets` is a condition on updates (a schedule of any other kind may have one besides). What
cannot be done is refused with a Problem.
"""

from dag_translator.schedule.emit import schedule_of
from dag_translator.schedule.fires import fire_times
from dag_translator.schedule.spec import IntervalSettings, schedule_spec
from dag_translator.schedule.upcoming import next_executions

__all__ = ["IntervalSettings", "fire_times", "next_executions", "schedule_of", "schedule_spec"]
