"""One try of a task, from its rendered templates to its recorded outcome. Every kind of work that runs user code
uses it.

    with task_environment(…):        log labels, secrets, current context
        perform(…)                   templates, pre_execute, callbacks, the code within its time, post_execute
        conclude(…)                  the outcome and the XComs in one write, then the callbacks

Invariant: what a try leaves behind is written at most once, and only while the try is still the current one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from lambdas.context.task_instance import TaskInstance
from lambdas.errors import message_of, surfaced
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import Fence, TaskRecord, changed
from lambdas.tasks.callbacks import FOR_STATE, run_task_callbacks
from lambdas.tasks.limits import time_limit
from lambdas.tasks.opening import LateInvocation, own_copy, rendered_fields
from lambdas.tasks.results import push_result
from lambdas.tasks.retries import ending, next_try

log = logging.getLogger("airflow.task")

# Only a sensor's `poke` is called again; an `execute` that wants to come back later has nobody to call it.
_COMES_BACK = (
    "task {0!r} raised {1} to come back later, which only a sensor's poke() can: set deferrable=False, or wait in a "
    "sensor with mode='reschedule'"
)

Code = Callable[[Any, Any], Any]  # (task, context) -> result
KeepsOn = Callable[[Runtime, BaseException], None]


def labels_of(record: TaskRecord) -> dict[str, Any]:
    """What every log line of a try carries."""
    return {
        "dag_id": record.dag_id,
        "run_id": record.run_id,
        "task_id": record.task_id,
        "map_index": record.map_index,
        "try_number": record.try_number,
    }


@contextmanager
def task_environment(runtime: Runtime, run: RunInfo, task: Any, record: TaskRecord) -> Iterator[TaskInstance]:
    """The block runs as this try: its log lines are labelled, `get_current_context()` answers, secrets are there."""
    from dag_translator.authoring import runtime as authoring
    from dag_translator.authoring.imports import airflow_imports

    ti = TaskInstance(runtime, run, own_copy(task), record)
    context = ti.get_template_context()
    with (
        runtime.observe(labels_of(record)),
        authoring.use(runtime.lender),
        authoring.running(context),
        airflow_imports(),
    ):
        yield ti


def run_try(
    runtime: Runtime, ti: TaskInstance, code: Code, *, begins: bool = True, keeps_on: KeepsOn | None = None
) -> dict[str, Any]:
    """Run `code` as the task, record what came of it, and answer with the states that it makes.

    begins: whether the task's hooks and callbacks for its begin are due. keeps_on: sees each error first, and raises
    something else when it has dealt with it (a sensor that is to be poked again).

    Raises AirflowSkipException when the task is skipped, else what the user's code raised (BaseExceptions, which
    would end the worker, as an Exception of the same name).
    """
    from dag_translator.authoring.exceptions import AirflowSkipException, DownstreamTasksSkipped

    try:
        try:
            result = perform(runtime, ti, code, begins)
            ti.label()  # one that can't be rendered fails the try, as in Airflow
            skipped = push_result(ti, result)
        except DownstreamTasksSkipped as skip:
            tasks = skip.tasks if isinstance(skip.tasks, list | tuple | set) else [skip.tasks]
            skipped = [task if isinstance(task, str) else task[0] for task in tasks] if ti.map_index < 0 else []
        if skipped and ti._run.clear_number:
            from lambdas.runs.rerun import not_kept

            skipped = not_kept(runtime.store, ti.key.run, skipped)
        collect_asset_events(runtime, ti)
        states = {ti.task_id: "success", **dict.fromkeys(skipped, "skipped")}
    except AirflowSkipException as error:
        log.info("Skipping task: %s", message_of(error))
        conclude(runtime, ti, "skipped", states={ti.task_id: "skipped"}, error=error)
        raise surfaced(error) from None
    except BaseException as error:
        if keeps_on is not None:
            keeps_on(runtime, error)
        state, retry_in = ending(next_try(ti, error))
        log.exception("Task failed with exception (try %s, now %s)", ti.try_number, state)
        conclude(runtime, ti, state, error=error, retry_in=retry_in)
        raise surfaced(error) from None
    return conclude(runtime, ti, "success", states=states)


def perform(runtime: Runtime, ti: TaskInstance, code: Code, begins: bool = True) -> Any:
    """What Airflow does around `execute`, in its order."""
    from dag_translator.authoring.definitions.baseoperator import BaseOperator
    from dag_translator.authoring.exceptions import (
        AirflowFailException,
        AirflowRescheduleException,
        AirflowTaskTimeout,
        TaskDeferred,
    )
    from dag_translator.authoring.utils.core import patch_environ

    context = ti.get_template_context()
    with patch_environ(_airflow_variables(ti)), time_limit(None, runtime.remaining_ms):
        render(ti)
        task = ti.task
        if begins:
            begin(ti)
        try:
            with time_limit(task.execution_timeout, runtime.remaining_ms):
                result = code(task, context)
        except AirflowTaskTimeout:
            task.on_kill()
            raise
        except (TaskDeferred, AirflowRescheduleException) as error:
            raise AirflowFailException(_COMES_BACK.format(task.task_id, type(error).__name__)) from error
        finally:
            if getattr(task, "overwrite_rtif_after_execution", False):  # e.g. @task.bash: the function made the command
                ti.rendered = rendered_fields(task)
        if task._post_execute_hook is not None:
            task._post_execute_hook(context, result)
        if type(task).post_execute is not BaseOperator.post_execute:
            task.post_execute(context)  # without the result, as Airflow 3.3.2 does
    return result


def begin(ti: TaskInstance) -> None:
    """What runs before the task's own code."""
    context = ti.get_template_context()
    if ti.task._pre_execute_hook is not None:
        ti.task._pre_execute_hook(context)
    ti.task.pre_execute(context)
    run_task_callbacks(ti.task, "on_execute_callback", context)


