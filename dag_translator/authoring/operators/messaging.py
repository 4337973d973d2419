"""Operators that send one message: SNS, SQS, EventBridge. A call each, in Lambda."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import SnsHook, SqsHook
from dag_translator.authoring.hooks.clients import EventBridgeHook
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields


class SnsPublishOperator(AwsBaseOperator):
    """Publishes `message` to a topic or an endpoint; the XCom is SNS's answer.

    message_attributes: a flat dict; the data type follows from the type of the value.
    """

    template_fields: Any = aws_template_fields(
        *("target_arn", "message", "subject", "message_attributes", "message_deduplication_id", "message_group_id")
    )
    template_fields_renderers: Any = {"message_attributes": "json"}  # noqa: RUF012
    aws_hook_class = SnsHook

    def __init__(
        self,
        *,
        target_arn: str,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        message_deduplication_id: str | None = None,
        message_group_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.target_arn = target_arn
        self.message = message
        self.subject = subject
        self.message_attributes = message_attributes
        self.message_deduplication_id = message_deduplication_id
        self.message_group_id = message_group_id

    def execute(self, context: Any) -> Any:  # noqa: ARG002
        return self.hook.publish_to_target(
            target_arn=self.target_arn,
            message=self.message,
            subject=self.subject,
            message_attributes=self.message_attributes,
            message_deduplication_id=self.message_deduplication_id,
            message_group_id=self.message_group_id,
        )


class SqsPublishOperator(AwsBaseOperator):
    """Sends a message to the queue with this URL; the XCom is SQS's answer. message_attributes: as SendMessage's."""

    template_fields: Any = aws_template_fields(
        *("sqs_queue", "message_content", "delay_seconds", "message_attributes", "message_group_id"),
        "message_deduplication_id",
    )
    template_fields_renderers: Any = {"message_attributes": "json"}  # noqa: RUF012
    aws_hook_class = SqsHook
    ui_color = "#6ad3fa"

    def __init__(
        self,
        *,
        sqs_queue: str,
        message_content: str,
        message_attributes: dict[str, Any] | None = None,
        delay_seconds: int = 0,
        message_group_id: str | None = None,
        message_deduplication_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sqs_queue = sqs_queue
        self.message_content = message_content
        self.delay_seconds = delay_seconds
        self.message_attributes = message_attributes or {}
        self.message_group_id = message_group_id
        self.message_deduplication_id = message_deduplication_id

    def execute(self, context: Any) -> Any:  # noqa: ARG002
        return self.hook.send_message(
            queue_url=self.sqs_queue,
            message_body=self.message_content,
            delay_seconds=int(self.delay_seconds),
            message_attributes=self.message_attributes,
            message_group_id=self.message_group_id,
            message_deduplication_id=self.message_deduplication_id,
        )


class EventBridgePutEventsOperator(AwsBaseOperator):
    """Puts events on EventBridge; the XCom is the list of their ids. entries: as PutEvents'."""

    template_fields: Any = aws_template_fields("entries", "endpoint_id")
    aws_hook_class = EventBridgeHook

    def __init__(self, *, entries: list[dict[str, Any]], endpoint_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entries = entries
        self.endpoint_id = endpoint_id

    def execute(self, context: Any) -> list[str]:  # noqa: ARG002
        endpoint = {"EndpointId": self.endpoint_id} if self.endpoint_id else {}
        answer = self.hook.get_conn().put_events(Entries=self.entries, **endpoint)
        if answer.get("FailedEntryCount"):
            for entry in answer["Entries"]:
                if "ErrorCode" in entry:
                    self.log.error(entry)
            raise AirflowException(f"{answer['FailedEntryCount']} entries in this request have failed to send.")
        return [entry["EventId"] for entry in answer["Entries"]]
