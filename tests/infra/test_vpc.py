"""Task functions in a VPC: all sizes of a DAG's, no other functions, with the rights that Lambda documents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dag_translator.errors import UsageError
from infra.settings import Settings
from tests.infra.conftest import synthesised
from tests.infra.project import Cloud, definition, invoke, manifest
from tests.infra.test_stacks import text

NETWORK = {"vpcSubnets": ["subnet-1", "subnet-2"], "vpcSecurityGroups": ["sg-1"]}
SIZES = {"TaskFunction": {"memory": 512, "timeout": 900}, "TaskFunction3008MB": {"memory": 3008, "timeout": 900}}


@pytest.fixture(scope="module")
def cloud(trees: Path) -> Cloud:
    """Two DAGs, one of which is to be in the VPC."""
    from infra.stacks import Source

    settings = Settings.read({**NETWORK, "vpcDags": ["inside"], "dagsFolder": str(trees / "dags")}.get)
    machine = definition(a=invoke("TaskFunction", "b"), b=invoke("TaskFunction3008MB"))
    sources = [
        Source(trees / "dags/other.py", machine, manifest(dag_id, functions=SIZES)) for dag_id in ("inside", "outside")
    ]
    settings = replace(settings, cache_folder=trees / "cache")
    names = ("airstep-platform", "airstep-inside", "airstep-outside")
    return synthesised(trees, settings, sources, "vpc.out", names)


def networks(cloud: Cloud, stack: str) -> dict[str, Any]:
    return {each["FunctionName"]: each.get("VpcConfig") for each in cloud.resources(stack, "AWS::Lambda::Function")}


def test_every_size_of_the_dags_functions_is_in_the_vpc_and_nothing_else(cloud: Cloud) -> None:
    network = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert networks(cloud, "airstep-inside") == {"airstep-inside": network, "airstep-inside-3008MB": network}
    for stack in ("airstep-outside", "airstep-platform"):
        assert set(networks(cloud, stack).values()) == {None}


def test_lambda_may_make_network_interfaces_and_the_tasks_code_may_not(cloud: Cloud) -> None:
    """The actions of the managed policy AWSLambdaVPCAccessExecutionRole; the denial is the developer guide's."""
    policies = cloud.resources("airstep-inside", "AWS::IAM::Policy")
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    allowed = [each for each in statements if each.get("Sid") == "NetworkInterfaces"]
    denied = [each for each in statements if each["Effect"] == "Deny"]
    assert (len(allowed), len(denied)) == (2, 2)
    expected = {"AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface"}
    expected |= {"DescribeNetworkInterfaces", "DescribeSubnets", "UnassignPrivateIpAddresses"}
    for each in allowed:
        assert (set(each["Action"]), each["Resource"]) == ({f"ec2:{name}" for name in expected}, "*")
    assert all(set(each["Action"]) >= set(allowed[0]["Action"]) for each in denied)
    sources = {text(each["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]).split(":")[-1] for each in denied}
    assert sources == {"airstep-inside", "airstep-inside-3008MB"}
    assert "ec2:" not in str(cloud.resources("airstep-outside", "AWS::IAM::Policy"))


def test_a_function_waits_for_its_rights(cloud: Cloud) -> None:
    """Lambda refuses a function in a VPC whose role can't make network interfaces yet."""
    resources = cloud.templates["airstep-inside"]["Resources"].values()
    for function in (each for each in resources if each["Type"] == "AWS::Lambda::Function"):
        assert any("DefaultPolicy" in name for name in function["DependsOn"])


def test_the_local_aws_has_no_networks(trees: Path) -> None:
    from infra.stacks import Source

    settings = Settings.read({**NETWORK, "target": "local", "dagsFolder": str(trees / "dags")}.get)
    sources = [Source(trees / "dags/other.py", definition(a=invoke("TaskFunction")), manifest("inside"))]
    settings = replace(settings, cache_folder=trees / "cache")
    local = synthesised(trees, settings, sources, "vpc-local.out", ("airstep-inside",))
    assert networks(local, "airstep-inside") == {"airstep-inside": None}


def test_half_a_network_is_a_mistake() -> None:
    for given in ({"vpcSubnets": ["subnet-1"]}, {"vpcSecurityGroups": "sg-1"}, {"vpcDags": ["sales"]}):
        with pytest.raises(UsageError, match=r"vpcSubnets.*vpcSecurityGroups"):
            Settings.read(given.get)
    every = Settings.read(NETWORK.get)
    assert (every.is_in_vpc("sales"), Settings().is_in_vpc("sales")) == (True, False)
    assert [replace(every, vpc_dags=("sales",)).is_in_vpc(dag_id) for dag_id in ("sales", "other")] == [True, False]
