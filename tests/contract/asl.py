"""Small words to write machines with."""

from __future__ import annotations

from typing import Any

Json = Any
State = dict[str, Any]

INVOKE = "arn:aws:states:::lambda:invoke"
DISTRIBUTED: State = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


def machine(states: State, **more: Json) -> State:
    """A JSONata machine that starts at the first of its states."""
    return {"QueryLanguage": "JSONata", **branch(states), **more}


def branch(states: State) -> State:
    return {"StartAt": next(iter(states)), "States": states}


def pass_(output: Json = ..., **more: Json) -> State:
    """A Pass; it ends its branch unless `Next` says otherwise."""
    given = {} if output is ... else {"Output": output}
    return {"Type": "Pass", **given, **end_of(more), **more}


def wait(seconds: Json, **more: Json) -> State:
    return {"Type": "Wait", "Seconds": seconds, **end_of(more), **more}


def task(resource: str, arguments: Json, **more: Json) -> State:
    """A Task on an integration, named without `arn:aws:states:::`."""
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, **end_of(more), **more}


def parallel(*branches: State, **more: Json) -> State:
    return {"Type": "Parallel", "Branches": list(branches), **end_of(more), **more}


def map_(items: Json, processor: State, **more: Json) -> State:
    given = {} if items is ... else {"Items": items}
    return {"Type": "Map", **given, "ItemProcessor": processor, **end_of(more), **more}


def choice(condition: str, then: str, default: str | None = None, **more: Json) -> State:
    """A Choice with one rule."""
    last = {} if default is None else {"Default": default}
    return {"Type": "Choice", "Choices": [{"Condition": condition, "Next": then}], **last, **more}


def fail(error: str, cause: str = "") -> State:
    return {"Type": "Fail", "Error": error, "Cause": cause} if cause else {"Type": "Fail", "Error": error}


def catch(error: str, then: str, **more: Json) -> list[State]:
    return [{"ErrorEquals": [error], "Next": then, **more}]


def end_of(more: State) -> State:
    return {} if "Next" in more else {"End": True}
