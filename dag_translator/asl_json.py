"""Amazon States Language as JSON: what CreateStateMachine takes.

Source: the Amazon States Language specification.

>>> to_json(asl.Machine("a", {"a": asl.Pass(None, output={"x": 1})}))["States"]
{'a': {'Type': 'Pass', 'Output': {'x': 1}, 'End': True}}
"""

from __future__ import annotations

from collections.abc import Mapping

from dag_translator import asl
from dag_translator.asl import Json

# No execution lasts longer than a year, so a longer time is never over. What Step Functions takes (TimeoutSeconds,
# Seconds, IntervalSeconds: 99,999,999; MaxDelaySeconds: 31,622,399) is more. Source: "Service quotas".
YEAR = 365 * 24 * 3600
MOST_ATTEMPTS = 99_999_999


def definition(machine: asl.Machine, comment: str, timeout: int | None) -> dict[str, Json]:
    """The whole definition, as CreateStateMachine takes it (with the placeholders of the manifest).

    comment: the DAG's description, in which nothing may look like a placeholder.
    """
    top: dict[str, Json] = {"Comment": comment.replace("${", "{")} if comment else {}
    top |= {"QueryLanguage": "JSONata"}
    if timeout is not None:
        top["TimeoutSeconds"] = min(timeout, YEAR)
    return top | to_json(machine)


def part_definitions(machine: asl.Machine) -> dict[str, dict[str, Json]]:
    """Of the machines to be deployed beside this one, by their placeholders."""
    return {asl.placeholder(number): definition(part, "", None) for number, part in asl.parts(machine).items()}


def to_json(machine: asl.Machine) -> dict[str, Json]:
    return {"StartAt": machine.start_at, "States": {name: _state(state) for name, state in machine.states.items()}}


def _state(state: asl.State) -> dict[str, Json]:
    comment: dict[str, Json] = {}
    if not isinstance(state, asl.Succeed | asl.Fail | asl.Wait) and state.comment:
        comment = {"Comment": state.comment}
    match state:
        case asl.Succeed():
            return {"Type": "Succeed"}
        case asl.Fail():
            return {"Type": "Fail", "Error": state.error, "Cause": state.cause}
        case asl.Pass():
            return comment | {"Type": "Pass"} | _assign(state.assign) | _output(state.output) | _next(state.next)
        case asl.Wait():
            seconds = state.seconds if isinstance(state.seconds, str) else min(state.seconds, YEAR)
            return {"Type": "Wait", "Seconds": seconds} | _output(state.output) | _next(state.next)
        case asl.Choice():
            choices: list[Json] = [
                {"Condition": rule.condition, "Next": rule.next} | _output(rule.output) for rule in state.rules
            ]
            decide: dict[str, Json] = {"Type": "Choice", "Choices": choices, "Default": state.default}
            return comment | decide | _output(state.output)
        case asl.Parallel():
            given: dict[str, Json] = {} if state.arguments is None else {"Arguments": state.arguments}
            branches = {"Branches": [to_json(branch) for branch in state.branches]}
            body = given | branches | _catch(state.catch)
            return {"Type": "Parallel"} | comment | body | _output(state.output) | _next(state.next)
        case asl.Map():
            return {"Type": "Map"} | comment | _map(state) | _output(state.output) | _next(state.next)
        case asl.Task():
            return {"Type": "Task"} | comment | _task(state) | _output(state.output) | _next(state.next)
        case asl.Nested():
            arguments = {"StateMachineArn": f"${{{asl.placeholder(state.number)}}}", **state.arguments}
            task = asl.Task(
                asl.START_AND_WAIT, arguments, state.next, state.output, retry=state.retry, comment=state.comment
            )
            return _state(task)


def _task(state: asl.Task) -> dict[str, Json]:
    body: dict[str, Json] = {"Resource": state.resource, "Arguments": state.arguments}
    if state.timeout is not None:
        body["TimeoutSeconds"] = state.timeout if isinstance(state.timeout, str) else min(state.timeout, YEAR)
    if state.retry:
        body["Retry"] = [retrier_to_json(retrier) for retrier in state.retry]
    return body | _catch(state.catch) | _assign(state.assign)


def retrier_to_json(retrier: asl.Retrier) -> dict[str, Json]:
    """One of a state's `Retry`."""
    attempts = min(retrier.attempts, MOST_ATTEMPTS)
    body: dict[str, Json] = {"ErrorEquals": list(retrier.errors), "MaxAttempts": attempts}
    if retrier.attempts:
        body |= {"IntervalSeconds": min(retrier.interval, YEAR), "BackoffRate": retrier.backoff}
    if retrier.max_delay is not None:
        body["MaxDelaySeconds"] = retrier.max_delay
    if retrier.full_jitter:
        body["JitterStrategy"] = "FULL"
    return body


def _map(state: asl.Map) -> dict[str, Json]:
    mode = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} if state.distributed else {"Mode": "INLINE"}
    processor = {"ProcessorConfig": mode} | to_json(state.processor)
    body: dict[str, Json] = {"Items": state.items, "ItemSelector": state.selector, "ItemProcessor": processor}
    if state.at_once is not None:
        body["MaxConcurrency"] = state.at_once
    return body | _catch(state.catch)


def _catch(catchers: tuple[asl.Catcher, ...]) -> dict[str, Json]:
    listed = [
        {"ErrorEquals": list(catcher.errors)} | _output(catcher.output) | {"Next": catcher.next} for catcher in catchers
    ]
    return {"Catch": listed} if listed else {}


def _assign(assign: Mapping[str, Json] | None) -> dict[str, Json]:
    return {} if assign is None else {"Assign": dict(assign)}


def _output(output: Json) -> dict[str, Json]:
    return {} if output is None else {"Output": output}


def _next(target: str | None) -> dict[str, Json]:
    return {"End": True} if target is None else {"Next": target}
