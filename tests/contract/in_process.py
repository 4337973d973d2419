"""The backend in this process: our engine and API on a virtual clock, moto for the other services."""

from __future__ import annotations

import asyncio
import io
import json
import random
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto.athena.models import QueryResults, athena_backends
from moto.core.models import botocore_stubber

from infra.local.engine import TaskCall
from infra.local.engine.clock import VirtualClock, VirtualLoop
from infra.local.engine.json_values import Json
from infra.local.integrations import AwsIntegrations
from infra.local.integrations.functions import function_failed, function_missing
from infra.local.stepfunctions.errors import ApiError
from infra.local.stepfunctions.service import StepFunctions
from tests.contract import function
from tests.contract.backends import Client, make_batch_queue, make_table, policy


class InProcess:
    """Our engine and API on a virtual clock; the other services are moto's. Needs `moto.mock_aws` to be active."""

    in_process = True
    real_account = False
    account = "123456789012"
    region = "us-east-1"

    def __init__(self) -> None:
        self.role = f"arn:aws:iam::{self.account}:role/contract"
        self.function, self.table, self.bucket = "contract", "contract", "contract"
        self._loop = VirtualLoop()
        self._clients: dict[str, Client] = {}
        self._service = StepFunctions(
            account=self.account,
            region=self.region,
            integrations=AwsIntegrations(self.client, functions=self, threads=0),
            clock=VirtualClock(self._loop, datetime(2026, 3, 1, 12, 0, tzinfo=UTC)),
            generator=random.Random(7),
            emit=self._emit,
        )
        make_table(self.client("dynamodb"), self.table)
        self.client("s3").create_bucket(Bucket=self.bucket)
        self.client("iam").create_role(RoleName="contract", AssumeRolePolicyDocument=policy({}))

    def client(self, service: str) -> Client:
        if service not in self._clients:
            client = boto3.client(service, region_name=self.region, config=Config(inject_host_prefix=False))
            answers = {"stepfunctions": self._answer, "glue": FakeGlue(), "lambda": self._answer_invocation}
            answer = answers.get(service)
            if answer is not None:
                # Every handler of an event is called: moto must not answer these requests too.
                client.meta.events.unregister("before-send", botocore_stubber)
                client.meta.events.register(f"before-send.{client.meta.service_model.service_id.lower()}", answer)
            self._clients[service] = client
        return self._clients[service]

    def sleep(self, seconds: float) -> None:
        self._loop.run_until_complete(asyncio.sleep(seconds))

    def wait(self, execution_arn: str, timeout: float) -> None:
        execution = self._service.registry.execution(execution_arn)

        async def until_over() -> None:
            await asyncio.wait_for(execution.wait(), timeout)

        self._loop.run_until_complete(until_over())

    async def invoke(self, function_: str, payload: Json, call: TaskCall) -> Json:
        """The engine's Lambda: the function of the checks, whose sleeping takes virtual time."""
        if function_.split(":")[-1] != self.function:
            raise function_missing(function_)
        event = json.loads(json.dumps(payload))
        operation = event.get("op") if isinstance(event, dict) else None
        if operation == "sleep":
            await call.sleep(event["seconds"])
            return {"slept": event["seconds"]}
        if operation == "answer_token":
            await call.sleep(event.get("delay", 0))
            return self._answer_token(event)
        try:
            return function.handler(event, None)
        except Exception as error:
            raise function_failed({"errorMessage": str(error), "errorType": type(error).__name__}) from error

    def expect_athena_result(self, column: str, value: str) -> None:
        rows = [{"Data": [{"VarCharValue": column}]}, {"Data": [{"VarCharValue": value}]}]
        athena_backends[self.account][self.region].query_results_queue.append(QueryResults(rows, []))

    def make_batch_queue(self) -> None:
        make_batch_queue(self.client("batch"))

    def _answer_token(self, event: dict[str, Any]) -> Json:
        callbacks = self._service.engine.callbacks
        if event.get("failing"):
            callbacks.send_task_failure(taskToken=event["token"], error="CbErr", cause="cb cause")
        else:
            callbacks.send_task_success(taskToken=event["token"], output=json.dumps({"cb": event.get("value", 1)}))
        return "ignored"

    def _emit(self, event: dict[str, Any]) -> None:
        entry = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
        self.client("events").put_events(Entries=[entry])

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        """The endpoint of boto3's own client: its requests are answered without a network."""
        action = _text(request.headers["X-Amz-Target"]).split(".")[1]
        body = json.loads(request.body or b"{}")
        try:
            return response(200, self._loop.run_until_complete(self._service.handle(action, body)))
        except ApiError as error:
            return response(400, error.body())

    def _answer_invocation(self, request: Any, **_: Any) -> AWSResponse:
        """Lambda's endpoint, for `aws-sdk:lambda:invoke`."""
        name = request.url.split("/functions/")[1].split("/")[0]
        if name != self.function:
            return response(404, {"Message": f"Function not found: {name}"})
        return response(200, function.handler(json.loads(request.body), None))

    def close(self) -> None:
        self._loop.run_until_complete(self._service.close())
        self._loop.close()


class FakeGlue:
    """Answers the requests of a Glue client: any job succeeds at its third look."""

    def __init__(self) -> None:
        self._looks = 0

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        action = _text(request.headers["X-Amz-Target"]).split(".")[1]
        body = json.loads(request.body)
        return response(200, getattr(self, f"_{action}")(body))

    def _CreateJob(self, body: Json) -> Json:
        return {"Name": body["Name"]}

    def _DeleteJob(self, body: Json) -> Json:
        return {"JobName": body["JobName"]}

    def _StartJobRun(self, _: Json) -> Json:
        self._looks = 0
        return {"JobRunId": "jr_1"}

    def _GetJobRun(self, body: Json) -> Json:
        self._looks += 1
        state = "SUCCEEDED" if self._looks > 2 else "RUNNING"
        return {"JobRun": {"Id": body["RunId"], "JobName": body["JobName"], "JobRunState": state}}


def response(status: int, body: Json) -> AWSResponse:
    """An HTTP answer as botocore wants it from a handler of `before-send`."""
    return AWSResponse("https://in-process", status, {}, _Raw(json.dumps(body).encode()))


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
