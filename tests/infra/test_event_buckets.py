"""Buckets that send their events: a rule of the platform, and what a DAG whose sensors wait for them may do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dag_translator.account import Account
from dag_translator.errors import UsageError
from infra.settings import Settings
from tests.infra.conftest import synthesised
from tests.infra.project import Cloud, definition, invoke, manifest

PLATFORM = "airstep-platform"
BUCKETS = ["lake", *(f"inbox-{number:02}" for number in range(30))]


@pytest.fixture(scope="module")
def cloud(trees: Path) -> Cloud:
    from infra.stacks import Source

    settings = Settings.read({"s3EventBuckets": BUCKETS, "dagsFolder": str(trees / "dags")}.get)
    machine, file = definition(a=invoke("TaskFunction")), trees / "dags/other.py"
    sources = [
        Source(file, machine, manifest("one", watches=["lake"])),
        Source(file, machine, manifest("any", watches=["*"])),
        Source(file, machine, manifest("none")),
    ]
    names = (PLATFORM, "airstep-one", "airstep-any", "airstep-none")
    return synthesised(trees, replace(settings, cache_folder=trees / "cache"), sources, "buckets.out", names)


def watchers(cloud: Cloud, stack: str) -> list[Any]:
    policies = [each["PolicyDocument"]["Statement"] for each in cloud.resources(stack, "AWS::IAM::Policy")]
    return [each for statements in policies for each in statements if each.get("Sid") == "Watchers"]


def test_new_objects_of_these_buckets_call_the_signal_function(cloud: Cloud) -> None:
    rules = [each for each in cloud.resources(PLATFORM, "AWS::Events::Rule") if "object-created" in each["Name"]]
    assert len(rules) == 2  # an event pattern has up to 2,048 characters
    for rule in rules:
        assert (rule["EventPattern"]["source"], rule["EventPattern"]["detail-type"]) == (["aws.s3"], ["Object Created"])
        (target,) = rule["Targets"]
        assert target["Arn"]["Fn::GetAtt"][0].startswith("Signal")
    named = [name for rule in rules for name in rule["EventPattern"]["detail"]["bucket"]["name"]]
    assert named == sorted(BUCKETS)
    permissions = cloud.resources(PLATFORM, "AWS::Lambda::Permission")
    called = [each for each in permissions if each["FunctionName"]["Fn::GetAtt"][0].startswith("Signal")]
    assert [each["Principal"] for each in called] == ["events.amazonaws.com"] * 2


def test_a_dag_announces_its_sensors_in_the_buckets_that_it_watches_and_writes_nothing_else_there(cloud: Cloud) -> None:
    (statement,) = watchers(cloud, "airstep-one")
    assert statement["Action"] == "dynamodb:PutItem"
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["objects/lake"]}}
    (statement,) = watchers(cloud, "airstep-any")
    keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
    assert keys == sorted(f"objects/{name}" for name in BUCKETS)
    assert watchers(cloud, "airstep-none") == []


def test_only_functions_that_watch_know_the_buckets(cloud: Cloud) -> None:
    def told(stack: str) -> Any:
        return cloud.one(stack, "AWS::Lambda::Function")["Environment"]["Variables"].get("AIRSTEP_S3_EVENT_BUCKETS")

    assert (told("airstep-any"), told("airstep-none")) == (" ".join(BUCKETS), None)


def test_the_translator_is_told_of_them() -> None:
    assert Settings.read({"s3EventBuckets": "lake, inbox"}.get).account == Account(event_buckets=("lake", "inbox"))
    with pytest.raises(UsageError, match="'s3://lake' is not the name of a bucket"):
        Settings.read({"s3EventBuckets": ["s3://lake"]}.get)
