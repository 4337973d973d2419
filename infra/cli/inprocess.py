"""Run a DAG's emitted state machine in this process: the engine on a virtual clock, the Lambdas as plain calls.

The machine that would be deployed decides everything; nothing here knows what a trigger rule is. Its `lambda:invoke`
calls reach the same handlers that AWS runs, on a store in memory, with payloads and answers that make the round trip
through JSON, and exceptions that become Lambda errors. Any other integration goes to `services`. Waits, retry delays
and poke intervals take no real time; what code really takes is added to the virtual clock only if `measured`.

Invariant: one thread; two runs of the same DAG with the same arguments and simulated bodies give the same history.
"""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from asyncio.events import _set_running_loop
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.account import NOTHING_SAID, Account
from dag_translator.names import execution_name
from dag_translator.operators.container import RUN_TASK
from dag_translator.pipeline import Rerun
from infra.cli.run_result import RunResult
from infra.local.engine import Callbacks, TaskCall, TaskFailed, run
from infra.local.engine.clock import Clock
from infra.local.engine.integration import Integrations
from infra.local.stepfunctions.parts import Parts
from lambdas import run_ended, signal_function, task_function
from lambdas.container import run_event
from lambdas.runtime import Runtime, iso
from lambdas.storage.memory_store import MemoryStore
from lambdas.waiting import slots

INVOKE = "arn:aws:states:::lambda:invoke"
TASK_FUNCTION, SIGNAL_FUNCTION = "TaskFunction", "SignalFunction"
CONTAINER, CONTAINER_CLUSTER = "Container", "in-process"
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:{}:1"

Json = Any
Handler = Callable[[Mapping[str, Any], "Invocation"], Json]


class Unavailable:
    """Services that nobody provided: a native task fails, saying so."""

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:  # noqa: ARG002
        raise TaskFailed("Airstep.NoService", f"{call.state_name}: nothing here carries out {resource}")


@dataclass(slots=True)
class Invocation:
    """One call of a Lambda function. spent: virtual seconds that simulated code took; measured: count real ones too."""

    clock: Clock
    request_id: str
    measured: bool = False
    spent: float = 0.0
    entered: float = field(default_factory=time.perf_counter)

    def spend(self, seconds: float) -> None:
        """Simulated code takes this long."""
        self.spent += seconds

    @property
    def seconds(self) -> float:
        return self.spent + (time.perf_counter() - self.entered if self.measured else 0.0)

    def now(self) -> datetime:
        """The machine's time at this point of the invocation."""
        return self.clock.now() + timedelta(seconds=self.seconds)


@dataclass(slots=True)
class Meter:
    """What a run's invocations used, and the one that runs now (there is never more than one)."""

    invocations: int = 0
    seconds: float = 0.0
    current: Invocation | None = None

    def spend(self, seconds: float) -> None:
        """The code that runs now takes this long."""
        if self.current is not None:
            self.current.spend(seconds)


