"""The synthesised templates: wiring, least privilege, what survives, and what Scheduler is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.dag_deployment import placeholders
from tests.infra.project import Cloud

PLATFORM, DAILY, OTHER = "airstep-platform", "airstep-daily-sales", "airstep-other"
# IAM knows no resources for these; all others are bound to some.
WITHOUT_RESOURCES = ("xray:", "logs:CreateLogDelivery")


def text(value: Any) -> str:
    """A template's value as text: Fn::Join and Fn::Sub flattened, references as <Name>."""
    if isinstance(value, list):
        return "".join(text(each) for each in value)
    if isinstance(value, dict):
        if "Fn::Join" in value:
            return text(value["Fn::Join"][1])
        name = value.get("Ref") or text(value.get("Fn::GetAtt", [""])[0])
        return str(value.get("Fn::Sub", f"<{name}>"))
    return str(value)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def role_statements(cloud: Cloud, stack: str, role: str) -> list[tuple[list[str], list[str], dict[str, Any]]]:
    """(actions, resources, conditions) of every statement of a role, wherever it is written."""
    resources = cloud.templates[stack]["Resources"]
    (logical_id,) = (
        name for name in resources if name.startswith(role) and resources[name]["Type"] == "AWS::IAM::Role"
    )
    documents = [each["PolicyDocument"] for each in resources[logical_id]["Properties"].get("Policies", [])]
    separate = cloud.resources(stack, "AWS::IAM::Policy")
    documents += [each["PolicyDocument"] for each in separate if {"Ref": logical_id} in each["Roles"]]
    return [
        (
            listed(statement["Action"]),
            [text(resource) for resource in listed(statement["Resource"])],
            statement.get("Condition", {}),
        )
        for document in documents
        for statement in document["Statement"]
    ]


def allowed(statements: list[tuple[list[str], list[str], dict[str, Any]]]) -> dict[str, set[str]]:
    """action → resources."""
    found: dict[str, set[str]] = {}
    for actions, resources, _ in statements:
        for action in actions:
            found.setdefault(action, set()).update(resources)
    return found


def test_a_machine_may_do_what_its_manifest_says_and_invoke_its_two_functions(cloud: Cloud) -> None:
    """In any version: a run that is under way keeps the versions it began with when the next deployment comes."""
    found = allowed(role_statements(cloud, DAILY, "StateMachineRole"))
    observing = {action for action in found if action.startswith(("xray:", "logs:"))}
    workgroup = "arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/primary"
    own = {action: resources for action, resources in found.items() if action not in observing}
    invoked = own.pop("lambda:InvokeFunction")
    assert own == {f"athena:{name}QueryExecution": {workgroup} for name in ("Start", "Get", "Stop")}
    here = "arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function"
    assert invoked == {f"{here}:airstep-daily_sales:*", f"{here}:airstep-signal:*"}
    functions = [*cloud.resources(DAILY, "AWS::Lambda::Function"), *cloud.resources(PLATFORM, "AWS::Lambda::Function")]
    assert {"airstep-daily_sales", "airstep-signal"} <= {function["FunctionName"] for function in functions}
    assert all(found[action] == {"*"} for action in observing)


def test_a_machine_that_signals_nothing_may_not_invoke_the_signal_function(cloud: Cloud) -> None:
    found = allowed(role_statements(cloud, OTHER, "StateMachineRole"))
    (only,) = found["lambda:InvokeFunction"]
    assert only.endswith(":function:airstep-other:*")


@pytest.mark.parametrize("stack", [PLATFORM, DAILY, OTHER])
def test_no_action_has_a_wildcard_and_only_what_has_no_resources_is_allowed_on_all(cloud: Cloud, stack: str) -> None:
    documents = [each["PolicyDocument"] for each in cloud.resources(stack, "AWS::IAM::Policy")]
    for role in cloud.resources(stack, "AWS::IAM::Role"):
        documents += [each["PolicyDocument"] for each in role.get("Policies", [])]
    assert documents
    for statement in (statement for document in documents for statement in document["Statement"]):
        actions = listed(statement["Action"])
        assert not [action for action in actions if "*" in action]
        if "*" in listed(statement["Resource"]):
            assert actions[0].startswith(WITHOUT_RESOURCES), actions


