"""Actions on state machines and their versions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from infra.local.engine.validation import problems
from infra.local.stepfunctions.context import Context, Request, Response, page, present, required
from infra.local.stepfunctions.errors import ApiError, validation
from infra.local.stepfunctions.registry import Machine, Version, check_name

CONFIGURATION = ("loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


def create_state_machine(context: Context, request: Request) -> Response:
    name = check_name(required(request, "name"))
    definition = _valid(required(request, "definition"))
    kind = request.get("type") or "STANDARD"
    if kind not in ("STANDARD", "EXPRESS"):
        raise validation(f"1 validation error detected: Value '{kind}' at 'type' must be STANDARD or EXPRESS")
    arn = context.arn("stateMachine", name)
    known = context.registry.machines.get(arn)
    if known is not None:
        # Idempotent for the same definition and configuration; role and tags don't count.
        same = known.definition == definition and known.type == kind and known.configuration == _configuration(request)
        if not same:
            raise ApiError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
        return {"stateMachineArn": arn, "creationDate": known.created}
    now = context.now()
    machine = Machine(
        arn=arn,
        name=name,
        type=kind,
        definition=definition,
        role_arn=required(request, "roleArn"),
        created=now,
        updated=now,
        revision=context.engine.new_id(),
        configuration=_configuration(request),
    )
    context.registry.put("machines", arn, machine)
    if request.get("tags"):
        context.registry.put("tags", arn, {tag["key"]: tag.get("value", "") for tag in request["tags"]})
    version = _publish(context, machine, request.get("versionDescription")) if request.get("publish") else None
    return present(stateMachineArn=arn, creationDate=now, stateMachineVersionArn=version and version.arn)


def update_state_machine(context: Context, request: Request) -> Response:
    machine = context.registry.machine(required(request, "stateMachineArn"))
    if not any(request.get(name) is not None for name in ("definition", "roleArn", *CONFIGURATION)):
        raise ApiError("MissingRequiredParameter", "A definition, a role ARN or a configuration is required")
    definition = _valid(request["definition"]) if request.get("definition") else machine.definition
    role_arn = request.get("roleArn") or machine.role_arn
    changed = (definition, role_arn) != (machine.definition, machine.role_arn)
    machine = replace(
        machine,
        definition=definition,
        role_arn=role_arn,
        updated=context.now(),
        revision=context.engine.new_id() if changed else machine.revision,
        configuration={**machine.configuration, **_configuration(request)},
    )
    context.registry.put("machines", machine.arn, machine)
    version = _publish(context, machine, request.get("versionDescription")) if request.get("publish") else None
    return present(
        updateDate=machine.updated, revisionId=machine.revision, stateMachineVersionArn=version and version.arn
    )


def delete_state_machine(context: Context, request: Request) -> Response:
    """Deleting what does not exist succeeds. Executions stay readable, and running ones go on."""
    registry = context.registry
    arn = required(request, "stateMachineArn")
    for table in ("versions", "aliases"):
        for key, value in list(getattr(registry, table).items()):
            if value.machine_arn == arn:
                registry.drop(table, key)
    registry.drop("machines", arn)
    registry.drop("tags", arn)
    return {}


def describe_state_machine(context: Context, request: Request) -> Response:
    arn = required(request, "stateMachineArn")
    version = context.registry.versions.get(arn)
    machine = context.registry.machine(version.machine_arn if version else arn)
    return present(
        stateMachineArn=arn,
        name=machine.name,
        status="ACTIVE",
        definition=version.definition if version else machine.definition,
        roleArn=version.role_arn if version else machine.role_arn,
        type=machine.type,
        creationDate=version.created if version else machine.created,
        revisionId=version.revision if version else machine.revision,
        description=version.description if version else None,
        **{"loggingConfiguration": {"level": "OFF", "includeExecutionData": False}, **machine.configuration},
    )


def describe_state_machine_for_execution(context: Context, request: Request) -> Response:
    execution = context.registry.execution(required(request, "executionArn"))
    name = execution.machine_arn.split(":", 6)[6]
    return present(
        stateMachineArn=execution.machine_arn,
        name=name.split("/")[0],
        label=name.split("/")[1] if "/" in name else None,
        mapRunArn=execution.map_run_arn,
        definition=json.dumps(execution.definition),
        roleArn=execution.role_arn,
        updateDate=execution.started.timestamp(),
    )


def list_state_machines(context: Context, request: Request) -> Response:
    machines, more = page(sorted(context.registry.machines.values(), key=lambda machine: machine.name), request)
    listed = [
        {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "type": machine.type,
            "creationDate": machine.created,
        }
        for machine in machines
    ]
    return {"stateMachines": listed, **more}


def validate_state_machine_definition(_: Context, request: Request) -> Response:
    """`result` is OK or FAIL; at most `maxResults` diagnostics (100 if not said)."""
    found = problems(required(request, "definition"))
    most = request.get("maxResults") or 100
    diagnostics = [
        {"severity": "ERROR", "code": item.code, "message": item.message, "location": item.location}
        for item in found[:most]
    ]
    return {"result": "FAIL" if found else "OK", "diagnostics": diagnostics, "truncated": len(found) > most}


def publish_state_machine_version(context: Context, request: Request) -> Response:
    machine = context.registry.machine(required(request, "stateMachineArn"))
    wanted = request.get("revisionId")
    if wanted is not None and wanted != machine.revision:
        raise ApiError("ConflictException", f"The revision '{wanted}' is not the current one of '{machine.arn}'")
    version = _publish(context, machine, request.get("description"))
    return {"creationDate": version.created, "stateMachineVersionArn": version.arn}


def delete_state_machine_version(context: Context, request: Request) -> Response:
    arn = required(request, "stateMachineVersionArn")
    users = [alias.name for alias in context.registry.aliases.values() if arn in dict(alias.routes)]
    if users:
        raise ApiError("ConflictException", f"Version to be deleted is referenced by aliases: {', '.join(users)}")
    context.registry.drop("versions", arn)
    return {}


def list_state_machine_versions(context: Context, request: Request) -> Response:
    machine = context.registry.machine(required(request, "stateMachineArn"))
    mine = [version for version in context.registry.versions.values() if version.machine_arn == machine.arn]
    versions, more = page(sorted(mine, key=lambda version: -int(version.arn.rsplit(":", 1)[1])), request)
    listed = [{"stateMachineVersionArn": version.arn, "creationDate": version.created} for version in versions]
    return {"stateMachineVersions": listed, **more}


def _publish(context: Context, machine: Machine, description: str | None) -> Version:
    """A new version, or the latest one if nothing changed since."""
    latest = context.registry.versions.get(f"{machine.arn}:{machine.versions}")
    if latest is not None and latest.revision == machine.revision:
        return latest
    number = machine.versions + 1
    version = Version(
        arn=f"{machine.arn}:{number}",
        machine_arn=machine.arn,
        definition=machine.definition,
        role_arn=machine.role_arn,
        revision=machine.revision,
        created=context.now(),
        description=description,
    )
    context.registry.put("versions", version.arn, version)
    context.registry.put("machines", machine.arn, replace(machine, versions=number))
    return version


def _valid(definition: str) -> str:
    found = problems(definition)
    if found:
        shown = ", ".join(str(problem) for problem in found[:20])
        raise ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{shown}'")
    return definition


def _configuration(request: Request) -> dict[str, Any]:
    return {name: request[name] for name in CONFIGURATION if request.get(name) is not None}
