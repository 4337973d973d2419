"""Step Functions' service integrations on boto3: what a Task's Resource does, against whatever endpoint is configured.

    arn:aws:states:::aws-sdk:<service>:<action>     any action of any service         `sdk`
    arn:aws:states:::<service>:<action>             the optimized ones                `sdk`, with their own error names
    arn:aws:states:::<service>:<action>.sync        ... that wait for a job           `jobs`
    arn:aws:states:::lambda:invoke, function ARNs   Lambda functions                  `functions`
    arn:aws:states:::http:invoke                    HTTP requests                     `http`, if there are connections

    AwsIntegrations(boto3.client)                           every service through one endpoint
    AwsIntegrations(client, functions=mine, threads=0)      own functions; calls made inline (fakes, moto)

Nested executions are not here: `infra.local.stepfunctions.nested` answers them.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local.engine import TaskCall
from infra.local.engine.json_values import Json
from infra.local.integrations import http
from infra.local.integrations.functions import BotoFunctions, Functions, invoke
from infra.local.integrations.http import Connections
from infra.local.integrations.jobs import JOBS, run_job
from infra.local.integrations.sdk import OPTIMIZED_PREFIXES, call_service, refuse, sdk_prefix

__all__ = ["AwsIntegrations", "Functions"]


class AwsIntegrations:
    """See `infra.local.engine.Integrations`. client: makes a boto3 client for a service's name, once per service."""

    def __init__(
        self,
        client: Callable[[str], Any],
        *,
        functions: Functions | None = None,
        connections: Connections | None = None,
        threads: int = 64,
    ) -> None:
        """connections: EventBridge's, whose credentials its API does not tell. threads: how many calls may block at
        once; 0 makes them on the loop's own thread."""
        self._connections = connections
        self._client = functools.cache(client)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="aws") if threads else None
        self._functions = functions or BotoFunctions(self._client, self._blocking)

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        parts = resource.split(":")
        if parts[2] == "lambda":
            return await self._functions.invoke(resource, arguments, call)
        if parts[5] == "aws-sdk":
            return await self._service(sdk_prefix(parts[6]), parts[6], parts[7], arguments)
        service, action = parts[5], parts[6]
        if (service, action) == ("lambda", "invoke"):
            return await invoke(self._functions, arguments, call)
        if (service, action) == ("http", "invoke") and self._connections is not None:
            return await self._blocking(functools.partial(http.invoke, self._connections, arguments))
        if action.endswith((".sync", ".sync:2")):
            name = action.partition(".")[0]
            if (service, name) not in JOBS:
                raise refuse(resource)
            return await run_job(
                JOBS[service, name], functools.partial(self._optimized, service), name, arguments, call
            )
        if service not in OPTIMIZED_PREFIXES:
            raise refuse(resource)
        return await self._optimized(service, action, arguments)

    async def _optimized(self, service: str, action: str, arguments: Json) -> Json:
        return await self._service(OPTIMIZED_PREFIXES[service], service, action, arguments)

    async def _service(self, prefix: str, service: str, action: str, arguments: Json) -> Json:
        return await self._blocking(lambda: call_service(self._client, prefix, service, action, arguments))

    async def _blocking(self, work: Callable[[], Any]) -> Any:
        if self._pool is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