def test_a_task_function_reaches_the_rows_and_objects_of_its_own_dag_only(cloud: Cloud) -> None:
    statements = role_statements(cloud, DAILY, "TaskFunctionRole")
    (rows,) = (condition for actions, _, condition in statements if "dynamodb:PutItem" in actions)
    keys = [text(key) for key in rows["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]]
    executions = "execution/arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{}:*"
    machines = ("daily_sales", "daily_sales-rerun")
    own = ("daily_sales/*", "dag/daily_sales", "watch/daily_sales/*")
    assert keys == [*own, *(executions.format(machine) for machine in machines)]
    objects = allowed(statements)["s3:GetObject"]
    bucket = "arn:<AWS::Partition>:s3:::airstep-<AWS::AccountId>-<AWS::Region>"
    assert objects == {f"{bucket}/xcom/daily_sales/*", f"{bucket}/conf/daily_sales/*"}


def test_a_task_function_gets_the_manifests_and_the_settings_permissions(cloud: Cloud) -> None:
    found = allowed(role_statements(cloud, DAILY, "TaskFunctionRole"))
    variable = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/airflow/variables/x"
    assert found["ssm:GetParameter"] == {variable}
    assert "arn:aws:s3:::lake/*" in found["s3:PutObject"]
    assert "ssm:GetParameter" not in allowed(role_statements(cloud, OTHER, "TaskFunctionRole"))


def test_definitions_name_versions_that_outlive_the_next_deployment(cloud: Cloud) -> None:
    resources = cloud.templates[DAILY]["Resources"]
    machine = cloud.one(DAILY, "AWS::StepFunctions::StateMachine")
    substitutions = {name: value["Ref"] for name, value in machine["DefinitionSubstitutions"].items()}
    version = resources[substitutions["TaskFunction"]]
    assert version["Type"] == "AWS::Lambda::Version"
    assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("Retain", "Retain")
    parameter = cloud.templates[DAILY]["Parameters"][substitutions["SignalFunction"]]
    assert parameter["Type"] == "AWS::SSM::Parameter::Value<String>"
    (published,) = (
        each for each in cloud.resources(PLATFORM, "AWS::SSM::Parameter") if each["Name"] == parameter["Default"]
    )
    signal = cloud.templates[PLATFORM]["Resources"][published["Value"]["Ref"]]
    assert (signal["Type"], signal["DeletionPolicy"]) == ("AWS::Lambda::Version", "Retain")


def test_the_machine_is_called_as_the_manifest_says_and_its_definition_is_untouched(cloud: Cloud) -> None:
    machine = cloud.one(DAILY, "AWS::StepFunctions::StateMachine")
    assert machine["StateMachineName"] == "daily_sales"
    assert list(json.loads(machine["DefinitionString"])["States"]) == ["a", "s"]
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["Level"] == "ERROR"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_integrations_are_those_of_the_partition(cloud: Cloud) -> None:
    """In China and GovCloud `arn:aws:states:::lambda:invoke` is not one."""
    machines = [cloud.one(DAILY, "AWS::StepFunctions::StateMachine"), backfill_machine(cloud)]
    for machine in machines:
        assert "arn:aws:" not in machine["DefinitionString"]
        assert '"arn:${Partition}:states:::lambda:invoke"' in machine["DefinitionString"]
        assert machine["DefinitionSubstitutions"]["Partition"] == {"Ref": "AWS::Partition"}


def test_every_placeholder_of_a_definition_has_its_value(cloud: Cloud) -> None:
    machines = [
        machine for stack in cloud.templates for machine in cloud.resources(stack, "AWS::StepFunctions::StateMachine")
    ]
    assert len(machines) == 6
    for machine in machines:
        if "DefinitionString" in machine:
            assert placeholders([json.loads(machine["DefinitionString"])]) == set(machine["DefinitionSubstitutions"])


def backfill_machine(cloud: Cloud) -> dict[str, Any]:
    return cloud.one(PLATFORM, "AWS::StepFunctions::StateMachine")


def test_a_large_definition_travels_as_an_asset(cloud: Cloud) -> None:
    machine = cloud.one(OTHER, "AWS::StepFunctions::StateMachine")
    assert "DefinitionString" not in machine
    assets = json.loads((cloud.folder / f"{OTHER}.assets.json").read_text())["files"]
    (source,) = (
        each["source"]["path"]
        for each in assets.values()
        if any(to["objectKey"] == machine["DefinitionS3Location"]["Key"] for to in each["destinations"].values())
    )
    states = json.loads((cloud.folder / source).read_text())["States"]
    assert len(states) == 601
    assert {state["Resource"] for state in states.values()} == {"arn:${Partition}:states:::lambda:invoke"}


def test_a_dag_in_parts_names_versions_of_its_further_machines(cloud: Cloud) -> None:
    resources = cloud.templates["airstep-wide"]["Resources"]
    machines = {
        each["Properties"]["StateMachineName"]: each["Properties"]
        for each in resources.values()
        if each["Type"] == "AWS::StepFunctions::StateMachine"
    }
    assert sorted(machines) == ["wide", "wide-part-1", "wide-part-2"]
    assert [list(machine["DefinitionSubstitutions"]) for machine in machines.values()] == [
        ["Partition", "TaskFunction"],
        ["Partition", "Part1"],
        ["Partition", "Part2"],
    ]
    for name, part, placeholder in (("wide", "wide-part-2", "Part2"), ("wide-part-2", "wide-part-1", "Part1")):
        version = resources[machines[name]["DefinitionSubstitutions"][placeholder]["Fn::GetAtt"][0]]
        assert version["Type"] == "AWS::StepFunctions::StateMachineVersion"
        assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("Retain", "Retain")
        machine_id = version["Properties"]["StateMachineArn"]["Fn::GetAtt"][0]
        assert resources[machine_id]["Properties"]["StateMachineName"] == part
        assert version["Properties"]["StateMachineRevisionId"]["Fn::GetAtt"] == [machine_id, "StateMachineRevisionId"]


def test_the_task_function_is_as_the_manifest_and_the_settings_say(cloud: Cloud) -> None:
    function = cloud.one(DAILY, "AWS::Lambda::Function")
    assert (function["MemorySize"], function["Timeout"]) == (1024, 600)
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["Handler"] == "lambdas.task_function.handler"
    assert function["TracingConfig"] == {"Mode": "Active"}
    variables = {name: text(value) for name, value in function["Environment"]["Variables"].items()}
    assert variables.pop("AIRSTEP_LAYER")
    assert variables == {
        "AIRSTEP_TABLE": "airstep",
        "AIRSTEP_BUCKET": "airstep-<AWS::AccountId>-<AWS::Region>",
        "AIRSTEP_KEEP_DAYS": "90",
        "AIRSTEP_SIGNAL_FUNCTION": "airstep-signal",
        "AIRSTEP_DAG_FILE": "dags/daily.py",
        "REGION_OF_DATA": "eu",
        "AIRSTEP_DAGS_FOLDER": "dags",
        "AIRSTEP_DAG_ID": "daily_sales",
        "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True",
        "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS": "True",
        "POWERTOOLS_SERVICE_NAME": "airstep",
        "POWERTOOLS_METRICS_NAMESPACE": "Airstep",
    }


@pytest.mark.parametrize("stack", [PLATFORM, DAILY, OTHER])
def test_every_function_has_a_log_group_that_forgets(cloud: Cloud, stack: str) -> None:
    groups = {each["LogGroupName"]: each["RetentionInDays"] for each in cloud.resources(stack, "AWS::Logs::LogGroup")}
    functions = {f"/aws/lambda/{each['FunctionName']}" for each in cloud.resources(stack, "AWS::Lambda::Function")}
    assert functions <= set(groups)
    assert set(groups.values()) == {30}


def test_schedules_carry_zone_and_bounds_and_those_that_are_over_are_left_out(cloud: Cloud) -> None:
    first, second = cloud.resources(DAILY, "AWS::Scheduler::Schedule")
    assert (first["ScheduleExpression"], first["ScheduleExpressionTimezone"]) == ("cron(0 5 ? * 2 *)", "Asia/Seoul")
    assert (first["StartDate"], first["EndDate"]) == ("2029-12-31T15:00:00Z", "2031-01-01T00:00:00Z")
    assert second["ScheduleExpression"] == "cron(0 5 13 * ? *)"
    assert "StartDate" not in second  # it lies in the past, which Scheduler refuses
    assert {each["State"] for each in (first, second)} == {"ENABLED"}
    assert {each["GroupName"] for each in (first, second)} == {
        cloud.one(PLATFORM, "AWS::Scheduler::ScheduleGroup")["Name"]
    }
    (paused,) = cloud.resources(OTHER, "AWS::Scheduler::Schedule")
    assert (paused["Name"], paused["State"]) == ("other", "ENABLED")
    assert json.loads(text(paused["Target"]["Input"]))["is_paused_upon_creation"] is True  # the dispatcher reads it


def test_a_schedule_starts_the_dispatcher_and_leaves_lost_events_in_the_queue(cloud: Cloud) -> None:
    target = cloud.resources(DAILY, "AWS::Scheduler::Schedule")[0]["Target"]
    assert json.loads(text(target["Input"])) == {
        "cron": "0 5 13 * 1",
        "dag_id": "daily_sales",
        "state_machine_arn": "<StateMachine>",
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }
    names = [each["FunctionName"] for each in cloud.resources(PLATFORM, "AWS::Lambda::Function")]
    assert text(target["Arn"]).rpartition(":")[2] in names
    queue = cloud.one(PLATFORM, "AWS::SQS::Queue")["QueueName"]
    assert text(target["DeadLetterConfig"]["Arn"]).endswith(f":{queue}")
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    role = allowed(role_statements(cloud, PLATFORM, "SchedulerRole"))
    assert set(role) == {"lambda:InvokeFunction", "sqs:SendMessage"}
    (named,) = (each["RoleName"] for each in cloud.resources(PLATFORM, "AWS::IAM::Role") if "RoleName" in each)
    assert text(target["RoleArn"]).endswith(f":role/{text(named)}")


def test_table_and_bucket_are_private_encrypted_and_survive_the_stack(cloud: Cloud) -> None:
    resources = cloud.templates[PLATFORM]["Resources"].values()
    kept = {each["Type"] for each in resources if each.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")}
    assert {"AWS::DynamoDB::Table", "AWS::S3::Bucket"} <= kept
    table = cloud.one(PLATFORM, "AWS::DynamoDB::Table")
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    bucket = cloud.one(PLATFORM, "AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    expiring = {rule.get("Prefix") for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule}
    assert expiring == {"xcom/", "conf/", "backfill/"}
    (policy,) = cloud.resources(PLATFORM, "AWS::S3::BucketPolicy")
    assert {"Bool": {"aws:SecureTransport": "false"}} in [
        each.get("Condition") for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"
    ]


def test_executions_that_end_reach_the_run_ended_function(cloud: Cloud) -> None:
    (rule,) = (each for each in cloud.resources(PLATFORM, "AWS::Events::Rule") if "ended" in each["Name"])
    assert rule["EventPattern"]["detail"]["status"] == ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
    (target,) = rule["Targets"]
    function = cloud.templates[PLATFORM]["Resources"][target["Arn"]["Fn::GetAtt"][0]]["Properties"]
    assert function["FunctionName"] == "airstep-run-ended"
    permissions = cloud.resources(PLATFORM, "AWS::Lambda::Permission")
    (permission,) = (each for each in permissions if each["FunctionName"] == target["Arn"])
    assert permission["Principal"] == "events.amazonaws.com"


def test_runs_are_started_on_machines_of_this_environment_only(cloud: Cloud) -> None:
    (condition,) = (
        condition
        for actions, _, condition in role_statements(cloud, PLATFORM, "DispatcherRole")
        if "states:StartExecution" in actions
    )
    tag = {each["Key"]: each["Value"] for each in cloud.one(DAILY, "AWS::StepFunctions::StateMachine")["Tags"]}
    assert condition == {"StringEquals": {"aws:ResourceTag/airstep:environment": tag["airstep:environment"]}}


@pytest.mark.parametrize("stack", [PLATFORM, DAILY, OTHER])
def test_alarms_go_to_the_topic(cloud: Cloud, stack: str) -> None:
    alarms = cloud.resources(stack, "AWS::CloudWatch::Alarm")
    assert alarms
    assert {text(action) for alarm in alarms for action in alarm["AlarmActions"]} == {
        "arn:aws:sns:eu-west-1:123456789012:alarms"
    }


def test_stacks_export_nothing_and_dags_deploy_after_the_platform(cloud: Cloud) -> None:
    assert not any(
        "Export" in output for each in cloud.templates.values() for output in each.get("Outputs", {}).values()
    )
    artifacts = json.loads((cloud.folder / "manifest.json").read_text())["artifacts"]
    assert PLATFORM in artifacts[DAILY]["dependencies"]
    assert OTHER not in artifacts[DAILY]["dependencies"]


def test_both_dags_have_packages_of_their_own(cloud: Cloud) -> None:
    keys = {cloud.one(stack, "AWS::Lambda::Function")["Code"]["S3Key"] for stack in (DAILY, OTHER)}
    assert len(keys) == 2


def test_a_backfill_request_starts_the_backfill_machine(cloud: Cloud) -> None:
    (rule,) = (each for each in cloud.resources(PLATFORM, "AWS::Events::Rule") if "backfill" in each["Name"])
    assert rule["EventPattern"] == {"source": ["airstep"], "detail-type": ["BackfillRequested"]}
    (target,) = rule["Targets"]
    machine = cloud.templates[PLATFORM]["Resources"][target["Arn"]["Fn::GetAtt"][0]]["Properties"]
    assert machine["StateMachineName"] == "airstep-backfill"
    assert "Input" not in target, "the whole event: its id is the backfill's if it names none"
    assert target["DeadLetterConfig"]
    role = target["RoleArn"]["Fn::GetAtt"][0]
    assert allowed(role_statements(cloud, PLATFORM, role)) == {"states:StartExecution": {"<BackfillMachine>"}}


def test_the_backfill_machine_may_start_runs_of_this_environment_only(cloud: Cloud) -> None:
    statements = role_statements(cloud, PLATFORM, "BackfillMachineRole")
    own = "${AWS::Region}:${AWS::AccountId}:stateMachine:airstep-backfill"
    starting = [
        (resources, condition) for actions, resources, condition in statements if "StartExecution" in actions[0]
    ]
    assert [condition for (resource,), condition in starting if not resource.endswith(own)] == [
        {"StringEquals": {"aws:ResourceTag/airstep:environment": "airstep"}}
    ]
    assert [resource for (resource,), condition in starting if not condition] == [
        f"arn:${{AWS::Partition}}:states:{own}"
    ]
    found = allowed(statements)
    managed = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    for action in ("events:PutTargets", "events:PutRule", "events:DescribeRule"):
        assert [resource.split(":")[-1] for resource in found[action]] == [managed]
    assert [resource.split(":")[-1] for resource in found["dynamodb:GetItem"]] == ["table/airstep"]
    assert found["s3:PutObject"] == {"arn:${AWS::Partition}:s3:::airstep-${AWS::AccountId}-${AWS::Region}/backfill/*"}
    assert [each.split("function:")[-1] for each in found["lambda:InvokeFunction"]] == ["airstep-backfill:*"]
    assert set(found) == {
        *("states:StartExecution", "states:DescribeExecution", "states:StopExecution", "lambda:InvokeFunction"),
        *("events:PutTargets", "events:PutRule", "events:DescribeRule", "dynamodb:GetItem"),
        *("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
    }


def test_the_backfill_function_reads_timetables_which_every_dag_tells(cloud: Cloud) -> None:
    found = allowed(role_statements(cloud, PLATFORM, "BackfillRole"))
    (readable,) = found["ssm:GetParameter"]
    assert readable.endswith(":parameter/airstep/dags/*")
    # What holds still while the backfill is paused is a child of the map, whose machine is called machine/label.
    assert {each.split(":stateMachine:")[1] for each in found["states:SendTaskSuccess"]} == {
        *("airstep-backfill", "airstep-backfill/*"),
    }
    (function,) = (
        each
        for each in cloud.resources(PLATFORM, "AWS::Lambda::Function")
        if each["FunctionName"] == "airstep-backfill"
    )
    assert function["Environment"]["Variables"]["AIRSTEP_DAG_PARAMETERS"] == "/airstep/dags/"
    parameter = cloud.one(DAILY, "AWS::SSM::Parameter")
    assert (parameter["Name"], parameter["Tier"]) == ("/airstep/dags/daily_sales", "Standard")
    assert json.loads(parameter["Value"]) == {
        "dag_id": "daily_sales",
        "spec": {"cron": "0 5 13 * 1"},
        "runs": {"max_active_runs": 16},
    }


def test_what_the_platforms_functions_fail_to_handle_is_kept(cloud: Cloud) -> None:
    """Scheduler and rules hand an event to Lambda and are done: their own queues see no function that fails."""
    resources = cloud.templates[PLATFORM]["Resources"]
    configured = {}
    for config in cloud.resources(PLATFORM, "AWS::Lambda::EventInvokeConfig"):
        name = resources[config["FunctionName"]["Ref"]]["Properties"]["FunctionName"]
        configured[name] = resources[config["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]]
    assert set(configured) == {"airstep-dispatcher", "airstep-run-ended"}
    for queue in configured.values():
        assert queue["Properties"]["QueueName"] == "airstep-dead-letters"
    for role in ("DispatcherRole", "RunEndedRole"):
        assert "sqs:SendMessage" in allowed(role_statements(cloud, PLATFORM, role))


def test_who_waits_is_woken_and_swept_by_three_functions(cloud: Cloud) -> None:
    for role in ("SignalRole", "DispatcherRole", "RunEndedRole"):
        found = allowed(role_statements(cloud, PLATFORM, role))
        assert {"states:SendTaskSuccess", "scheduler:CreateSchedule", "iam:PassRole"} <= set(found), role
    assert "states:DescribeExecution" in allowed(role_statements(cloud, PLATFORM, "DispatcherRole"))
    assert "scheduler:CreateSchedule" not in allowed(role_statements(cloud, PLATFORM, "BackfillRole"))
    named = {each["FunctionName"]: each for each in cloud.resources(PLATFORM, "AWS::Lambda::Function")}
    for name in ("airstep-signal", "airstep-dispatcher", "airstep-run-ended"):
        variables = named[name]["Environment"]["Variables"]
        assert "airstep-dispatcher" in json.dumps(variables["AIRSTEP_DISPATCHER_ARN"]), name
