"""What hooks hand out: sessions, credentials, boto3's objects."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from dag_translator.authoring import runtime
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.hooks.http import HttpHook
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.hooks.service_states import EmrHook, MwaaHook, NeptuneHook, RedshiftHook
from dag_translator.authoring.hooks.services import DynamoDBHook, SecretsManagerHook, SsmHook
from dag_translator.authoring.names.amazon_hooks import YIELDING
from lambdas.aws import Clients
from lambdas.backends import AwsLender
from tests.operators.aws_fake import Failure, FakeAws
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


def test_clients_of_services() -> None:
    """Each class of the table makes a client of a service that botocore knows."""
    import botocore.session

    known = set(botocore.session.get_session().get_available_services())
    for target in sorted(YIELDING):
        module, _, name = target.partition(":")
        kind = getattr(importlib.import_module(f"dag_translator.authoring.{module}"), name)
        hook = kind("stream") if name == "FirehoseHook" else kind()
        assert hook.service_name in known, name


def test_parameters_and_secrets(lent: Lender) -> None:
    lent.client("ssm").put_parameter(Name="p", Value="secret text", Type="SecureString")
    assert SsmHook().get_parameter_value("p") == "secret text"
    assert runtime.current().masker.redact("it is secret text") == "it is ***"
    assert SsmHook().get_parameter_value("none", default="d") == "d"
    with pytest.raises(SsmHook().conn.exceptions.ParameterNotFound):
        SsmHook().get_parameter_value("none")
    lent.client("secretsmanager").create_secret(Name="s", SecretString='{"a": 1}')
    assert SecretsManagerHook().get_secret("s") == '{"a": 1}'
    assert SecretsManagerHook().get_secret_as_dict("s") == {"a": 1}


def test_items_of_a_table(lent: Lender) -> None:
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    kinds = [{"AttributeName": "id", "AttributeType": "S"}]
    client = lent.client("dynamodb")
    client.create_table(TableName="t", KeySchema=keys, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")
    hook = DynamoDBHook(table_name="t", table_keys=["id"])
    assert hook.write_batch_data([{"id": "a", "n": 1}, {"id": "a", "n": 2}])
    assert hook.conn.Table("t").get_item(Key={"id": "a"})["Item"]["n"] == 2
    with pytest.raises(AirflowException, match="Failed to insert items"):
        DynamoDBHook(table_name="none").write_batch_data([{"id": "a"}])


def test_states(no_sleep: None) -> None:
    clusters = [{"DBClusters": [{"Status": each}]} for each in ("starting", "available", "stopping", "cloning-failed")]
    aws = FakeAws(
        {
            "redshift:DescribeClusters": [{"Clusters": [{"ClusterStatus": "paused"}]}, Failure("ClusterNotFound")],
            "emr:ListClusters": {"Clusters": [{"Id": "j-1", "Name": "a"}, {"Id": "j-2", "Name": "b"}]},
            "neptune:DescribeDBClusters": clusters,
            "mwaa:InvokeRestApi": {"RestApiStatusCode": 200, "RestApiResponse": {"dags": []}},
        }
    )
    with runtime.use(aws):
        redshift = RedshiftHook()
        assert [redshift.cluster_status("c"), redshift.cluster_status("c")] == ["paused", "cluster_not_found"]
        assert [EmrHook().get_cluster_id_by_name(name, []) for name in ("b", "c")] == ["j-2", None]
        assert NeptuneHook().wait_for_cluster_availability("c", delay=1) == "available"
        with pytest.raises(AirflowException, match="cloning-failed"):
            NeptuneHook().wait_for_cluster_stopped("c", delay=1)
        answer = MwaaHook().invoke_rest_api("e", "/dags", "GET", {"a": None})
        assert answer == {"RestApiStatusCode": 200, "RestApiResponse": {"dags": []}}
    assert aws.asked("mwaa:InvokeRestApi")[0]["Body"] == {}


def test_waiters(lent: Lender) -> None:
    hook = AwsBaseHook(client_type="s3")
    assert hook.get_waiter("bucket_exists").name == "BucketExists"
    with pytest.raises(ValueError, match=r"no waiter 'session_idle'.*use the service's sensor"):
        hook.get_waiter("session_idle")
