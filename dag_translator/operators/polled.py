"""What AWS does and Step Functions asks about: prepare → the loop that asks → record.

`prepare` answers {"poll": what is asked with, …}, which goes round with the task states until the answer is final.
"""

from __future__ import annotations

from typing import Any

from dag_translator import asl
from dag_translator.lowering.lambdas import INVOKE, TRANSIENT
from dag_translator.model import Task
from dag_translator.operators import polling
from dag_translator.operators.lowering import Site, States, entering, failing
from dag_translator.operators.retrying import flags, trying


def lower_polled(
    task: Task, site: Site, poll: polling.Poll, *, first: str = "prepare", keeps: bool = False, tries: bool, result: Any
) -> States:
    """first: the role of the state that Lambda begins with. keeps: `record` gets what was asked with, too. tries: as
    `Lowering.tries`. result: what `record` is told."""
    inner = "$states.input.states" if keeps else "$states.input"
    handed = poll.again if keeps else "$states.input.states"
    more = flags(task) if tries else {}
    prepare, record = site.names.name(task.task_id, first), site.names.name(task.task_id, "record")
    states: States = {}
    failed = trying(task, site, states, prepare) if tries else failing(task, site, states)
    name, polled = polling.loop(task, site, poll, failed(poll.payload), (record, f"{{% {handed} %}}"))
    success = site.exits.success()
    states[prepare] = asl.Task(
        INVOKE,
        site.call("prepare_task", task, **more),
        name,
        output="{% {'states': $states.input, 'poll': $states.result.Payload} %}",
        retry=(TRANSIENT,),
        catch=failed("$states.input").catch,
        comment=task.doc,
    )
    states |= polled
    states[record] = asl.Task(
        INVOKE,
        site.call("record_result", task, inner, result=result, **more),
        success.next,
        output=success.output(inner, "$states.result.Payload"),
        retry=(TRANSIENT,),
        catch=failed(inner).catch,
    )
    return entering(prepare, states)
