"""CloudFormation resource types that our own services stand behind, provided through their public API.

Invariant: a template's properties become exactly one create, update or delete request each; nothing that the template
says is dropped. Called on worker threads.
"""

import json
from collections.abc import Callable, Container, Mapping
from typing import Any

from infra.local.clients import Clients
from infra.local.ministack.gateway import Scope
from infra.local.ministack.resources import ResourceProvider

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]
NameFor = Callable[[str, str, int], str]


class Base:
    """What the providers share: clients of the account and region that the stack is deployed to.

    `interrupted`: stacks whose last operation ended with the server. What they had made by then is not in their
    records, so their next operation takes over what it finds under its names.
    """

    service = ""

    def __init__(
        self, clients: Clients, scope: Callable[[], Scope], name_for: NameFor, interrupted: Container[str]
    ) -> None:
        self._clients = clients
        self._scope = scope
        self._name_for = name_for
        self.interrupted = interrupted

    def client(self, service: str = "") -> Any:
        scope = self._scope()
        return self._clients.get(service or self.service, scope.account, scope.region)


class ScheduleProvider(Base):
    """AWS::Scheduler::Schedule; its physical id is its name."""

    service = "scheduler"

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        name = properties.get("Name") or self._name_for(stack, logical_id, 64)
        client = self.client()
        request = _schedule_request(properties)
        try:
            answer = client.create_schedule(Name=name, **request)
        except client.exceptions.ConflictException:
            if stack not in self.interrupted:
                raise
            answer = client.update_schedule(Name=name, **request)
        return name, {"Arn": answer["ScheduleArn"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        if any(old.get(name) != new.get(name) for name in ("Name", "GroupName")):
            return self.create(logical_id, new, stack)
        answer = self.client().update_schedule(Name=physical_id, **_schedule_request(new))
        return physical_id, {"Arn": answer["ScheduleArn"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        client = self.client()
        try:
            client.delete_schedule(Name=physical_id, GroupName=properties.get("GroupName") or "default")
        except client.exceptions.ResourceNotFoundException:
            return  # it had asked to be deleted after completion


class ScheduleGroupProvider(Base):
    """AWS::Scheduler::ScheduleGroup; its physical id is its name."""

    service = "scheduler"

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        name = properties.get("Name") or self._name_for(stack, logical_id, 64)
        client = self.client()
        try:
            client.create_schedule_group(Name=name, Tags=properties.get("Tags") or [])
        except client.exceptions.ConflictException:
            if stack not in self.interrupted:
                raise
        return name, self._attributes(name)

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        if old.get("Name") != new.get("Name"):
            return self.create(logical_id, new, stack)
        attributes = self._attributes(physical_id)
        _retag(
            old,
            new,
            lambda keys: self.client().untag_resource(ResourceArn=attributes["Arn"], TagKeys=keys),
            lambda tags: self.client().tag_resource(ResourceArn=attributes["Arn"], Tags=tags),
        )
        return physical_id, attributes

    def delete(self, physical_id: str, properties: Properties) -> None:
        del properties
        self.client().delete_schedule_group(Name=physical_id)

    def _attributes(self, name: str) -> dict[str, Any]:
        group = self.client().get_schedule_group(Name=name)
        return {"Arn": group["Arn"], "State": group["State"]}


class StateMachineProvider(Base):
    """AWS::StepFunctions::StateMachine; its physical id is its ARN."""

    service = "stepfunctions"

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        name = properties.get("StateMachineName") or self._name_for(stack, logical_id, 80)
        client = self.client()
        configuration = self._configuration(properties)
        kind = properties.get("StateMachineType") or "STANDARD"
        tags = _lower(properties.get("Tags") or [])
        try:
            arn = client.create_state_machine(name=name, type=kind, tags=tags, **configuration)["stateMachineArn"]
        except client.exceptions.StateMachineAlreadyExists:
            if stack not in self.interrupted:
                raise
            scope = self._scope()
            arn = f"arn:aws:states:{scope.region}:{scope.account}:stateMachine:{name}"
            client.update_state_machine(stateMachineArn=arn, **configuration)
        return arn, self._attributes(arn)

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        if any(old.get(name) != new.get(name) for name in ("StateMachineName", "StateMachineType")):
            return self.create(logical_id, new, stack)
        client = self.client()
        client.update_state_machine(stateMachineArn=physical_id, **self._configuration(new))
        _retag(
            old,
            new,
            lambda keys: client.untag_resource(resourceArn=physical_id, tagKeys=keys),
            lambda tags: client.tag_resource(resourceArn=physical_id, tags=_lower(tags)),
        )
        return physical_id, self._attributes(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        del properties
        self.client().delete_state_machine(stateMachineArn=physical_id)

    def _configuration(self, properties: Properties) -> Properties:
        request: Properties = {"definition": self._definition(properties), "roleArn": properties["RoleArn"]}
        for name, field in (
            ("LoggingConfiguration", "loggingConfiguration"),
            ("TracingConfiguration", "tracingConfiguration"),
            ("EncryptionConfiguration", "encryptionConfiguration"),
        ):
            if name in properties:
                request[field] = _lower(properties[name])
        return request

    def _definition(self, properties: Properties) -> str:
        if location := properties.get("DefinitionS3Location"):
            version = {"VersionId": location["Version"]} if location.get("Version") else {}
            found = self.client("s3").get_object(Bucket=location["Bucket"], Key=location["Key"], **version)
            text = found["Body"].read().decode()
        elif "Definition" in properties:
            text = json.dumps(properties["Definition"])
        else:
            text = properties["DefinitionString"]
        for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
            text = text.replace(f"${{{name}}}", str(value))
        return str(text)

    def _attributes(self, arn: str) -> dict[str, Any]:
        machine = self.client().describe_state_machine(stateMachineArn=arn)
        return {"Arn": arn, "Name": machine["name"], "StateMachineRevisionId": machine.get("revisionId", "INITIAL")}


class StateMachineVersionProvider(Base):
    """AWS::StepFunctions::StateMachineVersion; its physical id is its ARN."""

    service = "stepfunctions"

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        del logical_id, stack
        request = {"stateMachineArn": properties["StateMachineArn"]}
        for name, field in (("StateMachineRevisionId", "revisionId"), ("Description", "description")):
            if properties.get(name):
                request[field] = properties[name]
        arn = self.client().publish_state_machine_version(**request)["stateMachineVersionArn"]
        return arn, {"Arn": arn}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        del physical_id, old
        return self.create(logical_id, new, stack)

    def delete(self, physical_id: str, properties: Properties) -> None:
        del properties
        self.client().delete_state_machine_version(stateMachineVersionArn=physical_id)


class StateMachineAliasProvider(Base):
    """AWS::StepFunctions::StateMachineAlias; its physical id is its ARN."""

    service = "stepfunctions"

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        name = properties.get("Name") or self._name_for(stack, logical_id, 80)
        answer = self.client().create_state_machine_alias(name=name, **_alias_request(properties))
        return answer["stateMachineAliasArn"], {"Arn": answer["stateMachineAliasArn"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        if old.get("Name") != new.get("Name"):
            return self.create(logical_id, new, stack)
        self.client().update_state_machine_alias(stateMachineAliasArn=physical_id, **_alias_request(new))
        return physical_id, {"Arn": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        del properties
        self.client().delete_state_machine_alias(stateMachineAliasArn=physical_id)


PROVIDERS: Mapping[str, type[Base]] = {
    "AWS::Scheduler::Schedule": ScheduleProvider,
    "AWS::Scheduler::ScheduleGroup": ScheduleGroupProvider,
    "AWS::StepFunctions::StateMachine": StateMachineProvider,
    "AWS::StepFunctions::StateMachineVersion": StateMachineVersionProvider,
    "AWS::StepFunctions::StateMachineAlias": StateMachineAliasProvider,
}


def providers(
    clients: Clients, scope: Callable[[], Scope], name_for: NameFor, interrupted: Container[str]
) -> dict[str, ResourceProvider]:
    """The providers by resource type."""
    made: dict[str, Any] = {
        name: provider(clients, scope, name_for, interrupted) for name, provider in PROVIDERS.items()
    }
    return made


def _schedule_request(properties: Properties) -> Properties:
    """The template's properties are the API's, but for the types of numbers."""
    request = {name: value for name, value in properties.items() if name != "Name" and value is not None}
    for name in ("StartDate", "EndDate"):
        if name in request:
            request[name] = str(request[name])
    numbers: Properties = _numbers(
        request, ("MaximumWindowInMinutes", "MaximumRetryAttempts", "MaximumEventAgeInSeconds")
    )
    return numbers


def _numbers(value: Any, names: tuple[str, ...]) -> Any:
    """Templates carry numbers as strings or floats where the API wants integers."""
    if isinstance(value, dict):
        return {key: int(item) if key in names else _numbers(item, names) for key, item in value.items()}
    return value


def _alias_request(properties: Properties) -> Properties:
    routing = properties.get("RoutingConfiguration")
    if not routing:
        # A gradual deployment ends with all traffic on the new version; locally it ends at once.
        preference = properties["DeploymentPreference"]
        routing = [{"StateMachineVersionArn": preference["StateMachineVersionArn"], "Weight": 100}]
    routes = [{"stateMachineVersionArn": r["StateMachineVersionArn"], "weight": int(r["Weight"])} for r in routing]
    request: Properties = {"routingConfiguration": routes}
    if properties.get("Description"):
        request["description"] = properties["Description"]
    return request


def _lower(value: Any) -> Any:
    """CloudFormation's names begin with capitals, Step Functions' don't; booleans and numbers may come as text."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lower(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_lower(item) for item in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _retag(
    old: Properties,
    new: Properties,
    untag: Callable[[list[str]], object],
    tag: Callable[[list[dict[str, str]]], object],
) -> None:
    before = {item["Key"]: item["Value"] for item in old.get("Tags") or []}
    after = {item["Key"]: item["Value"] for item in new.get("Tags") or []}
    if dropped := sorted(before.keys() - after.keys()):
        untag(dropped)
    if changed := [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]:
        tag(changed)
