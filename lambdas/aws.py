"""AWS clients: the only place under `lambdas/` that imports botocore or boto3. They are made when first needed.

The runtime's own clients come from botocore: the same clients as boto3's, a third less to import. What operators and
hooks borrow comes from boto3, which adds methods such as `upload_file`; only who uses it pays for it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any, Literal

from lambdas.storage.store import Store


class Clients:
    """Clients by service; each is made at its first use.

    `session` is a botocore session; tests and other regions bring their own.
    """

    def __init__(self, session: Any = None, endpoint_url: str | None = None) -> None:
        self._session = session
        self._endpoint_url = endpoint_url
        self._made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self.session.create_client(service, endpoint_url=self._endpoint_url, config=_config())
        return self._made[service]

    @property
    def session(self) -> Any:
        if self._session is None:
            import botocore.session

            self._session = botocore.session.get_session()
        return self._session

    @property
    def dynamodb(self) -> Any:
        return self.client("dynamodb")

    @property
    def s3(self) -> Any:
        return self.client("s3")

    @property
    def stepfunctions(self) -> Any:
        return self.client("stepfunctions")

    @property
    def ssm(self) -> Any:
        return self.client("ssm")

    @property
    def secretsmanager(self) -> Any:
        return self.client("secretsmanager")


def _config() -> Any:
    from botocore.config import Config

    return Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=60)


def lent(kind: Literal["client", "resource"], service: str, arguments: Mapping[str, Any]) -> Any:
    """A boto3 client or resource. arguments: boto3's own, with config as a dict, and role_arn to assume first."""
    import boto3
    from botocore.config import Config

    given = _with_role(arguments)
    if isinstance(given.get("config"), Mapping):
        given["config"] = Config(**given["config"])
    make = boto3.client if kind == "client" else boto3.resource
    return make(service, **given)


def lent_session(arguments: Mapping[str, Any]) -> Any:
    """A boto3 session; of the arguments what a session takes."""
    import boto3

    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region_name")
    return boto3.Session(**{name: value for name, value in _with_role(arguments).items() if name in names})


def _with_role(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are given, with the credentials of role_arn in its place."""
    import boto3

    given = {name: value for name, value in arguments.items() if value is not None}
    role = given.pop("role_arn", None)
    if role is not None:
        region = {name: value for name, value in given.items() if name == "region_name"}
        answer = boto3.client("sts", **region).assume_role(RoleArn=role, RoleSessionName="airstep")["Credentials"]
        given |= {
            "aws_access_key_id": answer["AccessKeyId"],
            "aws_secret_access_key": answer["SecretAccessKey"],
            "aws_session_token": answer["SessionToken"],
        }
    return given


def error_code(error: Exception) -> str:
    """The code of a client's error; empty for any other exception."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, Mapping) else ""


@functools.cache
def clients() -> Clients:
    """The process's clients, from the environment."""
    return Clients()


@functools.cache
def table_store() -> Store:
    """The store that the environment names."""
    from lambdas.storage.dynamo_store import DynamoStore

    made = clients()
    return DynamoStore(
        dynamodb=lambda: made.dynamodb,
        s3=lambda: made.s3,
        table=os.environ["AIRSTEP_TABLE"],
        bucket=os.environ["AIRSTEP_BUCKET"],
        keep_days=int(os.environ.get("AIRSTEP_KEEP_DAYS", "0")),
    )
