"""SqsSensor: waits for messages of a queue, takes them off it, and hands them on as the XCom "messages"."""

from __future__ import annotations

import importlib
import json
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import SqsHook
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.sensors.aws import AwsBaseSensor


class SqsSensor(AwsBaseSensor):
    """Done when a poke receives messages that pass the filter.

    A poke makes num_batches calls for max_messages (at most 10) each. message_filtering: "literal" (the body is one of
    message_filtering_match_values), "jsonpath" or "jsonpath-ext" (message_filtering_config is the expression; needs the
    package jsonpath-ng). Messages that do not pass become visible again after the queue's visibility timeout.
    """

    template_fields: Any = aws_template_fields("sqs_queue", "max_messages", "message_filtering_config")
    aws_hook_class = SqsHook

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
        if message_filtering == "literal" and message_filtering_match_values is None:
            raise TypeError("message_filtering_match_values must be specified for literal matching")
        self.sqs_queue = sqs_queue
        self.max_messages = max_messages
        self.num_batches = num_batches
        self.wait_time_seconds = wait_time_seconds
        self.visibility_timeout = visibility_timeout
        self.message_filtering = message_filtering
        values = message_filtering_match_values
        self.message_filtering_match_values = None if values is None else set(values)
        self.message_filtering_config = message_filtering_config
        self.delete_message_on_reception = delete_message_on_reception
        self.deferrable = deferrable

    def poke(self, context: Any) -> bool:
        batch: list[Any] = []
        for _ in range(self.num_batches):
            if messages := self.filter_messages(self._receive()):
                batch += messages
                if self.delete_message_on_reception:
                    self._delete(messages)
        if batch:
            context["ti"].xcom_push(key="messages", value=batch)
        return bool(batch)

    def _receive(self) -> list[dict[str, Any]]:
        self.log.info("SqsSensor checking for message on queue: %s", self.sqs_queue)
        visibility = {} if self.visibility_timeout is None else {"VisibilityTimeout": self.visibility_timeout}
        answer = self.hook.conn.receive_message(
            QueueUrl=self.sqs_queue,
            MaxNumberOfMessages=int(self.max_messages),
            WaitTimeSeconds=self.wait_time_seconds,
            **visibility,
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        self.log.info("Received %d messages", len(found))
        return found

    def filter_messages(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that count. A subclass may filter by methods of its own."""
        match self.message_filtering:
            case None:
                return messages
            case "literal":
                wanted = self.message_filtering_match_values or ()
                return [message for message in messages if message["Body"] in wanted]
            case "jsonpath" | "jsonpath-ext":
                return [message for message in messages if self._matches(json.loads(message["Body"]))]
        raise NotImplementedError("Override this method to define custom filters")

    def _matches(self, body: Any) -> bool:
        # A package of the user's requirements.
        module = "jsonpath_ng" if self.message_filtering == "jsonpath" else "jsonpath_ng.ext"
        parse = importlib.import_module(module).parse
        found = [each.value for each in parse(self.message_filtering_config).find(body)]
        wanted = self.message_filtering_match_values
        return bool(found) and (wanted is None or any(value in wanted for value in found))

    def _delete(self, messages: list[dict[str, Any]]) -> None:
        self.log.info("Deleting %d messages", len(messages))
        entries = [{"Id": each["MessageId"], "ReceiptHandle": each["ReceiptHandle"]} for each in messages]
        answer = self.hook.conn.delete_message_batch(QueueUrl=self.sqs_queue, Entries=entries)
        if "Successful" not in answer:
            raise AirflowException(f"Delete SQS Messages failed {answer} for messages {messages}")
