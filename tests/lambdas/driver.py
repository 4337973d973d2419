"""A stand-in for the state machine: calls the task function as the emitted states do, one task after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dag_translator.trigger_rules import evaluate
from lambdas.runtime import Runtime, iso
from lambdas.storage import xcom_codec
from lambdas.storage.records import RunKey
from lambdas.task_function import handle

EXECUTION = {"Id": "arn:aws:states:us-east-1:1:execution:d:r1", "Name": "r1", "StartTime": "2024-01-20T12:00:00Z"}
LOGICAL_DATE = "2024-01-15T00:00:00+00:00"
NEVER_RETRIED = frozenset({"AirflowSkipException", "AirflowFailException"})


@dataclass
class Run:
    """One DagRun under way."""

    runtime: Runtime
    run: dict[str, Any]
    states: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> RunKey:
        return RunKey(self.run["dag_id"], self.run["run_id"])

    def call(self, kind: str, task_id: str | None = None, **payload: Any) -> dict[str, Any]:
        task = {"task_id": task_id} if task_id is not None else {}
        return handle(self.runtime, {"kind": kind, "run": self.run, **task, **payload})

    def task(self, task_id: str) -> None:
        """What the states of one task do, retries and catchers included."""
        for attempt in range(self.runtime.dag.get_task(task_id).retries + 1):
            try:
                self.states.update(self.call("run_task", task_id, attempt=attempt))
                return
            except Exception as error:
                name, message = type(error).__name__, str(error)
            if name in NEVER_RETRIED:
                break
        self.end(task_id, name, message)

    def sensor(self, task_id: str) -> None:
        """The poll loop of a sensor; the runtime's clock moves by what it waits."""
        clock: Any = self.runtime.now
        while True:
            try:
                answer = self.call("poke_sensor", task_id, now=iso(clock()))
            except Exception as error:
                self.end(task_id, type(error).__name__, str(error))
                return
            if answer["state"] == "success":
                self.states.update(answer["states"])
                return
            clock.now += timedelta(seconds=answer["wait"])

    def end(self, task_id: str, name: str, message: str) -> None:
        if name == "AirflowSkipException":
            self.states[task_id] = "skipped"
        else:
            self.states.update(self.call("record_failure", task_id, error={"Error": name, "Cause": message}))

    def everything(self) -> str:
        """All tasks by their trigger rules, then the end; the DagRun's state."""
        for task in self.runtime.dag.topological_sort():
            if task.task_id in self.states:
                continue
            upstream = [self.states[task_id] for task_id in sorted(task.upstream_task_ids)]
            verdict = evaluate(str(task.trigger_rule), upstream, len(upstream))
            if verdict != "run":
                self.states[task.task_id] = verdict
            elif task.inherits_from_empty_operator:
                self.states[task.task_id] = "success"
            elif task._is_sensor:
                self.sensor(task.task_id)
            else:
                self.task(task.task_id)
        try:
            return str(self.call("finish_run", states=self.states)["state"])
        except Exception as error:
            if type(error).__name__ != "DagRunFailed":
                raise
            return "failed"

    # --- what it left behind ---------------------------------------------------------------------------------------

    def record(self, task_id: str) -> Any:
        from lambdas.storage.records import TaskKey

        return self.runtime.store.get_task(TaskKey(self.key.dag_id, self.key.run_id, task_id))

    def xcoms(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for xcom in self.runtime.store.list_xcoms(self.key):
            found.setdefault(xcom.task_id, {})[xcom.key] = xcom_codec.display(xcom.text)
        return found


def start(runtime: Runtime, given: Mapping[str, Any] | None = None, execution: Mapping[str, Any] | None = None) -> Run:
    """Start a run, as the machine's first state does."""
    payload = {
        "kind": "start_run",
        "execution": execution or EXECUTION,
        "input": {"logical_date": LOGICAL_DATE} if given is None else given,
    }
    answer = handle(runtime, payload)
    return Run(runtime, answer["run"], answer["states"])
