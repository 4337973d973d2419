"""Where the checks run: our service in this process, or an endpoint.

A backend gives boto3 clients, lets time pass, and holds what every check needs: a role, a function, a table, a bucket.
"""

from __future__ import annotations

import asyncio
import io
import json
import random
import time
import uuid
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
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

Client = Any


class Backend(Protocol):
    """See the module. real_account: whether what is made costs money."""

    role: str
    function: str
    table: str
    bucket: str
    account: str
    region: str
    in_process: bool
    real_account: bool

    def client(self, service: str) -> Client: ...

    def sleep(self, seconds: float) -> None: ...

    def wait(self, execution_arn: str, timeout: float) -> None: ...

    def expect_athena_result(self, column: str, value: str) -> None:
        """The next query's result, for backends that don't run SQL."""
        ...

    def make_batch_queue(self) -> None:
        """A Batch job queue and a job definition that succeeds, both called "contract"."""
        ...

    def close(self) -> None: ...


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
        self.client("iam").create_role(RoleName="contract", AssumeRolePolicyDocument=_policy({}))

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
        self._loop.run_until_complete(asyncio.sleep(0))
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


class Endpoint:
    """Any endpoint (a URL), or the account of the AWS profile in force (None)."""

    in_process = False

    def __init__(self, url: str | None) -> None:
        self.real_account = url is None
        self._url = url
        self._session = boto3.Session() if url is None else boto3.Session("test", "test", region_name="us-east-1")
        self.region = self._session.region_name or "us-east-1"
        self.account = self.client("sts").get_caller_identity()["Account"]
        name = f"airstep-contract-{uuid.uuid4().hex[:8]}"
        self.function, self.table, self.bucket, self._role_name = name, name, name, name
        self._undo: list[Callable[[], object]] = []
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def client(self, service: str) -> Client:
        config = Config(retries={"max_attempts": 8 if self.real_account else 0}, inject_host_prefix=self.real_account)
        return self._session.client(service, endpoint_url=self._url, config=config)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def expect_athena_result(self, column: str, value: str) -> None:
        """Athena computes it."""

    def make_batch_queue(self) -> None:
        make_batch_queue(self.client("batch"))

    def wait(self, execution_arn: str, timeout: float) -> None:
        states, end = self.client("stepfunctions"), time.monotonic() + timeout
        while states.describe_execution(executionArn=execution_arn)["status"] == "RUNNING":
            if time.monotonic() > end:
                states.stop_execution(executionArn=execution_arn)
                raise TimeoutError(f"{execution_arn} did not end within {timeout} seconds")
            time.sleep(0.05 if not self.real_account else 0.5)

    def _make(self) -> None:
        self.role = self._make_role()
        self.client("s3").create_bucket(Bucket=self.bucket)
        self._undo.append(self._remove_bucket)
        make_table(self.client("dynamodb"), self.table)
        self._undo.append(lambda: self.client("dynamodb").delete_table(TableName=self.table))
        functions = self.client("lambda")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("function.py", Path(function.__file__).read_text())
        if self.real_account:
            time.sleep(12)  # A new role is not usable everywhere at once.
        functions.create_function(
            FunctionName=self.function,
            Runtime="python3.11",
            Handler="function.handler",
            Role=self.role,
            Code={"ZipFile": packed.getvalue()},
            Timeout=30,
            MemorySize=256,
        )
        self._undo.append(lambda: functions.delete_function(FunctionName=self.function))
        functions.get_waiter("function_active_v2").wait(FunctionName=self.function)
        functions.invoke(FunctionName=self.function, Payload=b"{}")

    def _make_role(self) -> str:
        iam = self.client("iam")
        services = ["states.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com", "glue.amazonaws.com"]
        trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=self._role_name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        self._undo.append(lambda: iam.delete_role(RoleName=self._role_name))
        used = "lambda dynamodb s3 states sqs sns events athena glue ssm secretsmanager scheduler logs ecs batch"
        allowed = {
            "Effect": "Allow",
            "Action": [f"{service}:*" for service in used.split()] + ["iam:PassRole"],
            "Resource": "*",
        }
        iam.put_role_policy(RoleName=self._role_name, PolicyName="contract", PolicyDocument=_policy(allowed))
        self._undo.append(lambda: iam.delete_role_policy(RoleName=self._role_name, PolicyName="contract"))
        return str(role)

    def _remove_bucket(self) -> None:
        s3 = self.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=self.bucket, Key=item["Key"])
        s3.delete_bucket(Bucket=self.bucket)

    def close(self) -> None:
        """Removes everything that was made, newest first; what cannot be removed is named at the end."""
        left: list[str] = []
        while self._undo:
            try:
                self._undo.pop()()
            except ClientError as error:
                left.append(str(error))
        if left:
            raise RuntimeError(f"{self._role_name}: not everything was removed: {left}")


def make_batch_queue(batch: Client) -> None:
    role = "arn:aws:iam::123456789012:role/contract"
    batch.create_compute_environment(
        computeEnvironmentName="contract", type="UNMANAGED", state="ENABLED", serviceRole=role
    )
    order = [{"order": 1, "computeEnvironment": "contract"}]
    batch.create_job_queue(jobQueueName="contract", priority=1, state="ENABLED", computeEnvironmentOrder=order)
    container = {"image": "busybox", "vcpus": 1, "memory": 64, "command": ["true"]}
    batch.register_job_definition(jobDefinitionName="contract", type="container", containerProperties=container)


def make_table(dynamodb: Client, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name)


def response(status: int, body: Json) -> AWSResponse:
    """An HTTP answer as botocore wants it from a handler of `before-send`."""
    return AWSResponse("https://in-process", status, {}, _Raw(json.dumps(body).encode()))


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _policy(statement: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
