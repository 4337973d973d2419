"""The backfill machine on the engine: virtual clock, Step Functions' own API, a store in memory.

Nested executions are real executions of a machine that is deployed here under the DAG's name; DynamoDB's getItem and
the files in S3 are the store's. Whatever the engine emits as an execution's end reaches the function `run_ended`.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.names import machine_name, rerun_name
from infra import backfill_machine
from infra.cli.inprocess import SIGNAL_FUNCTION, TASK_FUNCTION, Invocation, Lambdas, Meter, lambda_functions
from infra.local.engine import TaskCall, TaskFailed
from infra.local.engine.clock import VirtualClock, VirtualLoop
from infra.local.engine.run import substituted
from infra.local.stepfunctions.service import StepFunctions
from lambdas import backfill, run_ended
from lambdas.runtime import Runtime
from lambdas.scheduling import backfills
from lambdas.scheduling.backfill_request import Backfiller
from lambdas.scheduling.backfills import BackfillKey
from lambdas.storage.dynamo_store import to_attribute
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import DagRun, RunKey
from lambdas.storage.store import Delete, Put, Write
from lambdas.task_function import handle

Json = Any
BACKFILL = "BackfillFunction"
DAILY = {"timetable": {"type": "cron_interval", "expression": "0 0 * * *", "timezone": "UTC"}, "timezone": "UTC"}
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACEHOLDERS = {name: name for name in (BACKFILL, TASK_FUNCTION, SIGNAL_FUNCTION, "Run")} | {"Table": "table"}

# A run in two states: it is made, and after an hour it ends as `outcomes` of the world say.
INVOKE = "arn:aws:states:::lambda:invoke"
PLAIN_MACHINE: Mapping[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "start",
    "States": {
        name: {
            "Type": "Task",
            "Resource": INVOKE,
            "Arguments": {
                "FunctionName": "Run",
                "Payload": {
                    "kind": name,
                    "name": "{% $states.context.Execution.Name %}",
                    "input": "{% $states.input %}",
                },
            },
            "Output": "{% $states.input %}",
            **following,
        }
        for name, following in (("start", {"Next": "wait"}), ("end", {"End": True}))
    }
    | {"wait": {"Type": "Wait", "Seconds": 3600, "Next": "end"}},
}


class DateFailed(Exception):
    """This date's run fails."""


class Killed(Exception):
    """The Lambda was stopped here."""


class FragileStore(MemoryStore):
    """kill_at: the backfill function stops once, before its write of this number (0 is the first). None: never."""

    def __init__(self) -> None:
        super().__init__()
        self.kill_at: int | None = None
        self.armed = False

    def write(self, writes: Sequence[Write]) -> bool:
        self._count()
        return super().write(writes)

    def write_many(self, writes: Iterable[Put | Delete]) -> None:
        self._count()
        super().write_many(writes)

    def merge(self, pk: str, sk: str, add: Mapping[str, set[str]], assign: Mapping[str, Any]) -> dict[str, Any]:
        self._count()
        return super().merge(pk, sk, add, assign)

    def put_blob(self, key: str, text: str) -> None:
        self._count()
        super().put_blob(key, text)

    def _count(self) -> None:
        if not self.armed or self.kill_at is None:
            return
        self.kill_at -= 1
        if self.kill_at < 0:
            self.kill_at = None
            raise Killed


