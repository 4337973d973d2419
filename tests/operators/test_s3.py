"""Operators and the sensor on S3, against an S3 in this process."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operators.conftest import Lender, Project

IMPORTS = """
from airflow.providers.amazon.aws.operators.s3 import (
    S3CreateBucketOperator, S3DeleteBucketOperator, S3CreateObjectOperator, S3CopyObjectOperator,
    S3DeleteObjectsOperator, S3ListOperator,
)
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
"""


@pytest.fixture
def s3(aws: Lender) -> Any:
    client = aws.client("s3")
    client.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


def keys(s3: Any, bucket: str = "data") -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def test_from_a_new_bucket_to_its_end(project: Project, aws: Lender, s3: Any) -> None:
    result = project.run(
        IMPORTS
        + """
with dag:
    make = S3CreateBucketOperator(task_id="make", bucket_name="new-{{ ds_nodash }}")
    again = S3CreateBucketOperator(task_id="again", bucket_name="new-{{ ds_nodash }}")
    write = S3CreateObjectOperator(task_id="write", s3_key="s3://new-{{ ds_nodash }}/a/{{ ds }}.txt", data="{{ ds }}")
    copy = S3CopyObjectOperator(
        task_id="copy", source_bucket_key="s3://new-20240115/a/2024-01-15.txt", dest_bucket_key="b/{{ ds }}",
        dest_bucket_name="new-20240115",
    )
    listing = S3ListOperator(task_id="list", bucket="new-20240115", prefix="a/*.txt", apply_wildcard=True)
    taken = S3CreateObjectOperator(task_id="taken", s3_bucket="new-20240115", s3_key="b/2024-01-15", data=b"x")
    drop = S3DeleteBucketOperator(
        task_id="drop", bucket_name="new-20240115", force_delete=True, trigger_rule="all_done"
    )
    make >> again >> write >> copy >> listing >> taken >> drop
""",
        lender=aws,
    )
    assert result.xcoms["list"]["return_value"] == ["a/2024-01-15.txt"]
    assert result.tasks["taken"] == "failed"
    assert "already exists" in result.errors["taken"]
    assert {result.tasks[each] for each in ("make", "again", "write", "copy", "list", "drop")} == {"success"}
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["data"]


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ('keys=["a", "b/1"]', ["b/2"]),
        ('keys="a"', ["b/1", "b/2"]),
        ('prefix="b/"', ["a"]),
        ('to_datetime="{{ ds }}"', ["a", "b/1", "b/2"]),
        ('from_datetime="{{ ds }}", prefix="b/"', ["a"]),
    ],
)
def test_deleting(project: Project, aws: Lender, s3: Any, arguments: str, left: list[str]) -> None:
    for key in ("a", "b/1", "b/2"):
        s3.put_object(Bucket="data", Key=key, Body=b"1")
    text = f'S3DeleteObjectsOperator(task_id="t", bucket="data", dag=dag, {arguments})'
    assert project.run(IMPORTS + text, lender=aws).state == "success"
    assert keys(s3) == left


def test_deleting_needs_to_know_what(project: Project) -> None:
    ((_, message),) = project.refused(IMPORTS + 'S3DeleteObjectsOperator(task_id="t", bucket="data", dag=dag)')
    assert "Either keys or at least one of prefix" in message


def test_contents(project: Project, aws: Lender, s3: Any) -> None:
    text = """
S3CreateObjectOperator(task_id="t", s3_bucket="data", s3_key="k", data="söll", encoding="latin-1", compression="gzip",
                       acl_policy="private", dag=dag)
