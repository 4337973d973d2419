"""ExternalTaskSensor waits for runs, tasks or a task group of another DAG; ExternalTaskMarker says who waits for it.

The machine is woken when a run that it waits for starts or ends, and when a task of it ends; between that it waits
without polling, except for a look every `UNWOKEN` seconds. What wakes nobody (a state that is not final) is polled for.
Outcomes as in `apache-airflow-providers-standard` on Airflow 3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from dag_translator.authoring.definitions.signatures import determine_kwargs
from dag_translator.authoring.exceptions import (
    AirflowSkipException,
    DuplicateStateError,
    ExternalDagFailedError,
    ExternalTaskFailedError,
    ExternalTaskGroupFailedError,
)
from dag_translator.authoring.operators.empty import EmptyOperator
from dag_translator.authoring.sensors.woken import WokenSensor
from dag_translator.authoring.states import State

FINAL_STATES = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


class ExternalTaskSensor(WokenSensor):
    """Done when every logical date has its run, or the tasks in it, in allowed_states (default success).

    failed_states fail the sensor, or skip it with soft_fail; skipped_states skip it. The dates: the run's own,
    execution_delta before it, or what execution_date_fn makes of it. poll_interval: an old name of poke_interval.
    check_existence has no effect, as in Airflow 3.
    """

    template_fields: Any = ("external_dag_id", "external_task_id", "external_task_ids", "external_task_group_id")
    ui_color = "#4db7db"

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str | None = None,
        external_task_ids: Collection[str] | None = None,
        external_task_group_id: str | None = None,
        allowed_states: Iterable[str] | None = None,
        skipped_states: Iterable[str] | None = None,
        failed_states: Iterable[str] | None = None,
        execution_delta: timedelta | None = None,
        execution_date_fn: Callable[..., Any] | None = None,
        check_existence: bool = False,
        poll_interval: float | None = None,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**({} if poll_interval is None else {"poke_interval": poll_interval}) | kwargs)
        self.allowed_states = _states(allowed_states) or ["success"]
        self.skipped_states = _states(skipped_states)
        self.failed_states = _states(failed_states)
        if external_task_id is not None and external_task_ids:
            raise ValueError(_ONLY_ONE)
        ids = [external_task_id] if external_task_id is not None else external_task_ids or None
        if external_task_group_id is not None and ids is not None:
            raise ValueError(_ONLY_ONE)
        self._check_states(ids is not None or external_task_group_id is not None)
        if execution_delta is not None and execution_date_fn is not None:
            raise ValueError("Only one of `execution_delta` or `execution_date_fn` may be provided; not both.")
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        self.external_task_ids: Any = ids
        self.external_task_group_id = external_task_group_id
        self.execution_delta = execution_delta
        self.execution_date_fn = execution_date_fn
        self.check_existence = check_existence
        self.deferrable = deferrable

    def _check_states(self, of_tasks: bool) -> None:
        given = [*self.allowed_states, *self.skipped_states, *self.failed_states]
        if len(set(given)) != len(given):
            message = "Duplicate values provided across allowed_states, skipped_states and failed_states."
            raise DuplicateStateError(message)
        known = {str(state) for state in (State.task_states if of_tasks else State.dag_states) if state is not None}
        if unknown := [state for state in given if state not in known]:
            kind = "tasks" if of_tasks else "DAG runs"
            raise ValueError(f"{', '.join(unknown)}: not a state of {kind}; those are {', '.join(sorted(known))}")

    @property
    def is_woken(self) -> bool:
        """Whether every state that decides is one that wakes: a final one."""
        polled = type(self).poke is not ExternalTaskSensor.poke  # a subclass's own, which the machine knows nothing of
        return not polled and FINAL_STATES.issuperset((*self.allowed_states, *self.skipped_states, *self.failed_states))

    def poke(self, context: Any) -> bool:
        ids = list(self.external_task_ids or ())
        if len(ids) > len(set(ids)):
            raise ValueError("Duplicate task_ids passed in external_task_ids parameter")
        dates = self._dates(context)
        what = ids or self.external_task_group_id or "the run"
        shown = ",".join(date.isoformat() for date in dates)
        self.log.info("Poking for %s of DAG %s on %s", what, self.external_dag_id, shown)
        seen, self.watching = context["ti"].look_at(self.external_dag_id, dates, ids, self.external_task_group_id)
        if self._count(seen, self.failed_states) > 0:
            self._fail()
        if self._count(seen, self.skipped_states) > 0:
            raise AirflowSkipException(f"{self._subject()} reached a state in our states-to-skip-on list. Skipping.")
        return self._count(seen, self.allowed_states) == len(dates)

    def _count(self, seen: Any, states: Collection[str]) -> float:
        """How many dates are in the states; of tasks Airflow's fraction: instances by the number of tasks."""
        if self.external_task_ids:
            found = [state in states for tasks in seen.tasks.values() for state in tasks.values()]
            return sum(found) / len(self.external_task_ids)
        if self.external_task_group_id:
            return sum(
                bool(tasks) and all(state in states for state in tasks.values()) for tasks in seen.tasks.values()
            )
        return sum(state in states for state in seen.runs.values())

    def _subject(self) -> str:
        if self.external_task_ids:
            return f"Some of the external tasks {self.external_task_ids} in DAG {self.external_dag_id}"
        if self.external_task_group_id:
            return f"The external task_group '{self.external_task_group_id}' in DAG '{self.external_dag_id}'"
        return f"The external DAG {self.external_dag_id}"

    def _fail(self) -> None:
        if self.soft_fail:
            raise AirflowSkipException(f"{self._subject()} failed. Skipping due to soft_fail.")
        if self.external_task_ids:
            raise ExternalTaskFailedError(f"{self._subject()} failed.")
        if self.external_task_group_id:
            raise ExternalTaskGroupFailedError(f"{self._subject()} failed.")
        raise ExternalDagFailedError(f"{self._subject()} failed.")

    def _dates(self, context: Any) -> Sequence[datetime]:
        date = context.get("logical_date") or context["dag_run"].run_after
        if self.execution_delta:
            return [date - self.execution_delta]
        if self.execution_date_fn:
            arguments = determine_kwargs(self.execution_date_fn, [date], {**context, "logical_date": date})
            found = self.execution_date_fn(date, **arguments)
            return found if isinstance(found, list) else [found]
        return [date]


class ExternalTaskMarker(EmptyOperator):
    """Says that external_task_id of external_dag_id waits for this task: clearing this one clears that one too.

    As a task it does nothing. logical_date: which run of the other DAG, a template.
    """

    template_fields: Any = ("external_dag_id", "external_task_id", "logical_date")
    ui_color = "#4db7db"
    recursion_depth = 10

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str,
        logical_date: str | datetime | None = "{{ logical_date.isoformat() }}",
        execution_date: str | datetime | None = None,  # Airflow 2's name
        recursion_depth: int = 10,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if recursion_depth <= 0:
            raise ValueError("recursion_depth should be a positive integer")
        given = execution_date or logical_date
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        self.logical_date = given.isoformat() if isinstance(given, datetime) else given
        self.recursion_depth = recursion_depth


_ONLY_ONE = (
    "Only one of `external_task_id`, `external_task_ids` and `external_task_group_id` may be provided to"
    " ExternalTaskSensor."
)


def _states(given: Iterable[Any] | None) -> list[str]:
    return [str(getattr(state, "value", state)) for state in given or ()]
