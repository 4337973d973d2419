"""AwsBaseHook: boto3 clients with the credentials, region and endpoint of an Airflow connection.

Without the connection (the usual case: the task's own role) the client is boto3's default. The runtime makes the
clients.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from dag_translator.authoring import runtime
from dag_translator.authoring.exceptions import AirflowNotFoundException
from dag_translator.authoring.hooks.base import BaseHook


class AwsBaseHook(BaseHook):
    """A client or resource of one service. aws_conn_id None: boto3's defaults, no connection is looked for.

    service, resource_service: of a class that is for one service, as a client or as a resource.
    """

    service: str | None = None
    resource_service: str | None = None
    conn_name_attr = "aws_conn_id"
    default_conn_name = "aws_default"
    conn_type = "aws"
    hook_name = "Amazon Web Services"

    def __init__(
        self,
        aws_conn_id: str | None = default_conn_name,
        verify: bool | str | None = None,
        region_name: str | None = None,
        client_type: str | None = None,
        resource_type: str | None = None,
        config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.client_type = self.service or client_type
        self.resource_type = self.resource_service or resource_type
        self._region_name = region_name
        self._verify = verify
        self._config = config

    @property
    def service_name(self) -> str:
        found = self.client_type or self.resource_type
        if not found:
            raise ValueError("Either client_type=... or resource_type=... must be provided.")
        return found

    @cached_property
    def conn_config(self) -> dict[str, Any]:
        """What a client needs from the connection; empty when it does not exist."""
        if not self.aws_conn_id:
            return {}
        try:
            connection = self.get_connection(self.aws_conn_id)
        except AirflowNotFoundException:
            if self.aws_conn_id != self.default_conn_name:
                self.log.warning("connection %r not found, boto3's own credentials are used", self.aws_conn_id)
            return {}
        extra = connection.extra_dejson
        found = {
            "aws_access_key_id": connection.login or extra.get("aws_access_key_id"),
            "aws_secret_access_key": connection.password or extra.get("aws_secret_access_key"),
            "aws_session_token": extra.get("aws_session_token"),
            "region_name": extra.get("region_name"),
            "endpoint_url": extra.get("endpoint_url") or extra.get("host"),
            "role_arn": extra.get("role_arn"),
            "verify": extra.get("verify"),
            "config": extra.get("config_kwargs"),
        }
        return {name: value for name, value in found.items() if value is not None and value != ""}

    def _arguments(self, region_name: str | None, config: Any) -> dict[str, Any]:
        own = {
            "region_name": region_name or self._region_name,
            "verify": self._verify,
            "config": config if config is not None else self._config,
        }
        return {**self.conn_config, **{name: value for name, value in own.items() if value is not None}}

    @property
    def region_name(self) -> str | None:
        return self._region_name or self.conn_config.get("region_name")

    conn_region_name = region_name

    def get_client_type(
        self, region_name: str | None = None, config: Any = None, client_type: str | None = None, **_: Any
    ) -> Any:
        """A boto3 client; `get_client_type("s3")`, with the service first, was Airflow 1's way."""
        service = client_type or self.client_type
        if service is None:
            service, region_name = region_name, None
        if service is None:
            raise ValueError("Either client_type=... or resource_type=... must be provided.")
        return runtime.current().client(service, **self._arguments(region_name, config))

    def get_resource_type(
        self, region_name: str | None = None, config: Any = None, resource_type: str | None = None, **_: Any
    ) -> Any:
        service = resource_type or self.resource_type
        if service is None:
            service, region_name = region_name, None
        if service is None:
            raise ValueError("Either client_type=... or resource_type=... must be provided.")
        return runtime.current().resource(service, **self._arguments(region_name, config))

    def get_session(self, region_name: str | None = None, deferrable: bool = False) -> Any:  # noqa: ARG002
        """A boto3 session with the connection's credentials."""
        return runtime.current().session(**self._arguments(region_name, None))

    def get_credentials(self, region_name: str | None = None) -> Any:
        """access_key, secret_key and token, as they are now."""
        return self.get_session(region_name).get_credentials().get_frozen_credentials()

    @property
    def account_id(self) -> str:
        return str(self.get_client_type(client_type="sts").get_caller_identity()["Account"])

    def expand_role(self, role: str, region_name: str | None = None) -> str:
        """The ARN of a role given by name; an ARN stays as it is."""
        if "/" in role:
            return role
        return str(self.get_client_type(region_name, client_type="iam").get_role(RoleName=role)["Role"]["Arn"])

    @property
    def conn_client_meta(self) -> Any:
        return self.conn.meta if self.client_type else self.conn.meta.client.meta

    @property
    def conn_partition(self) -> str:
        return str(self.conn_client_meta.partition)

    @cached_property
    def conn(self) -> Any:
        return self.get_client_type() if self.client_type else self.get_resource_type()

    def get_conn(self) -> Any:
        return self.conn

    def get_waiter(self, waiter_name: str, client: Any = None) -> Any:
        """One of boto3's waiters. Raises ValueError for one that only Airflow's provider defines."""
        client = client or self.conn
        if waiter_name not in client.waiter_names:
            known = ", ".join(sorted(client.waiter_names))
            raise ValueError(
                f"boto3 has no waiter {waiter_name!r} for {self.service_name} (it has {known or 'none'}); "
                "use the service's sensor, or ask in @task.sensor"
            )
        return client.get_waiter(waiter_name)

    def __getattr__(self, name: str) -> Any:
        """Airflow's thin hooks have no methods of their own: point at the client."""
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}; call it on the boto3 client: hook.get_conn()"
        )