"""
    assert project.run(IMPORTS + text, lender=aws).state == "success"
    import gzip

    assert gzip.decompress(s3.get_object(Bucket="data", Key="k")["Body"].read()).decode("latin-1") == "söll"


SENSOR = "S3KeySensor(task_id='s', dag=dag, poke_interval=60, timeout=600, mode='reschedule', {})"


CHECKED = """metadata_keys=['Size', 'ContentType'], check_fn=lambda files, **context: context['ds'] == '2024-01-15'
    and len(files) == 2 and all(f['ContentType'] for f in files)"""


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ("bucket_key='s3://data/in/{{ ds }}.csv'", "success"),
        ("bucket_key=['in/2024-01-15.csv', 'in/other.csv'], bucket_name='data'", "success"),
        ("bucket_key=['in/2024-01-15.csv', 'in/absent.csv'], bucket_name='data'", "failed"),
        ("bucket_key='s3://data/in/*.csv', wildcard_match=True", "success"),
        ("bucket_key='s3://data/in/*.parquet', wildcard_match=True", "failed"),
        (r"bucket_key='in/\\d+-\\d+', bucket_name='data', use_regex=True", "success"),
        ("bucket_key='out/', bucket_name='data', use_regex=True", "failed"),
        ("bucket_key='s3://data/in/other.csv', check_fn=lambda files: files[0]['Size'] > 2", "success"),
        ("bucket_key='s3://data/in/other.csv', check_fn=lambda files: files[0]['Size'] > 3", "failed"),
        (f"bucket_key='s3://data/in/*', wildcard_match=True, {CHECKED}", "success"),
        (
            "bucket_key='s3://data/in/o*', wildcard_match=True, metadata_keys=['*'], check_fn=lambda f: 'ETag' in f[0]",
            "success",
        ),
    ],
)
def test_the_sensor(project: Project, aws: Lender, s3: Any, arguments: str, outcome: str) -> None:
    for key in ("in/2024-01-15.csv", "in/other.csv"):
        s3.put_object(Bucket="data", Key=key, Body=b"1,2")
    result = project.run(IMPORTS + SENSOR.format(arguments), lender=aws)
    assert result.tasks == {"s": outcome}
    assert (result.makespan_s >= 600) == (outcome == "failed")


def test_permissions(project: Project, actions: Any) -> None:
    def of(text: str) -> dict[str, list[str]]:
        rows = project.translate(IMPORTS + text).manifest["task_permissions"]
        return {name: found for name, found in actions(rows).items() if name.startswith(("s3:", "kms:"))}

    arn = "arn:${AWS::Partition}:s3:::"
    assert of(SENSOR.format("bucket_key='s3://data/{{ ds }}'")) == {
        "s3:GetObject": [f"{arn}data/*"],
        "s3:ListBucket": [f"{arn}data"],
    }
    assert of(SENSOR.format("bucket_key='s3://{{ var.value.b }}/x'"))["s3:GetObject"] == [f"{arn}*/*"]
    assert of(SENSOR.format("bucket_key=['s3://a/x', 's3://b/x']"))["s3:ListBucket"] == [f"{arn}a", f"{arn}b"]
    copy = of(
        "S3CopyObjectOperator(task_id='t', dag=dag, source_bucket_key='s3://a/x', dest_bucket_name='b',"
        " dest_bucket_key='y', kms_key_id='k', kms_encryption_type='aws:kms')"
    )
    assert copy["s3:GetObject"] == [f"{arn}a/*"]
    assert copy["s3:PutObject"] == [f"{arn}b/*"]
    assert copy["kms:Decrypt"] == ["arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/k"]
    assert of("S3DeleteBucketOperator(task_id='t', dag=dag, bucket_name='a')").keys() == {
        *("s3:DeleteBucket", "s3:ListBucket")
    }


def test_a_subclass_with_code_of_its_own(project: Project) -> None:
    """It is Python like any other: what it may do is not known."""
    text = """
class Mine(S3ListOperator):
    def execute(self, context):
        return 1
Mine(task_id="t", bucket="data", dag=dag)
"""
    translation = project.translate(IMPORTS + text)
    assert translation.model.by_id["t"].lowering == "BaseOperator"
