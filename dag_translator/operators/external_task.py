"""`ExternalTaskSensor`: woken when a run that it waits for starts or ends, or a task of it ends (`woken`).

For a state that is not final it polls, as that wakes nobody.
`ExternalTaskMarker` is an `EmptyOperator`; what it marks stands in the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator.operators import empty, polling, woken
from dag_translator.operators.lowering import Lowering
from dag_translator.operators.service import literal, note

_CHECKED = note(
    "unused-argument",
    "check_existence has no effect, as in Airflow 3: the sensor waits until its timeout",
    "give it a timeout",
)
_GROUP = note(
    "group-at-end",
    "the task group is looked at when its run has ended, and its tasks are known by the prefix of their ids",
    "wait for the group's last tasks (external_task_ids), or put an EmptyOperator behind it",
)


def settings(operator: Any) -> Mapping[str, Any]:
    """Whether the sensor is woken decides how many laps its timeout may take."""
    from dag_translator.authoring.sensors.external_task import FINAL_STATES
    from dag_translator.authoring.sensors.woken import UNWOKEN

    names = ("allowed_states", "skipped_states", "failed_states")
    given = [getattr(state, "value", state) for name in names for state in getattr(operator, name, None) or ()]
    polled = polling.settings(operator)
    if FINAL_STATES.issuperset(given):
        polled = {**polled, "interval": max(polled["interval"], UNWOKEN)}
    notes = [_CHECKED] if getattr(operator, "check_existence", False) else []
    notes += [_GROUP] if getattr(operator, "external_task_group_id", None) is not None else []
    reads = literal(getattr(operator, "external_dag_id", None)) or "*"
    return {**polled, "reads": reads, **({"notes": notes} if notes else {})}


def _marked(operator: Any) -> Mapping[str, Any] | None:
    settings = empty.settings(operator)
    names = ("external_dag_id", "external_task_id", "logical_date", "recursion_depth")
    return None if settings is None else {"marks": {name: getattr(operator, name) for name in names}}


LOWERINGS: Mapping[str, Lowering] = {
    "ExternalTaskSensor": Lowering(
        woken.lower,
        settings,
        polling.permissions,
        reads=lambda task: (str(task.settings["reads"]),),
        sensor=True,
        becomes="woken by the other DAG",
    ),
    "ExternalTaskMarker": Lowering(empty.lower, _marked, tells=("marks",), becomes="`Pass`"),
}
