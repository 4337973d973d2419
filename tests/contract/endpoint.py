"""The backend at an endpoint, or in a real account: makes what the checks need, and removes it."""

from __future__ import annotations

import io
import time
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.contract import function
from tests.contract.backends import Client, make_batch_queue, make_table, policy


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
        role = iam.create_role(RoleName=self._role_name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        self._undo.append(lambda: iam.delete_role(RoleName=self._role_name))
        used = "lambda dynamodb s3 states sqs sns events athena glue ssm secretsmanager scheduler logs ecs batch"
        allowed = {
            "Effect": "Allow",
            "Action": [f"{service}:*" for service in used.split()] + ["iam:PassRole"],
            "Resource": "*",
        }
        iam.put_rolepolicy(RoleName=self._role_name, PolicyName="contract", PolicyDocument=policy(allowed))
        self._undo.append(lambda: iam.delete_rolepolicy(RoleName=self._role_name, PolicyName="contract"))
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
