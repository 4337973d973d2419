"""Integrations with other services, optimized (`dynamodb:putItem`) and by SDK (`aws-sdk:dynamodb:putItem`)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.asl import choice, machine, pass_, task, wait
from tests.contract.cloud import Cloud, Ended


def _one(cloud: Cloud, resource: str, arguments: Any, timeout: float = 60, **more: Any) -> Ended:
    """Runs a machine of one task."""
    return cloud.run(machine({"A": task(resource, arguments, **more)}), timeout=timeout)


def _answer(cloud: Cloud, resource: str, arguments: Any, **more: Any) -> Any:
    ended = _one(cloud, resource, arguments, **more)
    assert ended.status == "SUCCEEDED", (ended.error, ended.cause)
    return ended.output


def test_sdk_update_item_and_its_error_name(cloud: Cloud) -> None:
    common = {
        "TableName": cloud.backend.table,
        "Key": {"pk": {"S": cloud.unique("key-")}},
        "UpdateExpression": "SET v = :v",
    }
    five = {**common, "ExpressionAttributeValues": {":v": {"N": "{% $string(5) %}"}}, "ReturnValues": "ALL_NEW"}
    assert _answer(cloud, "aws-sdk:dynamodb:updateItem", five)["Attributes"]["v"] == {"N": "5"}
    once = {
        **common,
        "ConditionExpression": "attribute_not_exists(pk)",
        "ExpressionAttributeValues": {":v": {"N": "6"}},
    }
    assert _one(cloud, "aws-sdk:dynamodb:updateItem", once).error == "DynamoDb.ConditionalCheckFailedException"


def test_optimized_dynamodb(cloud: Cloud) -> None:
    where = {"TableName": cloud.backend.table}
    key = {"Key": {"pk": {"S": cloud.unique("key-")}}}
    item = {**key["Key"], "v": {"N": "1"}, "n": {"NULL": True}, "b": {"BOOL": False}}
    add_one = {
        **where,
        **key,
        "UpdateExpression": "SET #v = #v + :o",
        "ExpressionAttributeNames": {"#v": "v"},
        "ExpressionAttributeValues": {":o": {"N": "1"}},
    }
    value = "{% $states.result.Item.v.N %}"
    states = {
        "P": task("dynamodb:putItem", {**where, "Item": item}, Next="U"),
        "U": task("dynamodb:updateItem", add_one, Next="G"),
        "G": task("dynamodb:getItem", {**where, **key, "ConsistentRead": True}, Output=value, Next="D"),
        "D": task("dynamodb:deleteItem", {**where, **key}, Output="{% $states.input %}"),
    }
    assert cloud.output(machine(states)) == "2"


def test_error_name_of_optimized_dynamodb(cloud: Cloud) -> None:
    item = {"pk": {"S": cloud.unique("key-")}}
    cloud.client("dynamodb").put_item(TableName=cloud.backend.table, Item=item)
    arguments = {
        "TableName": cloud.backend.table,
        "Item": item,
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    ended = _one(cloud, "dynamodb:putItem", arguments)
    assert (ended.status, ended.error) == ("FAILED", "DynamoDB.ConditionalCheckFailedException")


def test_sdk_query(cloud: Cloud) -> None:
    key = cloud.unique("key-")
    cloud.client("dynamodb").put_item(TableName=cloud.backend.table, Item={"pk": {"S": key}, "v": {"S": "z"}})
    arguments = {
        "TableName": cloud.backend.table,
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": key}},
    }
    value = "{% $states.result.Items[0].v.S %}"
    assert _answer(cloud, "aws-sdk:dynamodb:query", arguments, Output=value) == "z"


def _query(cloud: Cloud) -> dict[str, Any]:
    return {
        "QueryString": "SELECT 1 AS x",
        "ResultConfiguration": {"OutputLocation": f"s3://{cloud.backend.bucket}/athena/"},
    }


def test_athena_query_that_is_waited_for(cloud: Cloud) -> None:
    arguments = {**_query(cloud), "WorkGroup": "primary"}
    answer = _answer(cloud, "athena:startQueryExecution.sync", arguments)
    assert answer["QueryExecution"]["Status"]["State"] == "SUCCEEDED"


def test_athena_query_that_is_polled(cloud: Cloud) -> None:
    remember = {"q": "{% $states.result.QueryExecutionId %}"}
    state = "{% $states.result.QueryExecution.Status.State %}"
    states = {
        "A": task("aws-sdk:athena:startQueryExecution", _query(cloud), Assign=remember, Next="W"),
        "W": wait(1, Next="G"),
        "G": task("aws-sdk:athena:getQueryExecution", {"QueryExecutionId": "{% $q %}"}, Output=state, Next="C"),
        "C": choice("{% $states.input in ['QUEUED','RUNNING'] %}", "W", "Z"),
        "Z": pass_(),
    }
    assert cloud.output(machine(states)) == "SUCCEEDED"


def test_athena_results(cloud: Cloud) -> None:
    cloud.backend.expect_athena_result("x", "1")
    remember = {"q": "{% $states.result.QueryExecution.QueryExecutionId %}"}
    value = "{% $states.result.ResultSet.Rows[1].Data[0].VarCharValue %}"
    states = {
        "A": task("athena:startQueryExecution.sync", _query(cloud), Assign=remember, Next="G"),
        "G": task("aws-sdk:athena:getQueryResults", {"QueryExecutionId": "{% $q %}"}, Output=value),
    }
    assert cloud.output(machine(states)) == "1"


def test_put_events(cloud: Cloud) -> None:
    entries = [{"Source": "airstep.contract", "DetailType": "y", "Detail": {"a": 1}}]
    assert _answer(cloud, "events:putEvents", {"Entries": entries})["FailedEntryCount"] == 0


def test_sns_publish(cloud: Cloud) -> None:
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=cloud.unique())["TopicArn"]
    try:
        assert "MessageId" in _answer(cloud, "sns:publish", {"TopicArn": topic, "Message": {"a": 1}})
    finally:
        sns.delete_topic(TopicArn=topic)


def test_sqs_message_with_token(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName=cloud.unique())["QueueUrl"]
    try:
        body = {"t": "{% $states.context.Task.Token %}"}
        state = task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": queue, "MessageBody": body}, TimeoutSeconds=30)
        execution = cloud.start(cloud.create(machine({"A": state})))
        for _ in range(50):
            cloud.backend.sleep(0.1)
            messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
            if messages:
                break
        cloud.states.send_task_success(taskToken=json.loads(messages[0]["Body"])["t"], output="1")
        assert cloud.end(execution).output == 1
    finally:
        sqs.delete_queue(QueueUrl=queue)


def test_sdk_s3(cloud: Cloud) -> None:
    where = {"Bucket": cloud.backend.bucket, "Key": "listed/a.txt"}
    put = {**where, "Body": "{% $string({'h':1}) %}"}
    listing = {"Bucket": cloud.backend.bucket, "Prefix": "listed/"}
    count = {"n": "{% $states.result.KeyCount %}"}
    states = {
        "P": task("aws-sdk:s3:putObject", put, Next="L"),
        "L": task("aws-sdk:s3:listObjectsV2", listing, Assign=count, Next="G"),
        "G": task("aws-sdk:s3:getObject", where, Output="{% {'n':$n,'b':$states.result.Body} %}"),
    }
    assert cloud.output(machine(states)) == {"n": 1, "b": '{"h":1}'}


def test_error_name_of_a_missing_object(cloud: Cloud) -> None:
    ended = _one(cloud, "aws-sdk:s3:headObject", {"Bucket": cloud.backend.bucket, "Key": "nope"})
    assert ended.error in ("S3.NoSuchKeyException", "S3.S3Exception")


def test_sdk_parameters_and_secrets(cloud: Cloud) -> None:
    ssm, secrets, name = cloud.client("ssm"), cloud.client("secretsmanager"), cloud.unique("/airstep-contract/")
    ssm.put_parameter(Name=name, Value="v", Type="String")
    secrets.create_secret(Name=name, SecretString="x")
    try:
        remember = {"a": "{% $states.result.Parameter.Value %}"}
        both = "{% $a & $states.result.SecretString %}"
        states = {
            "P": task("aws-sdk:ssm:getParameter", {"Name": name}, Assign=remember, Next="Q"),
            "Q": task("aws-sdk:secretsmanager:getSecretValue", {"SecretId": name}, Output=both),
        }
        assert cloud.output(machine(states)) == "vx"
    finally:
        ssm.delete_parameter(Name=name)
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_sdk_lambda_scheduler_and_eventbridge(cloud: Cloud) -> None:
    backend, name = cloud.backend, cloud.unique()
    function = f"arn:aws:lambda:{backend.region}:{backend.account}:function:{backend.function}"
    schedule = {
        "Name": name,
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": function, "RoleArn": backend.role},
    }
    entries = [{"Source": "airstep.contract", "DetailType": "y", "Detail": "{}"}]
    try:
        assert "ScheduleArn" in _answer(cloud, "aws-sdk:scheduler:createSchedule", schedule)
        assert _answer(cloud, "aws-sdk:eventbridge:putEvents", {"Entries": entries})["FailedEntryCount"] == 0
        invocation = {"FunctionName": backend.function, "Payload": "{% $string({'a':1}) %}"}
        assert json.loads(_answer(cloud, "aws-sdk:lambda:invoke", invocation)["Payload"]) == {"a": 1}
    finally:
        cloud.client("scheduler").delete_schedule(Name=name)


def _not_on_a_real_account(cloud: Cloud, what: str) -> None:
    if cloud.backend.real_account:
        pytest.skip(f"{what} costs money and minutes")


def test_glue_job_that_is_waited_for(cloud: Cloud) -> None:
    _not_on_a_real_account(cloud, "a Glue job")
    name = cloud.unique()
    script = f"s3://{cloud.backend.bucket}/x.py"
    command = {"Name": "glueetl", "ScriptLocation": script}
    cloud.client("glue").create_job(Name=name, Role=cloud.backend.role, Command=command)
    answer = _answer(cloud, "glue:startJobRun.sync", {"JobName": name}, TimeoutSeconds=20)
    assert answer["JobRunState"] == "SUCCEEDED"


def test_sdk_glue(cloud: Cloud) -> None:
    _not_on_a_real_account(cloud, "a Glue job")
    name = cloud.unique()
    command = {"Name": "glueetl", "ScriptLocation": f"s3://{cloud.backend.bucket}/x.py"}
    cloud.client("glue").create_job(Name=name, Role=cloud.backend.role, Command=command)
    remember = {"r": "{% $states.result.JobRunId %}"}
    state = "{% $states.result.JobRun.JobRunState %}"
    states = {
        "A": task("aws-sdk:glue:startJobRun", {"JobName": name}, Assign=remember, Next="G"),
        "G": task("aws-sdk:glue:getJobRun", {"JobName": name, "RunId": "{% $r %}"}, Output=state),
    }
    assert cloud.output(machine(states))


def test_ecs_task_that_is_waited_for(cloud: Cloud) -> None:
    _not_on_a_real_account(cloud, "a Fargate task")
    if not cloud.backend.in_process:
        pytest.xfail("an emulated ECS has no containers to run: its tasks never stop")
    ecs, name = cloud.client("ecs"), cloud.unique()
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(family=name, containerDefinitions=[{"name": "a", "image": "busybox", "memory": 64}])
    subnet = cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    arguments = {
        "Cluster": name,
        "TaskDefinition": name,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [subnet]}},
    }
    answer = _answer(cloud, "ecs:runTask.sync", arguments, TimeoutSeconds=60)
    assert answer["LastStatus"] == "STOPPED"


def test_batch_job_that_is_waited_for(cloud: Cloud) -> None:
    _not_on_a_real_account(cloud, "a Batch job")
    cloud.backend.make_batch_queue()
    arguments = {"JobName": "j", "JobQueue": "contract", "JobDefinition": "contract"}
    answer = _answer(cloud, "batch:submitJob.sync", arguments, TimeoutSeconds=60)
    assert answer["Status"] == "SUCCEEDED"
