"""The context: what a task's code and templates may ask for, by Airflow's names, old and new.

A `Context` is a mapping whose values are made when they are read, so a plain task pays for nothing that it does not use
(pendulum alone takes longer to import than most of the rest). What costs a look into the table is a `Lazy`
besides, since `def f(**kwargs)` reads every value.

A run without a logical date has none of the keys that derive from it, as in Airflow 3. The keys of Airflow 2 alone
(`execution_date`, `next_ds`, `prev_ds`, `tomorrow_ds`, …) are there because people's files use them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from datetime import datetime, timedelta
from typing import Any

from lambdas.context.lazy import Lazy, dated
from lambdas.runs.params import run_params
from lambdas.runtime import RunInfo, Runtime


class Context(MutableMapping[str, Any]):
    """Airflow's context of one task instance. Keys may be added, as callbacks and hooks do."""

    def __init__(self, runtime: Runtime, run: RunInfo, ti: Any) -> None:
        self.runtime = runtime
        self.run = run
        self.ti = ti
        self._values: dict[str, Any] = {}
        self._makers = dict(ALWAYS) if run.logical_date is None else {**ALWAYS, **DATED}

    def __getitem__(self, key: str) -> Any:
        if key not in self._values:
            self._values[key] = (self._makers.get(key) or UNLISTED[key])(self)
        return self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values or key in self._makers or key in UNLISTED

    def __setitem__(self, key: str, value: Any) -> None:
        self._values[key] = value
        self._makers.setdefault(key, lambda _: None)

    def __delitem__(self, key: str) -> None:
        del self._makers[key]
        self._values.pop(key, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __copy__(self) -> Context:
        copied = Context(self.runtime, self.run, self.ti)
        copied._makers, copied._values = dict(self._makers), dict(self._values)
        return copied

    copy = __copy__

    def __repr__(self) -> str:
        return f"<Context of {self.ti!r}>"


Maker = Callable[[Context], Any]


# --- dates ---------------------------------------------------------------------------------------------------------


def _logical(context: Context) -> datetime:
    return datetime.fromisoformat(context.run.logical_date or "")


def _formatted(form: str, days: int = 0) -> Maker:
    return lambda context: (_logical(context) + timedelta(days=days)).strftime(form)


def _run_date(name: str) -> Maker:
    return lambda context: dated(getattr(context.run, name))


def _previous_success(name: str) -> Maker:
    """A date of the nearest earlier run that succeeded."""

    def make(context: Context) -> Any:
        from lambdas.context.dag_run import previous_run

        def find() -> Any:
            found = previous_run(context.runtime, context.run, "success")
            return getattr(found, name) if found else None

        return Lazy(find)

    return make


def _neighbour(direction: int) -> Maker:
    """Airflow 2's next and previous execution date: of a run started by hand its own date, else by the timetable."""

    def make(context: Context) -> Any:
        if context.run.run_type == "manual" or context.run.data_interval_end is None:
            return dated(context.run.logical_date)
        if direction > 0:
            return dated(context.run.data_interval_end)
        return Lazy(lambda: _previous_date(context))

    return make


def _previous_date(context: Context) -> Any:
    from dag_translator.schedule.custom import asker
    from dag_translator.schedule.spec import IntervalSettings, schedule_spec
    from lambdas.timetables.timetable import timetable_from_spec

    dag = context.runtime.dag
    timetable = timetable_from_spec(schedule_spec(dag, IntervalSettings(**context.runtime.intervals)), asker(dag))
    start, _ = timetable.infer_manual_data_interval(_logical(context))
    return dated(start.isoformat())


def _neighbour_ds(name: str, form: str) -> Maker:
    def make(context: Context) -> Any:
        value = context[name]
        return Lazy(lambda: value.strftime(form)) if type(value) is Lazy else value.strftime(form)

    return make


def _task_instance_key(context: Context) -> str:
    last = context.run.run_id if context.run.logical_date is None else context["ds_nodash"]
    return f"{context.ti.dag_id}__{context.ti.task_id}__{last}"


# --- the rest ------------------------------------------------------------------------------------------------------


def _dag_run(context: Context) -> Any:
    from lambdas.context.dag_run import DagRunView

    return DagRunView(context.runtime, context.run)


def _var(_: Context) -> Any:
    from lambdas.context.accessors import VariableAccessor

    return {"value": VariableAccessor(as_json=False), "json": VariableAccessor(as_json=True)}


def _conn(_: Context) -> Any:
    from lambdas.context.accessors import ConnectionAccessor

    return ConnectionAccessor()


def _macros(_: Context) -> Any:
    from dag_translator.authoring.utils import macros

    return macros


def _conf(_: Context) -> Any:
    from dag_translator.authoring.configuration import conf

    return conf


def _outlet_events(_: Context) -> Any:
    from lambdas.context.asset_accessors import OutletEvents

    return OutletEvents()


def _inlet_events(context: Context) -> Any:
    from lambdas.context.asset_accessors import InletEvents

    return InletEvents(context.runtime, context.ti.task.inlets)


def _triggering(by_uri: bool) -> Maker:
    def make(context: Context) -> Any:
        from lambdas.context.asset_accessors import TriggeringEvents

        return TriggeringEvents(context.runtime, context.run, by_uri=by_uri)

    return make


ALWAYS: dict[str, Maker] = {
    "conf": _conf,
    "conn": _conn,
    "dag": lambda context: context.runtime.dag,
    "dag_run": _dag_run,
    "expanded_ti_count": lambda context: context.ti.expanded_count,
    "inlet_events": _inlet_events,
    "inlets": lambda context: context.ti.task.inlets,
    "macros": _macros,
    "map_index_template": lambda context: context.ti.task.map_index_template,
    "outlet_events": _outlet_events,
    "outlets": lambda context: context.ti.task.outlets,
    "params": lambda context: run_params(context.runtime.dag, context.run.conf, context.ti.task),
    "prev_end_date_success": _previous_success("end_date"),
    "prev_start_date_success": _previous_success("start_date"),
    "run_id": lambda context: context.run.run_id,
    "task": lambda context: context.ti.task,
    "task_instance": lambda context: context.ti,
    "task_instance_key_str": _task_instance_key,
    "task_reschedule_count": lambda context: context.ti.record.pokes,
    "templates_dict": lambda context: getattr(context.ti.task, "templates_dict", None),
    "test_mode": lambda _: False,
    "ti": lambda context: context.ti,
    "triggering_asset_events": _triggering(by_uri=False),
    "var": _var,
}

# Asked for by name only, so that code that looks at all keys sees Airflow 3's.
UNLISTED: dict[str, Maker] = {"triggering_dataset_events": _triggering(by_uri=True)}

DATED: dict[str, Maker] = {
    "data_interval_end": _run_date("data_interval_end"),
    "data_interval_start": _run_date("data_interval_start"),
    "ds": _formatted("%Y-%m-%d"),
    "ds_nodash": _formatted("%Y%m%d"),
    "execution_date": _run_date("logical_date"),
    "logical_date": _run_date("logical_date"),
    "next_ds": _neighbour_ds("next_execution_date", "%Y-%m-%d"),
    "next_ds_nodash": _neighbour_ds("next_execution_date", "%Y%m%d"),
    "next_execution_date": _neighbour(+1),
    "prev_data_interval_end_success": _previous_success("data_interval_end"),
    "prev_data_interval_start_success": _previous_success("data_interval_start"),
    "prev_ds": _neighbour_ds("prev_execution_date", "%Y-%m-%d"),
    "prev_ds_nodash": _neighbour_ds("prev_execution_date", "%Y%m%d"),
    "prev_execution_date": _neighbour(-1),
    "prev_execution_date_success": _previous_success("logical_date"),
    "tomorrow_ds": _formatted("%Y-%m-%d", +1),
    "tomorrow_ds_nodash": _formatted("%Y%m%d", +1),
    "ts": lambda context: _logical(context).isoformat(),
    "ts_nodash": _formatted("%Y%m%dT%H%M%S"),
    "ts_nodash_with_tz": lambda context: _logical(context).isoformat().replace("-", "").replace(":", ""),
    "yesterday_ds": _formatted("%Y-%m-%d", -1),
    "yesterday_ds_nodash": _formatted("%Y%m%d", -1),
}
