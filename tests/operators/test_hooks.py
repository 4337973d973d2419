"""What hooks hand out: sessions, credentials, boto3's objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dag_translator.authoring import runtime
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.hooks.http import HttpHook
from dag_translator.authoring.hooks.s3 import S3Hook
from lambdas.aws import Clients
from lambdas.backends import AwsLender
from tests.operators.conftest import Lender


@pytest.fixture
def lent(aws: Lender) -> Iterator[Lender]:
    import boto3

    boto3.client("s3").create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with runtime.use(AwsLender(Clients())):
        yield aws


def test_sessions_and_credentials(lent: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = AwsBaseHook(client_type="s3", region_name="eu-central-1")
    session = hook.get_session()
    assert session.region_name == "eu-central-1"
    assert session.client("s3").meta.region_name == "eu-central-1"
    assert hook.get_credentials().access_key
    assert (hook.account_id, hook.conn_partition) == ("123456789012", "aws")
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": {"region_name": "us-west-2"}}
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps(connection))
    mine = AwsBaseHook("mine", client_type="s3")
    assert mine.get_credentials()[:2] == ("key", "secret")
    assert mine.get_session().region_name == "us-west-2"


def test_expand_role(lent: Lender) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    arn = lent.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    hook = AwsBaseHook(client_type="s3")
    assert (hook.expand_role("r"), hook.expand_role(arn)) == (arn, arn)


def test_s3_objects(lent: Lender) -> None:
    hook = S3Hook()
    hook.load_string("one", "day/1.csv", "bkt")
    assert hook.get_key("day/1.csv", "bkt").get()["Body"].read() == b"one"
    assert hook.get_key("s3://bkt/day/1.csv").key == "day/1.csv"
    assert hook.get_wildcard_key("day/*.csv", "bkt").key == "day/1.csv"
    assert hook.get_wildcard_key("day/*.txt", "bkt") is None
    assert hook.check_for_wildcard_key("s3://bkt/day/[0-9].csv")
    assert [each.key for each in hook.get_bucket("bkt").objects.all()] == ["day/1.csv"]
    assert hook.check_for_prefix("day", "/", "bkt")
    assert not hook.check_for_prefix(bucket_name="bkt", prefix="night", delimiter="/")


def test_bucket_tags(lent: Lender) -> None:
    hook = S3Hook()
    hook.put_bucket_tagging({"a": "1"}, key="b", value="2", bucket_name="bkt")
    assert hook.get_bucket_tagging("bkt") == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    with pytest.raises(ValueError, match="go together"):
        hook.put_bucket_tagging(key="b", bucket_name="bkt")
    hook.delete_bucket_tagging("bkt")


def test_http_session(monkeypatch: pytest.MonkeyPatch) -> None:
    connection: dict[str, Any] = {"conn_type": "http", "host": "x.org", "schema": "https", "login": "me"}
    connection["extra"] = {"X-Team": "data", "timeout": 3}
    monkeypatch.setenv("AIRFLOW_CONN_HTTP_DEFAULT", json.dumps(connection))
    hook = HttpHook("GET")
    session = hook.get_conn({"Accept": "text/plain"})
    assert (session.headers["X-Team"], session.headers["Accept"]) == ("data", "text/plain")
    assert "timeout" not in session.headers
    assert (hook.base_url, session.auth.username) == ("https://x.org", "me")
    session.close()
