"""What differs from Airflow 3.3.2, and why."""

from __future__ import annotations

_NESTED = "a list inside a list is a chain; Airflow raises AttributeError, which this file turns into a task"
_AIRFLOW_2 = "Airflow 2's name still works"

# DAG -> task (or "the run") -> reason.
DEVIATIONS: dict[str, dict[str, str]] = {
    "t18_nested_lists": dict.fromkeys(
        ("down_error_AttributeError", "set_error_AttributeError", "up_error_AttributeError"), _NESTED
    ),
    "t21_templates": {
        "e08_execution_date": _AIRFLOW_2,
        "e13_prev_ds": _AIRFLOW_2,
        "e14_next_ds": _AIRFLOW_2,
        "e15_yesterday_ds": _AIRFLOW_2,
        "e16_tomorrow_ds": _AIRFLOW_2,
        "e17_prev_execution_date": _AIRFLOW_2,
        "e44_test_mode": _AIRFLOW_2,
    },
    "t31_fail_fast": {
        "a": "what has begun when another task fails is a matter of timing; the recorded run ran one after the other"
    },
    "t33_deferrable": {
        "d": "kwargs given to defer() arrive beside the event, as a triggerer hands them over; `dag.test()`, which made"
        " the recording, hands over the event alone"
    },
    "t29_context": {
        "kwargs_keys": "Airflow 2's keys are in the context too",
        "ti_attrs": "Airflow 2's attributes exist too",
    },
}
