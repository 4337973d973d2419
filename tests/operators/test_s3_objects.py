"""S3ReadObjectOperator, S3CopyPrefixOperator, S3FileTransformOperator."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.operators.aws_fake import Failure, FakeAws
from tests.operators.conftest import Project

TEXT = """
from airflow.providers.amazon.aws.operators.s3 import {name}
{name}(task_id="t", dag=dag, {arguments})
"""
COPY = 'source_bucket_prefix="s3://from/a/", dest_bucket_prefix="b/", dest_bucket_name="onto"'


def text(name: str, arguments: str) -> str:
    return TEXT.format(name=name, arguments=arguments)


def test_read(project: Project, actions: Any) -> None:
    aws = FakeAws({"s3:GetObject": lambda _request: {"Body": BytesIO(b"hello")}})
    written = text("S3ReadObjectOperator", 's3_key="s3://bucket/{{ ds }}.txt"')
    result = project.run(written, aws.services, aws)
    assert result.xcoms["t"]["return_value"] == "hello"
    assert aws.asked("s3:GetObject") == [{"Bucket": "bucket", "Key": "2024-01-15.txt"}]
    granted = actions(project.translate(written).manifest["task_permissions"])
    assert granted["s3:GetObject"] == ["arn:${AWS::Partition}:s3:::bucket/*"]


def test_copy(project: Project, actions: Any) -> None:
    listed = {"Contents": [{"Key": "a/1"}, {"Key": "a/b/2"}]}
    aws = FakeAws({"s3:ListObjectsV2": listed, "s3:CopyObject": {}})
    written = text("S3CopyPrefixOperator", COPY)
    assert project.run(written, aws.services, aws).tasks == {"t": "success"}
    assert [(each["CopySource"]["Key"], each["Key"]) for each in aws.asked("s3:CopyObject")] == [
        ("a/1", "b/1"),
        ("a/b/2", "b/b/2"),
    ]
    granted = actions(project.translate(written).manifest["task_permissions"])
    assert granted["s3:PutObject"] == ["arn:${AWS::Partition}:s3:::onto/*"]
    aws = FakeAws({"s3:ListObjectsV2": listed, "s3:CopyObject": [Failure("AccessDenied"), {}]})
    result = project.run(text("S3CopyPrefixOperator", f"{COPY}, continue_on_failure=True"), aws.services, aws)
    assert result.tasks == {"t": "failed"}
    assert len(aws.asked("s3:CopyObject")) == 2
    assert "Failed to copy 1 object" in result.errors["t"]


@pytest.mark.parametrize(("script", "state"), [("tr a-z A-Z < $1 > $2; echo $3", "success"), ("exit 3", "failed")])
def test_transform(project: Project, tmp_path: Path, script: str, state: str) -> None:
    written = tmp_path / "transform.sh"
    written.write_text(f"#!/bin/sh\n{script}\n")
    written.chmod(0o755)
    aws = FakeAws(
        {
            "s3:HeadObject": [{"ContentLength": 3}, Failure("404")],
            "s3:GetObject": lambda _request: {"Body": BytesIO(b"abc"), "ContentLength": 3},
        }
    )
    made: list[bytes] = []
    # boto3's own, beyond botocore's client.
    aws.client("s3").upload_file = lambda path, *_, **__: made.append(Path(path).read_bytes())
    keys = 'source_s3_key="s3://bucket/in", dest_s3_key="s3://bucket/out", script_args=["x"]'
    given = text("S3FileTransformOperator", f'{keys}, transform_script="{written}"')
    result = project.run(given, aws.services, aws)
    assert result.tasks == {"t": state}, result.errors
    assert made == ([b"ABC"] if state == "success" else [])


def test_s3_select_is_refused(project: Project) -> None:
    written = text("S3FileTransformOperator", 'source_s3_key="s3://b/i", dest_s3_key="s3://b/o", select_expression="x"')
    _, refused = project.load(written)
    assert [each.code for each in refused.problems] == ["unsupported-argument"]
