"""The machine's Lambdas, faked: each task's body is an `Outcome`; everything that decides is the machine's own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dag_translator import asl, asl_json
from dag_translator.model import Dag
from dag_translator.trigger_rules import LETTERS, evaluate
from infra.local.engine import Callbacks, Execution, TaskCall, TaskFailed, run
from infra.local.stepfunctions.parts import Parts
from tests.translator.reference import Outcome


def several(state: Any) -> list[str]:
    """A task's state, or the distinct states of a mapped task's instances."""
    return state if isinstance(state, list) else [state]


@dataclass(slots=True)
class Join:
    token: str = ""
    sources: frozenset[str] = frozenset()
    rule: Mapping[str, Any] | None = None
    heard: dict[str, dict[str, str]] = field(default_factory=dict)

    def answer(self, name: str) -> dict[str, str] | None:
        """What the waiting branch gets to know, once that is enough."""
        states = {task_id: state for reported in self.heard.values() for task_id, state in reported.items()}
        if self.rule is None:
            return states if self.sources <= set(self.heard) else None
        upstream = self.rule["upstream"]
        known = [state for each in upstream if each in states for state in several(states[each])]
        unknown = sum(each not in states for each in upstream)
        if name in states:
            return states
        verdict = evaluate(self.rule["trigger_rule"], known, len(known) + unknown)
        return None if verdict is None else states if verdict == "run" else {**states, name: verdict}


@dataclass(slots=True)
class FakeLambdas:
    dag: Dag
    outcomes: Mapping[str, Outcome]
    callbacks: Callbacks = field(default_factory=Callbacks)
    ran: Counter[tuple[str, int]] = field(default_factory=Counter)
    starts: dict[str, float] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    final: dict[str, Any] = field(default_factory=dict)
    joins: dict[tuple[str, int], Join] = field(default_factory=lambda: defaultdict(Join))
    kept: Mapping[str, str] = field(default_factory=dict)
    began: float | None = None

    async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
        payload = arguments["Payload"]
        return {"Payload": await getattr(self, payload["kind"].replace("await", "wait"))(payload, call)}

    def _now(self, call: TaskCall) -> float:
        now = call.clock.now().timestamp()
        self.began = now if self.began is None else self.began
        return now - self.began

    async def start_run(self, payload: Any, call: TaskCall) -> Any:
        self._now(call)
        return {"run": {"run_id": "r"}, "states": dict(self.kept)}

    async def run_task(self, payload: Any, call: TaskCall) -> Any:
        task_id, map_index = payload["task_id"], payload.get("map_index", -1)
        outcome = self.outcomes[task_id]
        self.ran[task_id, map_index] += 1
        tries = self.ran[task_id, map_index]
        assert tries <= outcome.tries, f"{task_id} runs {tries} times"
        assert tries == payload.get("attempt", 0) + 1
        self.starts.setdefault(task_id, self._now(call))
        await call.sleep(outcome.seconds)
        self.ends[task_id] = self._now(call)
        if tries < outcome.tries:
            raise TaskFailed("ValueError", "again")
        state = outcome.state if map_index < 0 else outcome.each[map_index]
        if state == "skipped":
            raise TaskFailed("AirflowSkipException", "")
        if state == "failed":
            last = tries > self.dag.by_id[task_id].retry.attempts
            raise TaskFailed("ValueError" if last else "AirflowFailException", "x")
        skips = (each for each in outcome.skips if each not in self.starts and each not in self.kept)
        return {task_id: "success", **dict.fromkeys(skips, "skipped")}

    async def expand_task(self, payload: Any, call: TaskCall) -> Any:
        over = self.dag.by_id[payload["task_id"]].expansion
        return self._expand(payload["task_id"], over.over if over else (), payload)

    async def expand_group(self, payload: Any, call: TaskCall) -> Any:
        group = next(group for group in self.dag.mapped_groups if group.group_id == payload["group"])
        return self._expand(group.members[0], group.expansion.over, payload)

    def _expand(self, task_id: str, over: tuple[str, ...], payload: Any) -> Any:
        """As `tasks.expand_task` does: what was expanded has pushed what it has, of others the states are told."""
        expanded = {each for each, map_index in self.ran if map_index >= 0}
        states = {each: state for each, state in payload.get("states", {}).items() if each not in expanded}
        ended = {state for state in states.values() if isinstance(state, str)}  # instances that never ran may differ
        if ended & {"failed", "upstream_failed"} or self.dag.group_of.keys() & {*over}:
            raise TaskFailed("CannotExpand", "")
        if "skipped" in ended or not self.outcomes[task_id].each:
            raise TaskFailed("AirflowSkipException", "")
        return {"length": len(self.outcomes[task_id].each)}

    async def record_instance(self, payload: Any, call: TaskCall) -> Any:
        return {"letters": "".join(LETTERS[payload["states"][task_id]] for task_id in self._members(payload))}

    def _members(self, payload: Any) -> tuple[str, ...]:
        return next(group.members for group in self.dag.mapped_groups if group.group_id == payload["group"])

    async def record_failure(self, payload: Any, call: TaskCall) -> Any:
        return {payload["task_id"]: "failed"}

    async def finish_run(self, payload: Any, call: TaskCall) -> Any:
        self.final = payload["states"]
        return {"state": "success"}

    async def wait(self, payload: Any, call: TaskCall) -> Any:
        place = payload["join"], payload.get("map_index", -1)
        join = self.joins[place]
        join.token, join.sources, join.rule = payload["token"], frozenset(payload["sources"]), payload["rule"]
        self._complete(place)

    async def signal(self, payload: Any, call: TaskCall) -> Any:
        for name in payload["joins"]:
            place = name, payload.get("map_index", -1)
            self.joins[place].heard[payload["source"]] = payload["states"]
            self._complete(place)

    def _complete(self, place: tuple[str, int]) -> None:
        import json

        join = self.joins[place]
        answer = join.answer(place[0]) if join.token else None
        if answer is not None:
            self.callbacks.send_task_success(taskToken=join.token, output=json.dumps(answer))
            join.token = ""


def execute(
    dag: Dag, machine: asl.Machine, outcomes: Mapping[str, Outcome], kept: Mapping[str, str] | None = None
) -> tuple[Execution, FakeLambdas]:
    lambdas = FakeLambdas(dag, outcomes, kept=kept or {})
    definition = asl_json.definition(machine, "", None)
    functions = {"TaskFunction": "task", "SignalFunction": "signal"}
    parts = Parts(asl_json.part_definitions(machine), lambdas, "machine", functions)
    execution = run(
        definition,
        {},
        integrations=parts,
        callbacks=lambdas.callbacks,
        placeholders=parts.placeholders,
        on_start=parts.begin,
    )
    return execution, lambdas