@dataclass(slots=True)
class Lambdas:
    """The engine's integrations: Lambda functions by name, everything else to `services`."""

    functions: Mapping[str, Handler]
    services: Integrations
    meter: Meter
    measured: bool = False
    containers: Collection[str] = ()  # task definitions of those that run Python

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        """See `Integrations`."""
        handler = self.functions.get(_function_name(arguments["FunctionName"])) if resource == INVOKE else None
        if resource == RUN_TASK and arguments.get("TaskDefinition") in self.containers:
            return await self._container(arguments, call)
        if handler is None:  # a service, or somebody else's function
            return await self.services.call(resource, arguments, call)
        self.meter.invocations += 1
        invocation = Invocation(call.clock, f"invocation-{self.meter.invocations}", self.measured)
        self.meter.current = invocation
        try:
            with _no_loop_around():
                payload = _round_trip(handler(_round_trip(arguments.get("Payload")), invocation))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            await self._pass_time(invocation, call)
            raise lambda_error(error) from error
        await self._pass_time(invocation, call)
        return {"ExecutedVersion": "1", "Payload": payload, "StatusCode": 200}

    async def _container(self, arguments: Json, call: TaskCall) -> Json:
        """A task's container: the same code, in this process; `CONTAINER` stands for ECS."""
        (override,) = arguments["Overrides"]["ContainerOverrides"]
        event = json.loads(override["Environment"][0]["Value"])
        self.meter.invocations += 1
        invocation = Invocation(call.clock, f"container-{self.meter.invocations}", self.measured)
        self.meter.current = invocation
        with _no_loop_around():
            code = self.functions[CONTAINER](event, invocation)
        await self._pass_time(invocation, call)
        stopped = {"LastStatus": "STOPPED", "Containers": [{"Name": override["Name"], "ExitCode": code}]}
        if code:
            raise TaskFailed("States.TaskFailed", json.dumps(stopped))
        return stopped

    async def _pass_time(self, invocation: Invocation, call: TaskCall) -> None:
        self.meter.current = None
        seconds = invocation.seconds
        self.meter.seconds += seconds
        if seconds:
            await call.sleep(seconds)


