"""A native task whose every try begins with its preparation: templates and the service's request are made anew, as
Airflow does it.

    failure → `a · retry` (Lambda: is there a try left? on_retry_callback) → `a · retry delay` (Wait) → `a · prepare`
                      └ none left → `a · failed`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dag_translator import asl
from dag_translator.lowering.lambdas import ANYTHING, INVOKE
from dag_translator.model import Task
from dag_translator.operators.lowering import Failing, Site, States, failed_input, failing


def trying(task: Task, site: Site, states: States, again: str) -> Callable[[str], Failing]:
    """As `lowering.failing`, but with the task's retries. again: the state that a try begins with; its input is the
    task states."""
    final = failing(task, site, states)
    if not task.retry.attempts:
        return final
    retry, pause = site.names.name(task.task_id, "retry"), site.names.name(task.task_id, "retry delay")
    recorded_by = final("$states.input").recorded_by
    states[retry] = asl.Task(
        INVOKE,
        site.call("retry_task", task, "$states.input.states", error="{% $states.input.error %}", service=True),
        pause,
        output="{% {'states': $states.input.states, 'wait': $states.result.Payload.wait} %}",
        retry=(asl.Retrier(("NoRetryLeft",), 0), ANYTHING),
        catch=(asl.Catcher(("States.ALL",), recorded_by, "{% $states.input %}"),),
    )
    states[pause] = asl.Wait("{% $states.input.wait %}", again, "{% $states.input.states %}")

    def catchers(payload: str) -> Failing:
        skips = final(payload).catch[0]
        return Failing(
            retry, (skips, asl.Catcher(("States.ALL",), retry, failed_input(payload, "$states.errorOutput")))
        )

    return catchers


def flags(task: Task) -> dict[str, Any]:
    """Tells the Lambda that its failure may leave a try."""
    return {"retries": True} if task.retry.attempts else {}
