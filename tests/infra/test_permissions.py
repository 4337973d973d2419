"""IAM statements made of a manifest's permissions."""

from __future__ import annotations

from typing import Any

from infra.permissions import rows_of_other_dags, statements, xcoms_of_other_dags


def test_statements_are_joined_by_resources_and_condition() -> None:
    passed = {"StringLike": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    rows: list[dict[str, Any]] = [
        {"actions": ["glue:StartJobRun"], "resources": ["arn:a"], "reason": "x"},
        {"actions": ["glue:GetJobRun"], "resources": ["arn:a"], "reason": "y"},
        {"actions": ["iam:PassRole"], "resources": ["arn:a"], "reason": "x", "condition": passed},
    ]
    conditional, plain = (each.to_statement_json() for each in statements(rows))
    assert plain["Action"] == ["glue:GetJobRun", "glue:StartJobRun"]
    assert "Condition" not in plain
    assert (conditional["Action"], conditional["Condition"]) == ("iam:PassRole", passed)


def test_rows_of_other_dags_are_read_only() -> None:
    statement = rows_of_other_dags("arn:t", ["etl", "매출"]).to_statement_json()
    assert statement["Action"] == ["dynamodb:GetItem", "dynamodb:Query"]
    keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert keys == ["dag/etl", "etl/*", "dag/??", "??/*"]
    xcoms = xcoms_of_other_dags("arn:b", ["etl", "*"]).to_statement_json()
    assert (xcoms["Action"], xcoms["Resource"]) == ("s3:GetObject", ["arn:b/xcom/etl/*", "arn:b/xcom/*/*"])
    anything = rows_of_other_dags("arn:t", ["*"]).to_statement_json()["Condition"]["ForAllValues:StringLike"]
    assert anything == {"dynamodb:LeadingKeys": ["dag/*", "*/*"]}
