"""What differs from Airflow 3.3.2, and why; and what is refused so far."""

from __future__ import annotations

# DAG -> the code it is refused with.
UNSUPPORTED: dict[str, str] = {
    "t07_mapped_zero_length": "unsupported-expand",
    "t09_expand_forms": "unsupported-expand",
    "t12_xcom_pull_forms": "unsupported-expand",
    "t31_fail_fast": "unsupported-fail-fast",
    "t40_consumer": "unsupported-schedule",
    "t40_trigger": "unsupported-operator",
}

_NESTED = "a list inside a list is a chain; Airflow raises AttributeError, which this file turns into a task"
_INTERVALS = "a run covers an interval (create_delta_data_intervals is on, as it was in Airflow 2)"
_AIRFLOW_2 = "Airflow 2's name still works"
_DEFERRING = "an operator of the user's own that defers fails: there is no triggerer"

# DAG -> task (or "the run") -> reason.
DEVIATIONS: dict[str, dict[str, str]] = {
    "t18_nested_lists": {f"{way}_error_AttributeError": _NESTED for way in ("down", "set", "up")},
    "t21_templates": {
        task_id: _AIRFLOW_2
        for task_id in (
            *("e08_execution_date", "e13_prev_ds", "e14_next_ds", "e15_yesterday_ds", "e16_tomorrow_ds"),
            *("e17_prev_execution_date", "e44_test_mode"),
        )
    }
    | {task_id: _INTERVALS for task_id in ("e09_data_interval_start", "e11_data_interval_start_ds")},
    "t29_context": {
        "kwargs_keys": "Airflow 2's keys are in the context too",
        "ti_attrs": "Airflow 2's attributes exist too",
    },
    "t33_deferrable": {"d": _DEFERRING, "after": _DEFERRING},
}
