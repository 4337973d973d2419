"""Actions on executions: start, stop, describe, list, redrive, history."""

from __future__ import annotations

import json
from typing import Any, Final

from infra.local.engine import Execution
from infra.local.engine.json_values import PAYLOAD_LIMIT, dumps, too_large
from infra.local.stepfunctions.context import Context, Request, Response, page, present, required, seconds
from infra.local.stepfunctions.errors import ApiError, check_lengths, validation
from infra.local.stepfunctions.registry import check_name

NAME_IS_FREE_AFTER: Final = 90 * 86_400
REDRIVABLE_FOR: Final = 14 * 86_400
OVER: Final = ("FAILED", "ABORTED", "TIMED_OUT")
DATA_FIELDS: Final = ("input", "output", "parameters", "assignedVariables", "cause", "error")


def start_execution(context: Context, request: Request) -> Response:
    """Idempotent while an execution of this name and input runs; otherwise ExecutionAlreadyExists."""
    given = request.get("input") or "{}"
    machine_arn, definition, role_arn, notes = _resolve(context, required(request, "stateMachineArn"))
    name = check_name(request.get("name") or context.engine.new_id())
    arn = context.arn("execution", f"{machine_arn.rsplit(':', 1)[1]}:{name}")
    value = _input(given)
    known = context.registry.executions.get(arn)
    if known is not None and not _free(context, known):
        if known.status == "RUNNING" and known.notes["input"] == given:
            return {"executionArn": arn, "startDate": seconds(known.started)}
        raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    if request.get("traceHeader"):
        notes["traceHeader"] = request["traceHeader"]
    execution = context.engine.new(json.loads(definition), value, arn=arn, machine_arn=machine_arn, role_arn=role_arn)
    execution.notes.update(notes, input=given)
    context.registry.put("executions", arn, execution)
    execution.start()
    return {"executionArn": arn, "startDate": seconds(execution.started)}