@dataclass
class World:
    """dag_id, machine: what is deployed, with its timetable's spec; fails: logical dates whose runs fail.

    most_at_once: how many runs of the DAG were under way at the same time, at most; started: their execution names.
    """

    dag_id: str = "etl"
    machine: Mapping[str, Any] = field(default_factory=lambda: PLAIN_MACHINE)
    spec: Mapping[str, Any] | None = field(default_factory=lambda: DAILY)
    dag: Any = None  # the live DAG, when the machine is a translated one
    again: Mapping[str, Any] | None = None  # the machine that runs a part of it
    fails: frozenset[str] = frozenset()
    store: FragileStore = field(default_factory=FragileStore)

    def __post_init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop, START)
        self.running: set[str] = set()
        self.most_at_once = 0
        self.started: list[str] = []
        self.meter = Meter()
        self.backfiller = Backfiller(self.store, self._spec_of, self._is_running, self.clock.now, "bucket", self._go_on)
        self.backfiller = replace(self.backfiller, match=self._match)
        handlers: dict[str, Callable[[Any, Invocation], Json]] = {
            BACKFILL: self._backfill,
            "Run": self._run,
        }
        self.service = StepFunctions(
            account="123456789012",
            region="us-east-1",
            integrations=Lambdas(handlers, Services(self.store), self.meter),
            clock=self.clock,
            generator=random.Random(5),
            emit=self._emit,
        )
        if self.dag is not None:
            handlers |= lambda_functions(Runtime(dag=self.dag, store=self.store), self.service.engine.callbacks)
        self.arn = self._create("airstep-backfill", backfill_machine.definition())
        self.dag_arn = self._create(machine_name(self.dag_id), self.machine)
        if self.again is not None:
            self._create(rerun_name(self.dag_id), self.again)

    # -- what a test does -------------------------------------------------------------------------------------------

    def deliver(self, event_id: str = "event-1", **detail: Json) -> str:
        """EventBridge's rule starts the machine; the execution's ARN."""
        event = {
            "id": event_id,
            "source": "airstep",
            "detail-type": "BackfillRequested",
            "detail": {"dag_id": self.dag_id, **detail},
        }
        return str(self.act("StartExecution", stateMachineArn=self.arn, input=json.dumps(event))["executionArn"])

    def finish(self, execution_arn: str) -> Json:
        """Let time pass until the execution is over; it, with status and output."""
        execution = self.service.registry.execution(execution_arn)
        self.loop.run_until_complete(execution.wait())
        self.pass_time(0.1)
        return execution

    def backfill(self, event_id: str = "event-1", **detail: Json) -> Mapping[str, Any]:
        """Deliver, wait for the end, and read the summary."""
        self.finish(self.deliver(event_id, **detail))
        return self.summary(event_id)

    def pass_time(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def key(self, backfill_id: str = "event-1") -> BackfillKey:
        return BackfillKey(self.dag_id, backfill_id)

    def summary(self, backfill_id: str = "event-1") -> Mapping[str, Any]:
        item = backfills.get_backfill(self.store, self.key(backfill_id))
        assert item is not None
        return item

    def dates(self, backfill_id: str = "event-1") -> dict[str, str | None]:
        """Day → state or reason."""
        found = backfills.list_dates(self.store, self.key(backfill_id))
        return {each.logical_date[:10]: each.state or each.reason for each in found}

    def act(self, action: str, **request: Json) -> Json:
        return self.loop.run_until_complete(self.service.handle(action, request))

    def close(self) -> None:
        self.loop.run_until_complete(self.service.close())
        self.loop.close()

    def runs(self) -> list[DagRun]:
        return list(self.store.list_runs(self.dag_id))

    # -- what the machine meets ---------------------------------------------------------------------------------------

    def _create(self, name: str, definition: Mapping[str, Any]) -> str:
        text = json.dumps(substituted(dict(definition), PLACEHOLDERS))
        role = "arn:aws:iam::123456789012:role/airstep"
        return str(self.act("CreateStateMachine", name=name, definition=text, roleArn=role)["stateMachineArn"])

    def _spec_of(self, dag_id: str) -> Mapping[str, Any] | None:
        if dag_id != self.dag_id:
            raise KeyError(dag_id)
        return self.spec

    def _match(self, _: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
        return handle(Runtime(dag=self.dag, store=self.store), {"kind": "match_tasks", **part})

    def _is_running(self, execution_arn: str) -> bool:
        return self.service.registry.execution(execution_arn).status == "RUNNING"

    def _go_on(self, token: str) -> None:
        self.service.engine.callbacks.send_task_success(taskToken=token, output="{}")

    def _emit(self, event: dict[str, Any]) -> None:
        detail = event["detail"]
        if detail["stateMachineArn"] == self.dag_arn:
            if detail["status"] == "RUNNING":
                self.running.add(detail["executionArn"])
                self.started.append(detail["name"])
                self.most_at_once = max(self.most_at_once, len(self.running))
            else:
                self.running.discard(detail["executionArn"])
        if detail["status"] != "RUNNING":
            now = self.clock.now().isoformat()
            run_ended.run_ended(self.store, event, now)
            backfills.execution_ended(self.store, event, now)

    def _backfill(self, event: Json, _: Invocation) -> Json:
        self.store.armed = True
        try:
            return backfill.handle(self.backfiller, event)
        finally:
            self.store.armed = False

    def _run(self, event: Json, _: Invocation) -> Json:
        given, name = event["input"], event["name"]
        key = RunKey(self.dag_id, given["run_id"])
        now = self.clock.now().isoformat()
        if event["kind"] == "start":
            times = {each: given[each] for each in ("run_after", "logical_date", "data_interval_start")}
            arn = f"{self.dag_arn.replace(':stateMachine:', ':execution:')}:{name}"
            run = DagRun(
                self.dag_id,
                key.run_id,
                given["run_type"],
                "running",
                start_date=now,
                execution=name,
                execution_arn=arn,
                conf=json.dumps(given.get("conf") or {}),
                backfill_id=given["backfill_id"],
                **times,
            )
            self.store.create_run(run, with_conf="conf" in given)
        else:
            failed = given["logical_date"][:10] in self.fails
            self.store.end_run(key, name, "failed" if failed else "success", now)
            if failed:
                raise DateFailed(given["logical_date"])
        return {}


class Services:
    """DynamoDB's getItem, and S3's files, on the store in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        match resource.rsplit(":", 1)[-1]:
            case "getItem":
                item = self.store.read(arguments["Key"]["pk"]["S"], arguments["Key"]["sk"]["S"])
                return {"Item": {name: to_attribute(value) for name, value in (item or {}).items()}}
            case "getObject":
                return {"Body": self.store.get_blob(arguments["Key"])}
            case "putObject":
                self.store.put_blob(arguments["Key"], arguments["Body"])
                return {}
        raise TaskFailed("States.Runtime", f"nobody expects {resource}")


def day(number: int) -> str:
    """The date of a day after 2024-01-01 (number 0)."""
    return (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)).date().isoformat()