def render(ti: TaskInstance) -> None:
    """Render the task's templates, and keep what they became for the record. A mapped task first gets the arguments of
    its index."""
    from lambdas.context.templates import resolve_template_files

    if ti.task.is_mapped:
        from lambdas.tasks.mapped import become_instance

        become_instance(ti)
    task = ti.task
    if task.template_fields:
        resolve_template_files(task, task.dag)
        task.render_template_fields(ti.get_template_context())
    ti.rendered = rendered_fields(task)


def conclude(
    runtime: Runtime,
    ti: TaskInstance,
    state: str,
    *,
    states: Mapping[str, Any] | None = None,
    error: BaseException | None = None,
    **also: Any,
) -> dict[str, Any]:
    """Write the try's end and its XComs, run the callbacks; the states to answer with.

    also: further fields of the record. If the try is not the current one any more, nothing is written: the outcome that
    stands is answered, or LateInvocation raised if a newer try runs.
    """
    record = changed(
        ti.record,
        state=state,
        end_date=runtime.timestamp(),
        states=dict(states or {}),
        error=type(error).__name__ if error is not None else None,
        error_message=message_of(error)[:2000] if error is not None else None,
        rendered=ti.rendered or ti.record.rendered,
        rendered_map_index=ti.rendered_map_index,
        asset_events=ti.asset_events if state == "success" else None,
        started=None,
        **also,
    )
    saved = _saved(runtime, record, ti)
    if saved is None:
        standing = runtime.store.get_task(record.key)
        if standing is not None and standing.is_final and standing.execution == record.execution:
            log.warning("this try's outcome (%s) comes too late: the task is %s already", state, standing.state)
            return answer_again(runtime, standing)
        raise LateInvocation(f"try {record.try_number} of {record.task_id} is not the current one any more")
    record = saved
    ti.moved_to(record)
    send_asset_events(runtime, record)
    if record.start_date and state in FOR_STATE:
        seconds = (
            datetime.fromisoformat(record.end_date or "") - datetime.fromisoformat(record.start_date)
        ).total_seconds()
        runtime.measure(state, seconds, labels_of(record))
    after_outcome(runtime, ti, state, error)
    return dict(record.states)


