"""Native integrations of an in-process run: real AWS, whatever endpoint or profile is configured, when first needed.

The machine's clock is virtual there and AWS's is not. So nothing virtual passes while AWS works: a `.sync` job is
polled in real time, and a state that asks again and again (a native sensor) asks at most twice a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from dag_translator.operators.kubernetes import CALL, RUN_JOB
from infra.cli.inprocess import CONTAINER_CLUSTER
from infra.local.engine import Integrations, TaskCall, TaskFailed

Json = Any


class RealTimeCall(TaskCall):
    """A call whose pauses are real."""

    async def sleep(self, seconds: float) -> None:
        """Blocks: the virtual clock stands still meanwhile."""
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, seconds)


def aws() -> Integrations:
    """The engine's AWS integrations on boto3, with the environment's credentials, region and endpoint."""
    import boto3

    from infra.local.integrations import AwsIntegrations

    return AwsIntegrations(boto3.client)


@dataclass(slots=True)
class AwsServices:
    """The integrations that `make` gives, made (and boto3 imported) at the first call. pause: seconds between polls."""

    make: Callable[[], Integrations] = aws
    pause: float = 0.5
    _made: Integrations | None = None
    _asked: dict[str, float] = field(default_factory=dict)

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        """See `Integrations`."""
        if isinstance(arguments, dict) and arguments.get("Cluster") == CONTAINER_CLUSTER:
            what = "a container of an image needs ECS: deploy the DAG, or try it with `airstep dags simulate`"
            raise TaskFailed("Airstep.NoService", f"{call.state_name}: {what}")
        if resource in (RUN_JOB, CALL):
            what = "Kubernetes is only called from AWS: deploy the DAG, or try it with `airstep dags simulate`"
            raise TaskFailed("Airstep.NoService", f"{call.state_name}: {what}")
        if self._made is None:
            self._made = self.make()
        real = RealTimeCall(**{each.name: getattr(call, each.name) for each in fields(call)})
        pause = self._asked.get(call.state_name, -self.pause) + self.pause - time.monotonic()
        if pause > 0:
            await real.sleep(pause)
        self._asked[call.state_name] = time.monotonic()
        return await self._made.call(resource, arguments, real)
