"""The sensor on messages in a queue of Amazon SQS."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant
from dag_translator.authoring.aws.sensor import ServiceSensorTask
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields, refuse


class SqsSensor(ServiceSensorTask):
    """Done when messages are there; they are the XCom `messages`. message_filtering: None or "literal"."""

    template_fields: Any = aws_template_fields("sqs_queue", "max_messages", "message_filtering_config")
    service = "sqs"
    watch = Watch(
        "sqs", "ReceiveMessage", "Messages", grants=(grant("sqs:ReceiveMessage sqs:DeleteMessage", "sqs:{here}:*"),)
    )

    def __init__(
        self,
        *,
        sqs_queue: str,
        max_messages: int = 5,
        num_batches: int = 1,
        wait_time_seconds: int = 1,
        visibility_timeout: int | None = None,
        message_filtering: str | None = None,
        message_filtering_match_values: Any = None,
        message_filtering_config: Any = None,
        delete_message_on_reception: bool = True,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if message_filtering not in (None, "literal"):
            refuse(f"SqsSensor: message_filtering={message_filtering!r}", "filter the XCom `messages` in a @task")
        if message_filtering == "literal" and message_filtering_match_values is None:
            raise TypeError("message_filtering_match_values must be specified for literal matching")
        self.sqs_queue = sqs_queue
        self.max_messages = max_messages
        self.num_batches = num_batches
        self.wait_time_seconds = wait_time_seconds
        self.visibility_timeout = visibility_timeout
        self.message_filtering = message_filtering
        self.message_filtering_match_values = message_filtering_match_values
        self.message_filtering_config = message_filtering_config
        self.delete_message_on_reception = delete_message_on_reception
        self.deferrable = deferrable

    def arguments(self) -> dict[str, Any]:
        return {
            "QueueUrl": self.sqs_queue,
            "MaxNumberOfMessages": int(self.max_messages),
            "WaitTimeSeconds": self.wait_time_seconds,
            "VisibilityTimeout": self.visibility_timeout,
        }

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        self.messages = [message for _ in range(self.num_batches) for message in self._batch(handle)]
        return ("success" if self.messages else "running"), f"{len(self.messages)} messages"

    def found(self, context: Any) -> None:
        context["ti"].xcom_push(key="messages", value=self.messages)

    def _batch(self, request: dict[str, Any]) -> list[Any]:
        found = self.call("ReceiveMessage", request).get("Messages", [])
        if self.message_filtering:
            found = [message for message in found if message["Body"] in self.message_filtering_match_values]
        if found and self.delete_message_on_reception:
            entries = [{"Id": each["MessageId"], "ReceiptHandle": each["ReceiptHandle"]} for each in found]
            answer = self.call("DeleteMessageBatch", {"QueueUrl": self.sqs_queue, "Entries": entries})
            if "Successful" not in answer:
                raise AirflowException(f"Delete SQS Messages failed {answer} for messages {found}")
        return found
