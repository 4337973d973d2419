"""Any sensor whose `poke` is Python: a Lambda pokes once a lap, a `Wait` stands between.

The Lambda keeps the sensor's own rules (timeout, soft_fail, backoff, retries) and says how long to wait; `mode` makes
no difference to the outcome. No compute runs, and nothing is paid but transitions, while the sensor waits.
"""

from __future__ import annotations

from collections.abc import Callable

from dag_translator import asl
from dag_translator.lowering.exits import outcome
from dag_translator.lowering.lambdas import INVOKE, TRANSIENT, timeout
from dag_translator.model import Task
from dag_translator.operators import polling
from dag_translator.operators.lowering import Lowering, Site, States, entering, failing


def lower(task: Task, site: Site, pause: Callable[[str], asl.Task] | None = None) -> States:
    """pause: as `Poll`'s."""
    ask = asl.Task(
        INVOKE,
        site.call("poke_sensor", task, now="{% $states.context.State.EnteredTime %}"),
        None,
        retry=(TRANSIENT,),
        timeout=timeout(task),
        comment=task.doc,
    )
    poll = polling.Poll(ask, "$states.result.Payload", "{% $states.input.answer.wait %}", pause=pause)
    states: States = {}
    success = site.exits.success()
    merged = success.output("$states.input.states", outcome(task.task_id, "success"))
    name, polled = polling.loop(task, site, poll, failing(task, site, states)(poll.payload), (success.next, merged))
    return entering(name, polled | states)


LOWERING = Lowering(lower, polling.settings, polling.permissions, sensor=True)
