"""`ExternalTaskSensor`: a poke / `Choice` / wait, where the wait has a task token and the other DAG wakes it.

The poke is the sensor's own, in Lambda, and says what it saw. The wait registers its token with the signal function,
which wakes it at once if that is not true any more; later a run that starts or ends does, or a task that ends. Its
`TimeoutSeconds` is the sensor's pause: what is left of its timeout, an hour at most; or `poke_interval`, if it waits
for a state that is not final. So a wait costs two pokes and three transitions, and three more for each hour.
`ExternalTaskMarker` is an `EmptyOperator`; what it marks stands in the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator import asl
from dag_translator.lowering.lambdas import INVOKE_AND_WAIT, SIGNAL_FUNCTION
from dag_translator.model import Task
from dag_translator.operators import empty, polling, sensor
from dag_translator.operators.lowering import Lowering, Site, States
from dag_translator.operators.service import literal, note

# Everything but States.Timeout, which is the wait's usual end.
_BROKEN = asl.Retrier(("States.TaskFailed",), attempts=6, interval=1, backoff=2, full_jitter=True)

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
    from dag_translator.authoring.sensors.external_task import FINAL_STATES, UNWOKEN

    names = ("allowed_states", "skipped_states", "failed_states")
    given = [getattr(state, "value", state) for name in names for state in getattr(operator, name, None) or ()]
    polled = polling.settings(operator)
    if FINAL_STATES.issuperset(given):
        polled = {**polled, "interval": max(polled["interval"], UNWOKEN)}
    notes = [_CHECKED] if getattr(operator, "check_existence", False) else []
    notes += [_GROUP] if getattr(operator, "external_task_group_id", None) is not None else []
    reads = literal(getattr(operator, "external_dag_id", None)) or "*"
    return {**polled, "reads": reads, **({"notes": notes} if notes else {})}


def lower(task: Task, site: Site) -> States:
    def pause(payload: str) -> asl.Task:
        watch = "$states.input.answer.watch"
        what = {"task_id": task.task_id, "watch": f"{{% $exists({watch}) ? {watch} : null %}}"}
        token = {"token": "{% $states.context.Task.Token %}"}
        arguments = {
            "FunctionName": SIGNAL_FUNCTION,
            "Payload": {"kind": "watch", **site.which(payload), **what, **token},
        }
        return asl.Task(INVOKE_AND_WAIT, arguments, None, retry=(_BROKEN,), timeout="{% $states.input.answer.wait %}")

    return sensor.lower(task, site, pause)


def _marked(operator: Any) -> Mapping[str, Any] | None:
    settings = empty.settings(operator)
    names = ("external_dag_id", "external_task_id", "logical_date", "recursion_depth")
    return None if settings is None else {"marks": {name: getattr(operator, name) for name in names}}


LOWERINGS: Mapping[str, Lowering] = {
    "ExternalTaskSensor": Lowering(
        lower,
        settings,
        polling.permissions,
        reads=lambda task: (str(task.settings["reads"]),),
        sensor=True,
        becomes="Lambda / `Choice` / a wait with a task token that the other DAG's end wakes",
    ),
    "ExternalTaskMarker": Lowering(empty.lower, _marked, tells=("marks",), becomes="a `Pass` state"),
}