@contextmanager
def _no_loop_around() -> Iterator[None]:
    """In Lambda no event loop runs around the code, so a task may run one of its own (`asyncio.run`, `async def`)."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    _leave_task(loop, task)
    _set_running_loop(None)
    try:
        yield
    finally:
        _set_running_loop(loop)
        _enter_task(loop, task)


def lambda_error(error: BaseException) -> TaskFailed:
    """A Python exception as Step Functions sees it: the class name, and Lambda's JSON as the cause.

    >>> lambda_error(ValueError("no")).error
    'ValueError'
    """
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        kind = "Runtime.ExitError"
    cause = {
        "errorMessage": str(error),
        "errorType": kind,
        "requestId": "",
        "stackTrace": traceback.format_tb(error.__traceback__)[-10:],
    }
    return TaskFailed(kind, json.dumps(cause))


def run_dag(
    translation: Any,
    dag: Any,
    logical_date: datetime | None = None,
    conf: Mapping[str, Any] | None = None,
    *,
    run_id: str | None = None,
    given: Mapping[str, Any] | None = None,
    store: MemoryStore | None = None,
    services: Integrations | None = None,
    lender: Any = None,
    meter: Meter | None = None,
    measured: bool = False,
    start: datetime | None = None,
    intervals: Mapping[str, bool] | None = None,
    again: Rerun | None = None,
    name: str | None = None,
    callbacks: Callbacks | None = None,
    account: Account = NOTHING_SAID,
) -> RunResult:
    """Execute a translated DAG once and say what became of it.

    translation: of the pipeline; dag: the live DAG that it was made from (see `simulation.prepare` for bodies that only
    pretend). conf, run_id, given (more keys of the execution's input) as for a manual trigger. store: to look at later,
    or with earlier runs in it. services: carries out native integrations. lender: what operators borrow (Variables,
    Connections, clients). start: when the run begins on the virtual clock; logical_date, else now, if None.
    intervals: as `Runtime.intervals`. again: the machine to execute instead of the translation's (its `rerun()`);
    name: the execution's, if not the run's. callbacks: the task tokens, for who wants to answer them from outside.
    account: what the DAG was translated for.
    """
    store = store or MemoryStore()
    meter = meter or Meter()
    began = start or logical_date or datetime.now(UTC)
    execution_input = {**(given or {}), **({} if conf is None and given else {"conf": dict(conf or {})})}
    if logical_date is not None:
        execution_input["logical_date"] = logical_date.astimezone(UTC).isoformat()
    run_id = run_id or execution_input.get("run_id") or f"manual__{began.astimezone(UTC).isoformat()}"
    execution_input["run_id"] = run_id
    callbacks = callbacks or Callbacks()
    lent = {} if lender is None else {"lender": lender}
    runtime = Runtime(
        dag=dag,
        store=store,
        intervals=intervals or {},
        function=TASK_FUNCTION,
        event_buckets=account.event_buckets,
        **lent,
    )
    handlers = lambda_functions(runtime, callbacks, translation.manifest["functions"])
    _make_pools(store, translation.model.tasks)
    own = translation.manifest.get("containers", {})
    integrations = Lambdas(handlers, services or Unavailable(), meter, measured, own)
    machine_name = translation.manifest["machine_name" if again is None else "rerun_machine_name"]
    network = ("ContainerSubnets", "ContainerSecurityGroups", "ContainerPublicIp")
    containers = {name: name for name in (*network, *own, *translation.manifest.get("images", ()))}
    placeholders = {name: _ARN.format(name) for name in handlers} | containers
    placeholders["ContainerCluster"] = CONTAINER_CLUSTER
    machine = again or translation
    parts = Parts(machine.parts, integrations, machine_name, placeholders)
    execution = run(
        machine.definition,
        execution_input,
        integrations=parts,
        callbacks=callbacks,
        placeholders=parts.placeholders,
        machine_name=machine_name,
        name=name or execution_name(run_id),
        start=began,
        on_start=parts.begin,
    )
    _close(runtime, execution)
    executions = (execution, *parts.started.values())
    return RunResult.of(translation, run_id, executions, store, meter.invocations, meter.seconds)


def _make_pools(store: MemoryStore, tasks: Iterable[Any]) -> None:
    """Pools with slots for everybody, as in Airflow's `dag.test()`; those that the store has are counted."""
    for name in {task.limits["pool"] for task in tasks if "pool" in task.limits}:
        if slots.get_pool(store, name) is None:
            slots.set_pool(store, name, -1, "")


def _close(runtime: Runtime, execution: Any) -> None:
    """What EventBridge has done when an execution has ended without its last state."""
    told = {"executionArn": execution.arn, "status": execution.status, "error": execution.error}
    event = {"detail": {**told, "cause": execution.cause}}
    if run_ended.run_ended(runtime.store, event, iso(execution.stopped))["run_id"] is None:
        return
    due = run_ended.callback_due(runtime.store, event)
    if due is not None:
        task_function.handle(runtime, due[1])


def lambda_functions(
    runtime: Runtime, callbacks: Callbacks, names: Iterable[str] = (TASK_FUNCTION,)
) -> dict[str, Handler]:
    """The task functions of these names and the signal function: the same code as on AWS, given a store in memory and
    the engine's own callbacks."""

    def task(event: Mapping[str, Any], invocation: Invocation) -> Json:
        mine = replace(runtime, now=invocation.now, sleep=invocation.spend, worker=invocation.request_id, wake=wake)
        return task_function.handle(mine, event)

    signals = signal_function.Signals(runtime.store, callbacks)

    def wake(dag_id: str, logical_date: str) -> None:
        signal_function.handle(signals, {"kind": "wake_watchers", "dag_id": dag_id, "logical_date": logical_date})

    def signal(event: Mapping[str, Any], invocation: Invocation) -> Json:  # noqa: ARG001
        return signal_function.handle(signals, event)

    def container(event: Mapping[str, Any], invocation: Invocation) -> Json:
        return run_event(replace(runtime, now=invocation.now, worker=invocation.request_id, wake=wake), event)

    return {**dict.fromkeys(names, task), SIGNAL_FUNCTION: signal, CONTAINER: container}


def _function_name(arn: str) -> str:
    """The function of a version's ARN, or a plain name."""
    return arn.split(":")[6] if arn.startswith("arn:") else arn  # somebody else's may be given in other ways


def _round_trip(value: Json) -> Json:
    """As JSON, the way Lambda's payloads travel."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        cause = json.dumps({"errorType": "Runtime.MarshalError", "errorMessage": message})
        raise TaskFailed("Runtime.MarshalError", cause) from error
