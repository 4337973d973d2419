"""Operators that send a message, against SNS, SQS and EventBridge in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.operators.conftest import Lender, Project

IMPORTS = """
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.providers.amazon.aws.operators.sqs import SqsPublishOperator
from airflow.providers.amazon.aws.operators.eventbridge import EventBridgePutEventsOperator
"""


@pytest.fixture
def queue(aws: Lender) -> str:
    return str(aws.client("sqs").create_queue(QueueName="q")["QueueUrl"])


def received(aws: Lender, queue: str) -> dict[str, Any]:
    (message,) = aws.client("sqs").receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    return dict(message)


def test_sqs(project: Project, aws: Lender, queue: str) -> None:
    text = f"""
SqsPublishOperator(task_id="send", sqs_queue="{queue}", message_content="day {{{{ ds }}}}", dag=dag,
                   message_attributes={{"a": {{"DataType": "String", "StringValue": "{{{{ run_id }}}}"}}}})
"""
    result = project.run(IMPORTS + text, lender=aws)
    message = received(aws, queue)
    assert message["Body"] == "day 2024-01-15"
    assert message["MessageAttributes"]["a"]["StringValue"].startswith("manual__")
    assert result.xcoms["send"]["return_value"]["MessageId"] == message["MessageId"]


def test_sns(project: Project, aws: Lender, queue: str) -> None:
    topic = aws.client("sns").create_topic(Name="t")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:q")
    text = f"""
SnsPublishOperator(task_id="send", target_arn="{topic}", message="day {{{{ ds }}}}", subject="s", dag=dag,
                   message_attributes={{"n": 1, "b": "x", "l": ["y"]}})
"""
    result = project.run(IMPORTS + text, lender=aws)
    told = json.loads(received(aws, queue)["Body"])
    assert (told["Message"], told["Subject"]) == ("day 2024-01-15", "s")
    assert told["MessageAttributes"]["n"] == {"Type": "Number", "Value": "1"}
    assert told["MessageAttributes"]["l"] == {"Type": "String.Array", "Value": '["y"]'}
    assert result.xcoms["send"]["return_value"]["MessageId"] == told["MessageId"]


EVENTS = 'EventBridgePutEventsOperator(task_id="send", dag=dag, entries={})'


def test_eventbridge(project: Project, aws: Lender) -> None:
    entries = '[{"Source": "me", "DetailType": "t", "Detail": "{\\"day\\": \\"{{ ds }}\\"}"}]'
    result = project.run(IMPORTS + EVENTS.format(entries), lender=aws)
    assert len(result.xcoms["send"]["return_value"]) == 1
    result = project.run(IMPORTS + EVENTS.format('[{"Source": "me", "DetailType": "t"}]'), lender=aws)
    assert result.errors["send"] == "1 entries in this request have failed to send."


def test_permissions(project: Project, actions: Any) -> None:
    def of(text: str) -> dict[str, list[str]]:
        rows = project.translate(IMPORTS + text).manifest["task_permissions"]
        return {name: found for name, found in actions(rows).items() if name[:3] in ("sns", "sqs", "eve")}

    here = "${AWS::Region}:${AWS::AccountId}"
    sqs = 'SqsPublishOperator(task_id="t", message_content="", dag=dag, sqs_queue="{}")'
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    assert of(sqs.format(url)) == {"sqs:SendMessage": ["arn:${AWS::Partition}:sqs:eu-west-1:123456789012:orders"]}
    assert of(sqs.format("{{ var.value.q }}")) == {"sqs:SendMessage": [f"arn:${{AWS::Partition}}:sqs:{here}:*"]}
    sns = 'SnsPublishOperator(task_id="t", message="", dag=dag, target_arn="arn:aws:sns:eu-west-1:1:t")'
    assert of(sns) == {"sns:Publish": ["arn:aws:sns:eu-west-1:1:t"]}
    bus = f"arn:${{AWS::Partition}}:events:{here}:event-bus"
    assert of(EVENTS.format('[{"EventBusName": "b"}, {}]')) == {"events:PutEvents": [f"{bus}/b", f"{bus}/default"]}
