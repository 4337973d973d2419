"""Deploying an assembly without the CDK CLI, on the local AWS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import DeployError, deploy
from tests.infra.project import Cloud

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def client() -> Iterator[Callable[[str], Any]]:
    """Makes clients of a local AWS of this module's own."""
    import boto3

    from infra.local.server import start

    aws = start()
    session = boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=aws.environment["AWS_REGION"]
    )
    try:
        yield lambda service: session.client(service, endpoint_url=aws.endpoint)
    finally:
        aws.stop()


def test_create_then_nothing_then_update_then_failure(
    cloud: Cloud, client: Callable[[str], Any], tmp_path: Path
) -> None:
    assembly = Path(shutil.copytree(cloud.folder, tmp_path / "cdk.out"))
    created = deploy(assembly, client=client)
    assert [each.stack for each in created] == [
        "airstep-platform",
        *("airstep-daily-sales", "airstep-other", "airstep-wide"),
    ]
    assert all(each.changed for each in created)
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=created[1].outputs["StateMachineArn"])
    functions = [state["Arguments"]["FunctionName"] for state in json.loads(machine["definition"])["States"].values()]
    assert [name.split(":", 6)[6] for name in functions] == ["airstep-daily_sales:1", "airstep-signal:1"]
    assert not any(each.changed for each in deploy(assembly, client=client))

    _change(assembly, "airstep-other", lambda machine: machine.update(TracingConfiguration={"Enabled": False}))
    changed = deploy(assembly, ["airstep-other"], client)
    assert [(each.stack, each.status) for each in changed if each.changed] == [("airstep-other", "UPDATE_COMPLETE")]

    _change(assembly, "airstep-other", lambda machine: machine.update(DefinitionString="{", DefinitionS3Location=None))
    with pytest.raises(DeployError, match=r"(?s)airstep-other: .*ROLLBACK.*StateMachine: "):
        deploy(assembly, ["airstep-other"], client)


def test_an_unknown_stack_is_named_with_those_that_exist(cloud: Cloud, client: Callable[[str], Any]) -> None:
    with pytest.raises(DeployError, match="no stack airstep-x in the assembly; there are airstep-daily-sales, "):
        deploy(cloud.folder, ["airstep-x"], client)


def _change(assembly: Path, stack: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the state machine in a stack's template, and with it the template's asset."""
    template = assembly / f"{stack}.template.json"
    contents = json.loads(template.read_text())
    (machine,) = (each for each in contents["Resources"].values() if each["Type"] == "AWS::StepFunctions::StateMachine")
    change(machine["Properties"])
    machine["Properties"] = {name: value for name, value in machine["Properties"].items() if value is not None}
    template.write_text(json.dumps(contents))
    # A template's key names its contents.
    key, new = _key(assembly, stack), f"{hash(template.read_text()):x}.json"
    for file in (assembly / "manifest.json", assembly / f"{stack}.assets.json"):
        file.write_text(file.read_text().replace(key, new))


def _key(assembly: Path, stack: str) -> str:
    url = json.loads((assembly / "manifest.json").read_text())["artifacts"][stack]["properties"]
    return str(url["stackTemplateAssetObjectUrl"]).rpartition("/")[2]
