"""A Step Functions and a Scheduler of a few lines, and a store that stops between two writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.schedule.emit import emit
from lambdas.dispatcher import Dispatcher, Event, execution_ended
from lambdas.scheduling.renewal import renew
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import DagRun, RunKey
from lambdas.storage.store import Delete, Put, Write

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:etl"


class Killed(Exception):
    """The Lambda was stopped here."""


class AwsError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class FragileStore(MemoryStore):
    """kill_after: how many writes still succeed; None: all."""

    def __init__(self) -> None:
        super().__init__()
        self.kill_after: int | None = None

    def _count(self) -> None:
        if self.kill_after is not None:
            if self.kill_after == 0:
                raise Killed
            self.kill_after -= 1

    def write(self, writes: Sequence[Write]) -> bool:
        self._count()
        return super().write(writes)

    def write_many(self, writes: Iterable[Put | Delete]) -> None:
        self._count()
        super().write_many(writes)


class FakeMachines:
    """StartExecution with Step Functions' idempotency: the same name and input while it runs is the same execution."""

    def __init__(self) -> None:
        self.running: dict[str, str] = {}
        self.ended: set[str] = set()
        self.started: list[str] = []
        self.most_at_once = 0

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:
        if name in self.ended or self.running.get(name, input) != input:
            raise AwsError("ExecutionAlreadyExists")
        if name not in self.running:
            self.running[name] = input
            self.started.append(name)
            self.most_at_once = max(self.most_at_once, len(self.running))


class FakeScheduler:
    """CreateSchedule: a name is taken once."""

    class exceptions:
        class ConflictException(Exception):
            pass

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def create_schedule(self, **request: Any) -> None:
        if request["Name"] in self.made:
            raise self.exceptions.ConflictException
        self.made[request["Name"]] = request


@dataclass
class World:
    store: FragileStore = field(default_factory=FragileStore)
    machines: FakeMachines = field(default_factory=FakeMachines)
    scheduler: FakeScheduler = field(default_factory=FakeScheduler)
    now: datetime = datetime(2024, 1, 20, tzinfo=UTC)

    @property
    def dispatcher(self) -> Dispatcher:
        return Dispatcher(self.store, self.machines, lambda: self.now, self._renew)

    def _renew(self, event: Event, tick: datetime) -> int:
        target = {"Arn": "arn:dispatcher", "RoleArn": "arn:role", "GroupName": "airstep", "DeadLetterArn": "arn:lost"}
        return renew(self.scheduler, event, tick, self.now, target)

    def begin(self, name: str) -> RunKey:
        """What start_run does at the beginning of an execution."""
        run_input = json.loads(self.machines.running[name])
        run = DagRun(
            dag_id="etl",
            run_id=run_input["run_id"],
            run_type=run_input["run_type"],
            state="running",
            run_after=run_input["run_after"],
            start_date=self.now.isoformat(),
            execution=name,
            execution_arn=arn(name),
            logical_date=run_input["logical_date"],
        )
        return self.store.create_run(run).key

    def end(self, name: str, *, report: bool = True, state: str = "success") -> list[str]:
        """The execution runs and ends; report: EventBridge tells of it."""
        key = self.begin(name)
        self.store.end_run(key, name, state, self.now.isoformat())
        del self.machines.running[name]
        self.machines.ended.add(name)
        return execution_ended(self.dispatcher, arn(name)) if report else []


def arn(name: str) -> str:
    return f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"


def event(timetable: Mapping[str, Any], at: datetime | None, **spec: Any) -> dict[str, Any]:
    """The dispatcher's event for a spec, at an instant."""
    base = {
        "timetable": dict(timetable),
        "timezone": "UTC",
        "start_date": "2024-01-01T00:00:00+00:00",
        "end_date": None,
        "catchup": False,
        "max_active_runs": 16,
    }
    emitted = emit({**base, **spec})["spec"]
    moment = {"scheduled_time": f"{at:%Y-%m-%dT%H:%M:%SZ}"} if at else {"activate": True}
    return {**emitted, "dag_id": "etl", "state_machine_arn": MACHINE, **moment}


DAILY = {"type": "cron_interval", "expression": "0 0 * * *", "timezone": "UTC"}
HOURLY = {"type": "cron_interval", "expression": "0 * * * *", "timezone": "UTC"}
DAY = timedelta(days=1)
