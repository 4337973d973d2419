"""What a check works with: makes machines, runs them, tells how they ended; removes what it made."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.contract.asl import INVOKE, Json, State, end_of
from tests.contract.backends import Backend, Client


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution that is over. output: parsed; seconds: from start to stop, on the machine's clock."""

    arn: str
    status: str
    output: Json
    error: str | None
    cause: str | None
    seconds: float
    described: dict[str, Any]


class Cloud:
    """The endpoint under test, for one check."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.states: Client = backend.client("stepfunctions")
        self._machines: list[str] = []

    def client(self, service: str) -> Client:
        return self.backend.client(service)

    def unique(self, prefix: str = "airstep-contract-") -> str:
        return f"{prefix}{uuid.uuid4().hex[:10]}"

    def create(self, definition: State, **more: Any) -> str:
        """A machine's ARN."""
        arn: str = self.states.create_state_machine(
            name=self.unique(), definition=json.dumps(definition), roleArn=self.backend.role, **more
        )["stateMachineArn"]
        self._machines.append(arn)
        return arn

    def start(self, machine_arn: str, given: Json = None, **more: Any) -> str:
        """An execution's ARN."""
        text = json.dumps({} if given is None else given)
        arn: str = self.states.start_execution(stateMachineArn=machine_arn, input=text, **more)["executionArn"]
        return arn

    def end(self, execution_arn: str, timeout: float = 60) -> Ended:
        """Waits for the end of an execution."""
        self.backend.wait(execution_arn, timeout)
        told = self.states.describe_execution(executionArn=execution_arn)
        return Ended(
            arn=execution_arn,
            status=told["status"],
            output=json.loads(told["output"]) if "output" in told else None,
            error=told.get("error"),
            cause=told.get("cause"),
            seconds=(told["stopDate"] - told["startDate"]).total_seconds(),
            described=told,
        )

    def run(self, definition: State, given: Json = None, timeout: float = 60) -> Ended:
        return self.end(self.start(self.create(definition), given), timeout)

    def output(self, definition: State, given: Json = None) -> Json:
        """What a machine that must succeed puts out."""
        ended = self.run(definition, given)
        assert ended.status == "SUCCEEDED", (ended.status, ended.error, ended.cause)
        return ended.output

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        pages = self.states.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn, PaginationConfig={"PageSize": 1000}
        )
        return [event for page in pages for event in page["events"]]

    def event_types(self, execution_arn: str) -> list[str]:
        return [event["type"] for event in self.history(execution_arn)]

    def function(self, payload: Json, **more: Json) -> State:
        """A Task that calls the function and gives its answer."""
        return {
            "Type": "Task",
            "Resource": INVOKE,
            "Arguments": {"FunctionName": self.backend.function, "Payload": payload},
            "Output": "{% $states.result.Payload %}",
            **end_of(more),
            **more,
        }

    def waiting_function(self, payload: State, **more: Json) -> State:
        """A Task that hands its token to the function (`token` in the payload) and waits."""
        return {
            "Type": "Task",
            "Resource": f"{INVOKE}.waitForTaskToken",
            "Arguments": {
                "FunctionName": self.backend.function,
                "Payload": {**payload, "token": "{% $states.context.Task.Token %}"},
            },
            **end_of(more),
            **more,
        }

    def fails_until(self, count: int, **more: Json) -> State:
        """A Task whose function succeeds at the `count`-th call."""
        payload = {"op": "fail_until", "table": self.backend.table, "key": self.unique("key-"), "count": count}
        return self.function(payload, **more)

    def item(self, key: str) -> Json:
        """An item of the table, None if there is none."""
        answer = self.client("dynamodb").get_item(TableName=self.backend.table, Key={"pk": {"S": key}})
        return answer.get("Item")

    def refusal(self, definition: State) -> str:
        """The error code with which creating the machine is refused."""
        try:
            self.create(definition)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        raise AssertionError("the definition was accepted")

    def close(self) -> None:
        for arn in self._machines:
            self.states.delete_state_machine(stateMachineArn=arn)
