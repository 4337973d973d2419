"""Lets our own code provide CloudFormation resource types, on worker threads.

Invariant: ministack's CloudFormation is imported when it is first asked for something, because it imports every other
service, which takes seconds; `prepare` runs exactly once, before the first request is served.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from infra.local.ministack import internals
from infra.local.ministack.gateway import Answer, Gateway, Handler


class ResourceProvider(Protocol):
    """Creates, updates and deletes one CloudFormation resource type.

    `create` and `update` answer (physical id, attributes for Fn::GetAtt); an update that answers another physical id
    is a replacement, and CloudFormation deletes the old one afterwards. Any exception fails the resource.
    """

    def create(self, logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]: ...

    def update(
        self, physical_id: str, old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str
    ) -> tuple[str, dict[str, Any]]: ...

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None: ...


def provide_resources(gateway: Gateway, providers: Mapping[str, ResourceProvider], prepare: Callable[[], None]) -> None:
    """Let `providers` serve their resource types; `prepare` is called when CloudFormation has been imported."""

    def make(original: Handler) -> Handler:
        ready = False

        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Answer:
            nonlocal ready
            if not ready:
                _install(providers)
                prepare()
                ready = True
            return await original(method, path, headers, body, query)

        return handle

    gateway.replace_handler("cloudformation", make)


def _install(providers: Mapping[str, ResourceProvider]) -> None:
    stacks: Any = internals.module("services.cloudformation.stacks")
    provisioners: Any = internals.module("services.cloudformation.provisioners")
    for resource_type, provider in providers.items():
        provisioners._RESOURCE_HANDLERS[resource_type] = {
            "create": provider.create,
            "update": provider.update,
            "update_with_logical_id": True,
            "delete": provider.delete,
        }
    original = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name in providers or original(name)


def physical_name(stack: str, logical_id: str, max_length: int) -> str:
    """The name CloudFormation gives to a resource that has none of its own."""
    provisioners: Any = internals.module("services.cloudformation.provisioners")
    name: str = provisioners._physical_name(stack, logical_id, max_len=max_length)
    return name