def _saved(runtime: Runtime, record: TaskRecord, ti: TaskInstance) -> TaskRecord | None:
    """Write the try's end; None if the try is not the current one any more.

    Somebody may have begun to wait for this task meanwhile: then the write says so too, and wakes them if it is final.
    """
    for watched in dict.fromkeys((ti.record.watched, True)):
        final = changed(record, watched=watched)
        fence = Fence("running", ti.record.try_number, record.attempt, record.execution, watched=watched)
        if runtime.store.save_task(final, expect=fence, xcoms=ti.pushed):
            wake_watchers(runtime, ti.logical_date_text, final)
            return final
    return None


def wake_watchers(runtime: Runtime, logical_date: str | None, record: TaskRecord) -> None:
    """The task has ended: wake other DAGs that wait for it."""
    if not (record.watched and record.is_final):
        return
    from lambdas.waiting.external import wake_if_watched

    try:
        wake_if_watched(runtime.store, runtime.wake, record.dag_id, logical_date)
    except Exception:  # they ask again by themselves, later
        log.exception("Those who wait for task %s could not be woken", record.task_id)


def after_outcome(runtime: Runtime, ti: TaskInstance, state: str, error: BaseException | None) -> None:
    """What a final failure means for other tasks, the callbacks and mails for the state, and what was pushed."""
    if state == "failed" and runtime.dag.fail_fast:
        from lambdas.tasks.fail_fast import stop_others

        stop_others(runtime, ti._run, ti.record)
    kind = FOR_STATE.get(state)
    if kind is None:
        return
    context = ti.get_template_context()
    if error is not None and state != "skipped":
        context["exception"] = error
    run_task_callbacks(ti.task, kind, context)
    if getattr(ti.task, "email", None):
        from lambdas.tasks.mails import mail_about

        mail_about(ti, state, error)
    if ti.pushed:
        runtime.store.push_xcoms(ti.record, ti.pushed)
        ti.moved_to(ti.record)


def collect_asset_events(runtime: Runtime, ti: TaskInstance) -> None:
    """Note the asset events that the task's success makes; a task without outlets pays nothing for it."""
    if ti.task.outlets:
        from lambdas.scheduling.asset_events import collect

        collect(runtime, ti)


def send_asset_events(runtime: Runtime, record: TaskRecord) -> None:
    """Send the asset events of a recorded success; whoever consumes them drops those that it has already."""
    if record.asset_events is not None:
        from lambdas.scheduling.asset_events import of_record

        runtime.send_assets(of_record(record))


def answer_again(runtime: Runtime, record: TaskRecord) -> dict[str, Any]:
    """What the task's outcome means for the machine, without running anything. Asset events that may not have been sent
    are sent again."""
    from dag_translator.authoring.exceptions import AirflowFailException, AirflowSkipException

    if record.state == "success":
        send_asset_events(runtime, record)
        return dict(record.states) or {record.task_id: "success"}
    if record.state == "skipped":
        raise AirflowSkipException(record.error_message or f"{record.task_id} was skipped")
    raise AirflowFailException(record.error_message or f"{record.task_id} ended as {record.state} before")


def _airflow_variables(ti: TaskInstance) -> dict[str, str]:
    """Airflow's `AIRFLOW_CTX_*` variables, which scripts read."""
    return {
        "AIRFLOW_CTX_DAG_OWNER": str(ti.task.owner or ""),
        "AIRFLOW_CTX_DAG_ID": ti.dag_id,
        "AIRFLOW_CTX_TASK_ID": ti.task_id,
        "AIRFLOW_CTX_EXECUTION_DATE": ti.logical_date_text or "",
        "AIRFLOW_CTX_LOGICAL_DATE": ti.logical_date_text or "",
        "AIRFLOW_CTX_TRY_NUMBER": str(ti.try_number),
        "AIRFLOW_CTX_DAG_RUN_ID": ti.run_id,
    }
