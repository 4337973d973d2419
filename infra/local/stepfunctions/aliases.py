"""Actions on aliases of state machine versions."""

from __future__ import annotations

from dataclasses import replace

from infra.local.stepfunctions.context import Context, Request, Response, page, present, required
from infra.local.stepfunctions.errors import ApiError, validation
from infra.local.stepfunctions.registry import Alias, check_name


def create_state_machine_alias(context: Context, request: Request) -> Response:
    name = check_name(required(request, "name"))
    routes = _routes(context, request)
    machine_arn = context.registry.versions[routes[0][0]].machine_arn
    arn = f"{machine_arn}:{name}"
    now = context.now()
    alias = Alias(arn, machine_arn, name, routes, now, now, request.get("description"))
    known = context.registry.aliases.get(arn)
    if known is not None:
        if (known.routes, known.description) != (alias.routes, alias.description):
            raise ApiError("ConflictException", f"The alias '{arn}' exists with another configuration")
        return {"stateMachineAliasArn": arn, "creationDate": known.created}
    context.registry.put("aliases", arn, alias)
    return {"stateMachineAliasArn": arn, "creationDate": now}


def update_state_machine_alias(context: Context, request: Request) -> Response:
    alias = _alias(context, request)
    routes = _routes(context, request) if request.get("routingConfiguration") else alias.routes
    alias = replace(
        alias, routes=routes, updated=context.now(), description=request.get("description", alias.description)
    )
    context.registry.put("aliases", alias.arn, alias)
    return {"updateDate": alias.updated}


def describe_state_machine_alias(context: Context, request: Request) -> Response:
    alias = _alias(context, request)
    return present(
        stateMachineAliasArn=alias.arn,
        name=alias.name,
        description=alias.description,
        routingConfiguration=[{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in alias.routes],
        creationDate=alias.created,
        updateDate=alias.updated,
    )


def delete_state_machine_alias(context: Context, request: Request) -> Response:
    context.registry.drop("aliases", _alias(context, request).arn)
    return {}


def list_state_machine_aliases(context: Context, request: Request) -> Response:
    arn = required(request, "stateMachineArn")
    version = context.registry.versions.get(arn)
    machine = context.registry.machine(version.machine_arn if version else arn)
    mine = [
        alias
        for alias in context.registry.aliases.values()
        if alias.machine_arn == machine.arn and (version is None or arn in dict(alias.routes))
    ]
    aliases, more = page(sorted(mine, key=lambda alias: alias.name), request)
    listed = [{"stateMachineAliasArn": alias.arn, "creationDate": alias.created} for alias in aliases]
    return {"stateMachineAliases": listed, **more}


def _alias(context: Context, request: Request) -> Alias:
    arn = required(request, "stateMachineAliasArn")
    if arn not in context.registry.aliases:
        raise ApiError(
            "ResourceNotFound", f"Request references a resource that does not exist: '{arn}'", resourceName=arn
        )
    return context.registry.aliases[arn]


def _routes(context: Context, request: Request) -> tuple[tuple[str, int], ...]:
    routes = tuple(
        (route["stateMachineVersionArn"], int(route["weight"])) for route in required(request, "routingConfiguration")
    )
    if not 1 <= len(routes) <= 2 or sum(weight for _, weight in routes) != 100:
        raise validation("An alias routes to one or two versions whose weights add up to 100")
    for arn, _ in routes:
        if arn not in context.registry.versions:
            raise ApiError("ResourceNotFound", f"Version does not exist: '{arn}'", resourceName=arn)
    if len({context.registry.versions[arn].machine_arn for arn, _ in routes}) > 1:
        raise validation("The versions of an alias must belong to the same state machine")
    return routes
