"""What a DAG's stack has because of assets."""

from __future__ import annotations

import json
import re
from typing import Any

from infra.asset_rules import input_template, patterns
from infra.permissions import asset_rows
from tests.infra.project import CONSUMER, Cloud, manifest
from tests.infra.test_stacks import PLATFORM, text

STACK = "airstep-consumer"


def test_rules_match_every_asset_within_the_limits(asset_cloud: Cloud) -> None:
    rules = asset_cloud.resources(STACK, "AWS::Events::Rule")
    found: list[str] = []
    for number, rule in enumerate(rules, 1):
        assert rule["Name"] == f"airstep-asset-consumer-{number}"
        given = rule["EventPattern"]
        assert (given["source"], given["detail-type"]) == (["airstep"], ["AssetUpdated"])
        assert len(json.dumps(given)) <= 2048
        found += given["detail"].get("asset", {}).get("uri", [])
    assert found == [f"s3://bucket/{n:0200}" for n in range(15)]
    details = [rule["EventPattern"]["detail"] for rule in rules]
    assert details[-2:] == [{"asset": {"name": ["b"]}}, {"aliases": ["x"]}]


def test_the_dispatcher_gets_the_spec_and_the_event(asset_cloud: Cloud) -> None:
    for rule in asset_cloud.resources(STACK, "AWS::Events::Rule"):
        (target,) = rule["Targets"]
        assert text(target["Arn"]).endswith(":function:airstep-dispatcher")
        assert text(target["DeadLetterConfig"]["Arn"]).endswith(":airstep-dead-letters")
        assert target["InputTransformer"]["InputPathsMap"] == {"detail": "$.detail", "id": "$.id", "time": "$.time"}
        template = text(target["InputTransformer"]["InputTemplate"])
        assert len(template) < 8192
        # EventBridge takes every <name> for a variable.
        filled = re.sub(r"<(detail|id|time)>", r'{"is": "\1"}', template)
        assert set(re.findall(r"<(\w+)>", template)) == {"detail", "id", "time", "StateMachine"}
        event = json.loads(filled)
        assert event["assets"] == CONSUMER["schedule"]["spec"]["assets"]
        assert (event["dag_id"], event["is_paused_upon_creation"]) == ("consumer", True)
        assert event["asset_event"] == {"is": "detail"}
        assert (event["event_id"], event["event_time"]) == ({"is": "id"}, {"is": "time"})


def test_one_permission_serves_all_rules(asset_cloud: Cloud) -> None:
    permissions = asset_cloud.resources(PLATFORM, "AWS::Lambda::Permission")
    (ours,) = [each for each in permissions if "rule/airstep-asset-*" in text(each["SourceArn"])]
    assert ours["Principal"] == "events.amazonaws.com"
    assert asset_cloud.resources(STACK, "AWS::Lambda::Permission") == []


def test_the_command_is_told_which_assets_there_are(asset_cloud: Cloud) -> None:
    parameters = asset_cloud.resources(STACK, "AWS::SSM::Parameter")
    lists = [each for each in parameters if each["Name"].startswith("/airstep/assets/consumer/")]
    assert len(lists) > 1
    assert all(len(each["Value"]) <= 4096 for each in lists)
    rows = [row for each in lists for row in json.loads(each["Value"])["assets"]]
    assert [row["role"] for row in rows].count("schedule") == 17
    assert {"role": "schedule", "alias": "x"} in rows
    assert rows[0] == {"role": "outlets", **CONSUMER["assets"]["outlets"][0]}


def test_a_dag_without_assets_has_nothing_of_it(asset_cloud: Cloud) -> None:
    assert asset_cloud.resources("airstep-other", "AWS::Events::Rule") == []
    names = [each["Name"] for each in asset_cloud.resources("airstep-other", "AWS::SSM::Parameter")]
    assert not [name for name in names if "assets" in name]
    assert asset_rows(manifest("other"), "table") == []


def test_tasks_reach_the_histories_of_their_own_assets() -> None:
    outlets, inlets = (statement.to_statement_json() for statement in asset_rows(CONSUMER, "table"))

    def keys(statement: Any) -> Any:
        return statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]

    assert keys(outlets) == ["asset/s3://bucket/?out?"]  # `*` and `$` mean something to IAM
    assert "dynamodb:PutItem" in outlets["Action"]
    assert keys(inlets) == ["asset/s3://bucket/in"]
    assert "dynamodb:PutItem" not in inlets["Action"]
    alias = manifest("d", assets={"outlets": [{"task_id": "t", "alias": "x"}, CONSUMER["assets"]["outlets"][0]]})
    (any_asset,) = (statement.to_statement_json() for statement in asset_rows(alias, "table"))
    assert keys(any_asset) == ["asset-alias/x", "asset/*"]


def test_patterns_of_one_asset_named_twice() -> None:
    a = {"asset": {"name": "a", "uri": "s3://a"}}
    assert list(patterns({"all": [a, {"any": [a, {"asset_ref": {"uri": "s3://a"}}]}]})) == [
        {"asset": {"uri": ["s3://a"]}}
    ]


def test_the_template_escapes_what_would_be_a_variable() -> None:
    template = input_template({"a": "<b>"})
    assert "<b>" not in template
    assert json.loads(re.sub(r"<\w+>", "1", template))["a"] == "<b>"