async def start_sync_execution(context: Context, request: Request) -> Response:
    machine_arn, _, _, notes = _resolve(context, required(request, "stateMachineArn"))
    if notes["type"] != "EXPRESS":
        raise ApiError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    started = start_execution(context, request)
    execution = context.registry.execution(started["executionArn"])
    await execution.wait()
    return present(
        executionArn=execution.arn,
        stateMachineArn=machine_arn,
        name=execution.name,
        startDate=seconds(execution.started),
        stopDate=seconds(execution.stopped or execution.started),
        status=execution.status,
        error=execution.error,
        cause=execution.cause,
        input=execution.notes["input"],
        inputDetails={"included": True},
        output=dumps(execution.output) if execution.status == "SUCCEEDED" else None,
        outputDetails={"included": True},
        billingDetails={"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100},
    )


def stop_execution(context: Context, request: Request) -> Response:
    execution = context.registry.execution(required(request, "executionArn"))
    check_lengths(request)
    execution.stop(request.get("error"), request.get("cause"))
    return {"stopDate": seconds(execution.stopped or context.engine.clock.now())}


def describe_execution(context: Context, request: Request) -> Response:
    execution = context.registry.execution(required(request, "executionArn"))
    succeeded = execution.status == "SUCCEEDED"
    reason = _why_not_redrivable(context, execution)
    return present(
        executionArn=execution.arn,
        stateMachineArn=execution.machine_arn,
        stateMachineVersionArn=execution.notes.get("version"),
        stateMachineAliasArn=execution.notes.get("alias"),
        name=execution.name,
        status=execution.status,
        startDate=seconds(execution.started),
        stopDate=seconds(execution.stopped) if execution.stopped else None,
        input=execution.notes.get("input") or dumps(execution.input),
        inputDetails={"included": True},
        output=dumps(execution.output) if succeeded else None,
        outputDetails={"included": True} if succeeded else None,
        error=execution.error,
        cause=execution.cause,
        mapRunArn=execution.map_run_arn,
        traceHeader=execution.notes.get("traceHeader"),
        redriveCount=execution.redrive_count,
        redriveDate=seconds(execution.redriven) if execution.redriven else None,
        redriveStatus="NOT_REDRIVABLE" if reason else "REDRIVABLE",
        redriveStatusReason=reason,
    )


def list_executions(context: Context, request: Request) -> Response:
    """Newest first; of one state machine (or version or alias of it) or of one map run."""
    status, redriven = request.get("statusFilter"), request.get("redriveFilter")
    found = [
        execution
        for execution in reversed(context.registry.executions.values())
        if _listed(context, execution, request)
        and (status is None or execution.status == status)
        and (redriven is None or (redriven == "REDRIVEN") == (execution.redrive_count > 0))
    ]
    found.sort(key=lambda execution: execution.started, reverse=True)
    executions, more = page(found, request)
    return {"executions": [_summary(context, execution) for execution in executions], **more}


def redrive_execution(context: Context, request: Request) -> Response:
    execution = context.registry.execution(required(request, "executionArn"))
    reason = _why_not_redrivable(context, execution)
    if reason:
        raise ApiError("ExecutionNotRedrivable", f"Execution is not redrivable: {reason}")
    execution.redrive()
    return {"redriveDate": seconds(execution.redriven or context.engine.clock.now())}


def get_execution_history(context: Context, request: Request) -> Response:
    execution = context.registry.execution(required(request, "executionArn"))
    events = list(reversed(execution.events)) if request.get("reverseOrder") else execution.events
    wanted, more = page(events, request)
    with_data = request.get("includeExecutionData", True)
    return {"events": [_event(event, with_data) for event in wanted], **more}


def _event(event: dict[str, Any], with_data: bool) -> dict[str, Any]:
    written = event | {"timestamp": seconds(event["timestamp"])}
    if not with_data:
        for key, details in event.items():
            if key.endswith("EventDetails"):
                written[key] = {name: value for name, value in details.items() if name not in DATA_FIELDS}
    return written


def _resolve(context: Context, arn: str) -> tuple[str, str, str, dict[str, Any]]:
    """Machine ARN, definition, role and notes for the ARN of a machine, a version or an alias."""
    registry = context.registry
    alias = registry.aliases.get(arn)
    version_arn = arn
    if alias is not None:
        versions, weights = zip(*alias.routes, strict=True)
        version_arn = context.engine.random.choices(versions, weights)[0]
    version = registry.versions.get(version_arn)
    machine = registry.machine(version.machine_arn if version else arn)
    notes = present(type=machine.type, version=version and version.arn, alias=alias and alias.arn)
    if version is not None:
        return machine.arn, version.definition, version.role_arn, notes
    return machine.arn, machine.definition, machine.role_arn, notes


def _input(text: str) -> Any:
    if too_large(text):
        raise ApiError("InvalidExecutionInput", f"Input exceeds the maximum of {PAYLOAD_LIMIT} bytes")
    try:
        return json.loads(text)
    except ValueError as error:
        raise ApiError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from error


def _free(context: Context, known: Execution) -> bool:
    """Whether the name of an execution that is long over can be used again."""
    if known.stopped is None:
        return False
    gone = (context.engine.clock.now() - known.stopped).total_seconds()
    return bool(gone > NAME_IS_FREE_AFTER)


def _listed(context: Context, execution: Execution, request: Request) -> bool:
    map_run = request.get("mapRunArn")
    if map_run:
        context.registry.map_run(map_run)
        return bool(execution.map_run_arn == map_run)
    arn = request.get("stateMachineArn")
    if not arn:
        raise validation("Either the stateMachineArn or the mapRunArn is required")
    if execution.map_run_arn is not None:
        return False
    return bool(arn in (execution.machine_arn, execution.notes.get("version"), execution.notes.get("alias")))


def _summary(context: Context, execution: Execution) -> Response:
    map_run = context.registry.map_runs.get(execution.map_run_arn or "")
    return present(
        executionArn=execution.arn,
        stateMachineArn=execution.machine_arn,
        name=execution.name,
        status=execution.status,
        startDate=seconds(execution.started),
        stopDate=seconds(execution.stopped) if execution.stopped else None,
        mapRunArn=execution.map_run_arn,
        itemCount=map_run.items[map_run.children.index(execution)] if map_run and map_run.children else None,
        stateMachineVersionArn=execution.notes.get("version"),
        stateMachineAliasArn=execution.notes.get("alias"),
        redriveCount=execution.redrive_count,
        redriveDate=seconds(execution.redriven) if execution.redriven else None,
    )


def _why_not_redrivable(context: Context, execution: Execution) -> str | None:
    if execution.status not in OVER:
        return f"Execution is {execution.status} and cannot be redriven."
    if execution.map_run_arn is not None:
        return "The execution belongs to a Map Run: redrive its parent."
    if execution.notes.get("type") == "EXPRESS":
        return "Execution is of an EXPRESS state machine."
    ended = execution.stopped or execution.started
    if (context.engine.clock.now() - ended).total_seconds() > REDRIVABLE_FOR:
        return "The redrivable period of the execution is over."
    if len(execution.events) >= context.engine.limits.events - 1:
        return "Execution history event limit exceeded."
    return None
