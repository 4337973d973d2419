"""Actions on tags of state machines."""

from __future__ import annotations

from infra.local.stepfunctions.context import Context, Request, Response, required
from infra.local.stepfunctions.errors import ApiError


def tag_resource(context: Context, request: Request) -> Response:
    arn = _existing(context, request)
    added = {tag["key"]: tag.get("value", "") for tag in required(request, "tags")}
    context.registry.put("tags", arn, {**context.registry.tags.get(arn, {}), **added})
    return {}


def untag_resource(context: Context, request: Request) -> Response:
    arn = _existing(context, request)
    gone = set(required(request, "tagKeys"))
    kept = {key: value for key, value in context.registry.tags.get(arn, {}).items() if key not in gone}
    context.registry.put("tags", arn, kept)
    return {}


def list_tags_for_resource(context: Context, request: Request) -> Response:
    tags = context.registry.tags.get(_existing(context, request), {})
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def _existing(context: Context, request: Request) -> str:
    arn: str = required(request, "resourceArn")
    if arn not in context.registry.machines:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)
    return arn
