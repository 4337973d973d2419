"""Many runs of several DAGs at once on the engine: virtual clock, Step Functions' own API, a store in memory, and the
platform's functions as they are.

`most` counts, while tasks run, how many did so at the same time; a store may die between two writes.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from dag_translator.load import load
from dag_translator.names import execution_name, machine_name
from dag_translator.pipeline import Translation, translate_loaded
from infra.cli.inprocess import SIGNAL_FUNCTION, TASK_FUNCTION, Invocation, Lambdas, Meter, Unavailable
from infra.local.engine import TaskFailed
from infra.local.engine.clock import VirtualClock, VirtualLoop
from infra.local.engine.run import substituted
from infra.local.stepfunctions.service import StepFunctions
from lambdas import dispatcher, run_ended, signal_function, task_function
from lambdas.runtime import Runtime
from lambdas.scheduling.dag_state import DagState, Queued
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import RunKey
from lambdas.storage.store import Delete, Put, Write
from lambdas.waiting import admission, slots, sweep
from tests.schedule.world import AwsError

FILE = Path(__file__).parents[1] / "dags" / "limits" / "runs.py"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
Json = Any


class Killed(Exception):
    """The Lambda was stopped here."""


class FragileStore(MemoryStore):
    """kill: asked before each write of a platform function whether it dies there."""

    def __init__(self) -> None:
        super().__init__()
        self.kill: Callable[[], bool] = lambda: False
        self.armed = False

    def write(self, writes: Sequence[Write]) -> bool:
        self._die()
        return super().write(writes)

    def write_many(self, writes: Iterable[Put | Delete]) -> None:
        self._die()
        super().write_many(writes)

    def merge(self, pk: str, sk: str, add: Mapping[str, set[str]], assign: Mapping[str, Any]) -> dict[str, Any]:
        self._die()
        return super().merge(pk, sk, add, assign)

    def _die(self) -> None:
        if self.armed and self.kill():
            raise Killed


@cache
def translations() -> Mapping[str, tuple[Translation, Any]]:
    """dag_id → the translation and the live DAG."""
    loaded = load(FILE)
    found = translate_loaded(loaded, FILE.parent)
    assert all(isinstance(each, Translation) for each in found), found
    live = {dag.dag_id: dag for dag in loaded.dags}
    return {each.dag_id: (each, live[each.dag_id]) for each in found if isinstance(each, Translation)}


@dataclass
class World:
    """dag_ids: what is deployed, each with `max_active_runs`. seconds: how long a task takes. lost: whether the status
    event of an execution (by its ARN) never arrives."""

    dag_ids: tuple[str, ...]
    seed: int = 5
    seconds: Callable[[], float] = lambda: 1.0
    lost: Callable[[str], bool] = lambda _: False
    max_active_runs: int = 1_000
    store: FragileStore = field(default_factory=FragileStore)

    def __post_init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop, START)
        self.most: dict[str, int] = defaultdict(int)
        self.running: Counter[str] = Counter()
        self.begun: list[tuple[str, str]] = []  # (run_id, task_id), in the order in which they ran
        self.armed = self.kills = 0
        self.ends: Counter[str] = Counter()
        functions = {f"{TASK_FUNCTION}-{dag_id}": self._task(dag_id) for dag_id in self.dag_ids}
        self.service = StepFunctions(
            account="123456789012",
            region="us-east-1",
            integrations=Counting({**functions, SIGNAL_FUNCTION: self._signal}, Unavailable(), Meter(), world=self),
            clock=self.clock,
            generator=random.Random(self.seed),
            emit=self._emit,
        )
        callbacks = self.service.engine.callbacks
        self.signals = signal_function.Signals(self.store, callbacks, self._arm)
        self.waiting = admission.Waiting(self.store, lambda token: signal_function.tell(self.signals, token), self._arm)
        self.dispatcher = dispatcher.Dispatcher(
            self.store, self, self.clock.now, lambda *_: 0, self.waiting.tell, self._arm, self._status
        )
        self.requested: dict[str, str] = {}
        self.tasks: list[Any] = []
        self.executing = self.finish_lost = 0
        self.finish_done = False
        self.arns = {dag_id: self._create(dag_id) for dag_id in self.dag_ids}

    # -- what a test does -------------------------------------------------------------------------------------------

    def start(self, dag_id: str, day: int = 1, *, name: str | None = None, conf: Json = None, **also: Json) -> str:
        """Start the run of a day; the execution's ARN."""
        given = {**self.input(day, conf), **also}
        run_id = str(given["run_id"])
        arn = self.arns[dag_id]
        return str(
            self.act(
                "StartExecution", stateMachineArn=arn, name=name or execution_name(run_id), input=json.dumps(given)
            )["executionArn"]
        )

    @staticmethod
    def input(day: int, conf: Json = None) -> dict[str, Any]:
        """The input of the run of a day, 1 being January 1, 2024."""
        logical = (datetime(2023, 12, 31, tzinfo=UTC) + timedelta(days=day)).isoformat()
        times = dict.fromkeys(("logical_date", "data_interval_start", "data_interval_end"), logical)
        return {"run_id": f"scheduled__{logical}", "run_type": "scheduled", **times, "conf": conf or {}}

    def act(self, action: str, **request: Json) -> Json:
        return self.loop.run_until_complete(self.service.handle(action, request))

    def pass_time(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def wake(self, **what: Json) -> Json:
        """What the command does when somebody has changed a pool or a record."""

        async def call() -> Json:
            return signal_function.handle(self.signals, {"kind": "wake", **what})

        return self.loop.run_until_complete(call())

    def request(self, dag_id: str, day: int, conf: Json = None, times: int = 1) -> None:
        """Somebody asks the dispatcher for the run of a day, and the request is delivered so many times."""
        given = self.input(day, conf)
        event = {
            "dag_id": dag_id,
            "state_machine_arn": self.arns[dag_id],
            "max_active_runs": self.max_active_runs,
            "waiting": True,
        }
        for _ in range(times):
            with self.dying():
                queued = Queued(given["run_id"], given["logical_date"], given)
                DagState(self.store, dag_id).enqueue(queued)
                dispatcher.dispatch(self.dispatcher, event)

    def sweep(self) -> Json:
        """The one-time schedule fires."""
        with self.dying():
            return sweep.sweep(run_ended.sweeper(self.dispatcher))

    def lose_finish(self, times: int, *, done: bool) -> None:
        """The next calls of finish_run fail in Lambda, before or after (`done`) they did their work."""
        self.finish_lost, self.finish_done = times, done

    @contextmanager
    def dying(self) -> Iterator[None]:
        """The block is a platform function that may die between two writes; whoever called it does not notice."""
        self.store.armed = True
        try:
            yield
        except Killed:
            self.kills += 1
        finally:
            self.store.armed = False

    def finish(self, *arns: str) -> list[str]:
        """Let time pass until the executions are over; their states."""
        executions = [self.service.registry.execution(arn) for arn in arns]
        for execution in executions:
            self.loop.run_until_complete(asyncio.wait_for(execution.wait(), 30 * 86400))
        self.pass_time(0.1)
        return [execution.status for execution in executions]

    def states(self, dag_id: str, day: int = 1) -> dict[str, str]:
        """The task instances' states in the table."""
        run = RunKey(dag_id, self.input(day)["run_id"])
        return {record.task_id: record.state for record in self.store.list_tasks(run)}

    def left(self) -> list[tuple[str, str]]:
        """Items of claims and waits that are still there."""
        own = ("slots/", "past/wait/")
        return [key for key in self.store.items if key[1].startswith(own) or key[1].startswith(("wait/", "held/"))]

    def used(self, gate: str) -> int:
        return slots.occupancy(self.store, gate)["used"]

    def close(self) -> None:
        self.loop.run_until_complete(self.service.close())
        self.loop.close()

    # -- what the machines meet -------------------------------------------------------------------------------------

    def _create(self, dag_id: str) -> str:
        placeholders = {TASK_FUNCTION: f"{TASK_FUNCTION}-{dag_id}", SIGNAL_FUNCTION: SIGNAL_FUNCTION}
        text = json.dumps(substituted(translations()[dag_id][0].definition, placeholders))
        role = "arn:aws:iam::123456789012:role/airstep"
        request = {"name": machine_name(dag_id), "definition": text, "roleArn": role}
        return str(self.act("CreateStateMachine", **request)["stateMachineArn"])

    def _arm(self) -> None:
        self.armed += 1

    def _task(self, dag_id: str) -> Callable[[Any, Invocation], Json]:
        runtime = Runtime(dag=translations()[dag_id][1], store=self.store)

        def handler(event: Mapping[str, Any], invocation: Invocation) -> Json:
            mine = replace(runtime, now=invocation.now, sleep=invocation.spend, worker=invocation.request_id)
            return task_function.handle(mine, event)

        return handler

    def _signal(self, event: Mapping[str, Any], _: Invocation) -> Json:
        self.store.armed = True
        try:
            return signal_function.handle(self.signals, event)
        finally:
            self.store.armed = False

    def _emit(self, event: dict[str, Any]) -> None:
        detail = event["detail"]
        if detail["status"] == "RUNNING":
            self.executing += 1
            self.most["executions"] = max(self.most["executions"], self.executing)
            return
        self.executing -= 1
        self.ends[detail["name"]] += 1
        if not self.lost(detail["executionArn"]):
            self._ended(event)

    def _ended(self, event: Mapping[str, Any]) -> None:
        """The run-ended function; EventBridge calls it again when it dies."""
        kills = self.kills
        with self.dying():
            run_ended.close(self.dispatcher, event, self.clock.now().isoformat())
        if self.kills > kills:
            self.loop.call_later(1, self._ended, event)

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:
        """For the dispatcher, which runs inside the loop: Step Functions' idempotency, and the start a moment later."""
        if name in self.requested:
            if self.ends[name] or self.requested[name] != input:
                raise AwsError("ExecutionAlreadyExists")
            return
        self.requested[name] = input
        request = {"stateMachineArn": stateMachineArn, "name": name, "input": input}
        self.tasks.append(self.loop.create_task(self.service.handle("StartExecution", request)))

    def _status(self, arn: str) -> str | None:
        if arn.rsplit(":", 1)[1] not in self.requested:
            return None
        return str(self.service.registry.execution(arn).status)


@dataclass(slots=True)
class Counting(Lambdas):
    """Counts the tasks that run at the same time, and lets each of them take its time."""

    world: Any = None

    async def call(self, resource: str, arguments: Json, call: Any) -> Json:
        payload = arguments.get("Payload") or {}
        if payload.get("kind") == "finish_run" and self.world.finish_lost:
            self.world.finish_lost -= 1
            if self.world.finish_done:
                await Lambdas.call(self, resource, arguments, call)
            raise TaskFailed("Lambda.ServiceException", "lost")
        if payload.get("kind") not in ("run_task", "poke_sensor"):
            return await Lambdas.call(self, resource, arguments, call)
        task_id, run = payload["task_id"], payload["run"]
        dag_id = run["dag_id"]
        self.world.begun.append((run["run_id"], task_id))
        for name in (dag_id, f"{dag_id}/{run['run_id']}", "all"):
            self.world.running[name] += 1
            self.world.most[name] = max(self.world.most[name], self.world.running[name])
        try:
            await call.sleep(self.world.seconds())
            return await Lambdas.call(self, resource, arguments, call)
        finally:
            for name in (dag_id, f"{dag_id}/{run['run_id']}", "all"):
                self.world.running[name] -= 1
