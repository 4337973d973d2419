"""Actions that answer task tokens."""

from __future__ import annotations

from infra.local.engine import CallbackError
from infra.local.stepfunctions.context import Context, Request, Response, required
from infra.local.stepfunctions.errors import ApiError, check_lengths


def send_task_success(context: Context, request: Request) -> Response:
    token, output = required(request, "taskToken"), required(request, "output")
    try:
        return context.engine.callbacks.send_task_success(taskToken=token, output=output)
    except CallbackError as error:
        raise _api_error(error) from error


def send_task_failure(context: Context, request: Request) -> Response:
    token = required(request, "taskToken")
    check_lengths(request)
    try:
        return context.engine.callbacks.send_task_failure(
            taskToken=token, error=request.get("error") or "", cause=request.get("cause") or ""
        )
    except CallbackError as error:
        raise _api_error(error) from error


def send_task_heartbeat(context: Context, request: Request) -> Response:
    try:
        return context.engine.callbacks.send_task_heartbeat(taskToken=required(request, "taskToken"))
    except CallbackError as error:
        raise _api_error(error) from error


def _api_error(error: CallbackError) -> ApiError:
    return ApiError(error.response["Error"]["Code"], error.response["Error"]["Message"])