class AwsGenericHook(AwsBaseHook):
    """Airflow's generic name of the same."""


class SqsHook(AwsBaseHook):
    """Amazon SQS."""

    service = "sqs"

    def create_queue(self, queue_name: str, attributes: dict[str, str] | None = None) -> Any:
        return self.get_conn().create_queue(QueueName=queue_name, Attributes=attributes or {})

    def send_message(
        self,
        queue_url: str,
        message_body: str,
        delay_seconds: int = 0,
        message_attributes: dict[str, Any] | None = None,
        message_group_id: str | None = None,
        message_deduplication_id: str | None = None,
    ) -> Any:
        arguments: dict[str, Any] = {
            "QueueUrl": queue_url,
            "MessageBody": message_body,
            "DelaySeconds": delay_seconds,
            "MessageAttributes": message_attributes or {},
        }
        if message_group_id:
            arguments["MessageGroupId"] = message_group_id
        if message_deduplication_id:
            arguments["MessageDeduplicationId"] = message_deduplication_id
        return self.get_conn().send_message(**arguments)


class SnsHook(AwsBaseHook):
    """Amazon SNS."""

    service = "sns"

    def publish_to_target(
        self,
        target_arn: str,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        message_deduplication_id: str | None = None,
        message_group_id: str | None = None,
    ) -> Any:
        """Publish to a topic or an endpoint. message_attributes: name → bytes, str, number or list."""
        import json

        given = {
            "TargetArn": target_arn,
            "MessageStructure": "json",
            "Message": json.dumps({"default": message}),
            "Subject": subject,
            "MessageDeduplicationId": message_deduplication_id,
            "MessageGroupId": message_group_id,
            "MessageAttributes": {name: _attribute(value) for name, value in (message_attributes or {}).items()}
            or None,
        }
        return self.get_conn().publish(**{name: value for name, value in given.items() if value is not None})


def _attribute(value: Any) -> dict[str, Any]:
    """A message attribute of SNS, by the type of its value."""
    import json

    match value:
        case bytes():
            return {"DataType": "Binary", "BinaryValue": value}
        case str():
            return {"DataType": "String", "StringValue": value}
        case int() | float():
            return {"DataType": "Number", "StringValue": str(value)}
        case list() | tuple():
            return {"DataType": "String.Array", "StringValue": json.dumps(value)}
    raise TypeError(
        f"Values in MessageAttributes must be one of bytes, str, int, float, or iterable; got {type(value)}"
    )


class StsHook(AwsBaseHook):
    """AWS STS."""

    service = "sts"

    def get_account_number(self) -> str:
        return str(self.get_conn().get_caller_identity()["Account"])
