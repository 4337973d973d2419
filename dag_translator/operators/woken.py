"""A sensor that an event wakes: a poke / `Choice` / wait, where the wait has a task token.

The poke is the sensor's own, in Lambda, and says what would change its answer. The wait registers its token with the
signal function, which wakes it at once if that has changed meanwhile; later the event does. Its `TimeoutSeconds` is
the sensor's pause: what is left of its timeout, an hour at most; or `poke_interval`, where what it waits for may not
wake it (then the answer has nothing to watch, or the sensor looks by itself besides). So a wait that is woken costs two
pokes and three transitions, and three more for each hour.
"""

from __future__ import annotations

from dag_translator import asl
from dag_translator.lowering.lambdas import INVOKE_AND_WAIT, SIGNAL_FUNCTION
from dag_translator.model import Task
from dag_translator.operators import sensor
from dag_translator.operators.lowering import Site, States

# Everything but States.Timeout, which is the wait's usual end.
_BROKEN = asl.Retrier(("States.TaskFailed",), attempts=6, interval=1, backoff=2, full_jitter=True)


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
