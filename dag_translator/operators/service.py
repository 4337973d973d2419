"""A task whose work is one call of a service integration: prepare (templates, XComs) → the call → record.

What operators have in common; an operator's own file names the resource, its retriers and its IAM permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dag_translator import asl
from dag_translator.lowering.lambdas import INVOKE, TRANSIENT, user_retrier
from dag_translator.model import Task
from dag_translator.operators.lowering import Site, States, entering, failing
from dag_translator.operators.retrying import flags, trying

# JSONata for the task states, from the call on: there the input holds more than the states.
INNER = "$states.input.states"
ARGUMENTS = "{% $states.input.arguments %}"

HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


def lower_call(
    task: Task,
    site: Site,
    resource: str,
    *,
    retry: tuple[asl.Retrier, ...] = (),
    arguments: Any = ARGUMENTS,
    result: str = "$states.result",
    caught: Callable[[str], tuple[asl.Catcher, ...]] = lambda _record: (),
    limit: float | None = None,
    tries: bool = False,
) -> States:
    """The three states, and the one for failures.

    retry: for what must not use up the user's retries, and before them. arguments: of the call; default what Lambda
    prepared. result: JSONata of what Lambda is to record. caught: the call's own catchers, given the name of the state
    that records. limit: seconds that the operator waits at most, if that is less than its execution_timeout.
    tries: every try begins with `prepare`; else Step Functions repeats the call.
    """
    prepare, name, record = (
        site.names.name(task.task_id, "prepare"),
        site.names.name(task.task_id),
        site.names.name(task.task_id, "record"),
    )
    success = site.exits.success()
    states: States = {}
    tries = tries or task.retry.asks
    failed = trying(task, site, states, prepare) if tries else failing(task, site, states)
    own = (user_retrier(task.retry),) if task.retry.attempts and not tries else ()
    states |= {
        prepare: prepared(task, site, name, failed("$states.input").catch, **(flags(task) if tries else {})),
        name: asl.Task(
            resource,
            arguments,
            record,
            output=recorded(result, "0" if tries else "$states.context.State.RetryCount"),
            retry=(*retry, *own),
            catch=(*caught(record), *failed(INNER).catch),
            timeout=_whole_seconds(task.timeout, limit),
        ),
        record: asl.Task(
            INVOKE,
            site.call(
                "record_result",
                task,
                INNER,
                result="{% $states.input.result %}",
                attempt="{% $states.input.attempt %}",
                **(flags(task) if tries else {}),
            ),
            success.next,
            output=success.output(INNER, "$states.result.Payload"),
            retry=(TRANSIENT,),
            catch=failed(INNER).catch,
        ),
    }
    return entering(prepare, states)


def judged(record: str) -> tuple[asl.Catcher, ...]:
    """For `caught`: Lambda judges a job that has failed."""
    output = f"{{% {{'states': {INNER}, 'result': {{'error': $states.errorOutput}}, 'attempt': 0}} %}}"
    return (asl.Catcher(("States.TaskFailed",), record, output),)


def _whole_seconds(*limits: float | None) -> int | None:
    given = [each for each in limits if each is not None]
    return max(1, round(min(given))) if given else None


def prepared(task: Task, site: Site, following: str, catch: tuple[asl.Catcher, ...], **fields: Any) -> asl.Task:
    """The state in which Lambda renders the templates and makes the service's request."""
    return asl.Task(
        INVOKE,
        site.call("prepare_task", task, **fields),
        following,
        output="{% {'states': $states.input, 'arguments': $states.result.Payload} %}",
        retry=(TRANSIENT,),
        catch=catch,
        comment=task.doc,
    )


def recorded(result: str, attempt: str) -> str:
    """The `Output` that hands a result on to the state that records. attempt: the retries that the record lacks."""
    return f"{{% {{'states': {INNER}, 'result': {result}, 'attempt': {attempt}}} %}}"


def literal(value: Any) -> str | None:
    """The text of an argument that no template or XCom decides at run time, else None."""
    return value if isinstance(value, str) and "{{" not in value and "{%" not in value else None


def unused_arguments(operator: Any) -> Mapping[str, Any]:
    """Step Functions calls the service itself: with the machine's role, in its own region."""
    given = [name for name in ("region_name", "verify", "botocore_config") if getattr(operator, name, None) is not None]
    if getattr(operator, "aws_conn_id", None) not in (None, "aws_default"):
        given.append("aws_conn_id")
    return {"unused": given} if given else {}


def note(code: str, message: str, hint: str) -> list[str]:
    """A row of `settings["notes"]`: what is otherwise than in Airflow, said by `validate`."""
    return [code, message, hint]
