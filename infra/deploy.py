"""Deploys a synthesised cloud assembly with boto3 alone: for tests and quick turns on the local AWS.

    cdk.out → its assets into the assets bucket → create or update each stack, in the order of their dependencies

It is a small part of what `cdk deploy` does: no diff, no approval, no roles of its own. One instance is deployed to
either by this or by the CDK CLI after `cdk bootstrap`, never by both: each makes the assets bucket its own way.

    python -m infra.deploy [cdk.out] [stack ...]

Raises DeployError when a stack does not reach its end state, with the events that say why.
"""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from dag_translator.errors import AirstepError

_VERSION_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
_VERSION = "30"
_TEMPLATE = "stackTemplateAssetObjectUrl"
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_UNUSABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
_POLL_SECONDS = 0.05
_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class DeployError(AirstepError):
    """A stack could not be created or updated."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One stack's outcome. outputs: of the stack, by name; changed: False when there was nothing to do."""

    stack: str
    status: str
    outputs: Mapping[str, str]
    changed: bool
    seconds: float


def deploy(assembly: Path, stacks: Sequence[str] = (), client: Callable[[str], Any] | None = None) -> list[Deployed]:
    """Deploy the assembly's stacks, or those named and what they depend on.

    client: makes a boto3 client for a service; by default with the environment's credentials, region and endpoint.
    """
    make = client or boto3.client
    identity = make("sts").get_caller_identity()
    region = make("s3").meta.region_name
    places = {"AWS::AccountId": identity["Account"], "AWS::Region": region, "AWS::Partition": "aws"}
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    _ensure_version(make("ssm"))
    wanted = list(_ordered(artifacts, stacks))
    bucket = _Bucket(make("s3"), region)
    for name in wanted:
        for dependency in artifacts[name].get("dependencies", []):
            if artifacts[dependency]["type"] == "cdk:asset-manifest":
                _upload(assembly, assembly / artifacts[dependency]["properties"]["file"], bucket, places)
    cloudformation = make("cloudformation")
    return [
        _deploy_stack(cloudformation, name, properties, bucket.url(_filled(properties[_TEMPLATE], places)))
        for name, properties in ((name, artifacts[name]["properties"]) for name in wanted)
    ]


def _ordered(artifacts: Mapping[str, Any], stacks: Sequence[str]) -> Iterator[str]:
    """Names of the stacks to deploy, each after what it depends on."""
    every = {name for name, artifact in artifacts.items() if artifact["type"] == "aws:cloudformation:stack"}
    if unknown := set(stacks) - every:
        raise DeployError(
            f"no stack {', '.join(sorted(unknown))} in the assembly; there are {', '.join(sorted(every))}"
        )
    seen: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in seen:
            return
        seen.add(name)
        for dependency in artifacts[name].get("dependencies", []):
            yield from visit(dependency) if dependency in every else ()
        yield name

    for name in stacks or sorted(every):
        yield from visit(name)


def _ensure_version(ssm: Any) -> None:
    """CDK's templates refuse to deploy without the bootstrap version's parameter."""
    try:
        ssm.get_parameter(Name=_VERSION_PARAMETER)
    except ssm.exceptions.ParameterNotFound:
        ssm.put_parameter(Name=_VERSION_PARAMETER, Value=_VERSION, Type="String")


class _Bucket:
    """The assets buckets: made when first needed; what is there already is not sent again."""

    def __init__(self, s3: Any, region: str) -> None:
        self._s3 = s3
        self._region = region
        self._known: set[str] = set()

    def put(self, bucket: str, key: str, read: Callable[[], bytes]) -> None:
        """Store an object under a key that names its contents."""
        if bucket not in self._known:
            self._make(bucket)
        if not self._s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("KeyCount"):
            self._s3.put_object(Bucket=bucket, Key=key, Body=read())

    def url(self, s3_url: str) -> str:
        """The https form of s3://bucket/key, which CloudFormation wants."""
        return f"{self._s3.meta.endpoint_url}/{s3_url.removeprefix('s3://')}"

    def _make(self, bucket: str) -> None:
        existing = {each["Name"] for each in self._s3.list_buckets()["Buckets"]}
        if bucket not in existing:
            where = {} if self._region == "us-east-1" else {"LocationConstraint": self._region}
            self._s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": where} if where else {}))
        self._known.add(bucket)


def _upload(assembly: Path, manifest: Path, bucket: _Bucket, places: Mapping[str, str]) -> None:
    for asset in json.loads(manifest.read_text())["files"].values():
        source = assembly / asset["source"]["path"]
        zipped = asset["source"].get("packaging") == "zip"
        for destination in asset["destinations"].values():
            name = _filled(destination["bucketName"], places)
            bucket.put(name, _filled(destination["objectKey"], places), lambda: _contents(source, zipped))  # noqa: B023


def _contents(source: Path, zipped: bool) -> bytes:
    if not zipped:
        return source.read_bytes()
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.rglob("*")):
            if file.is_file():
                archive.writestr(zipfile.ZipInfo(str(file.relative_to(source))), file.read_bytes())
    return memory.getvalue()


def _filled(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _deploy_stack(cloudformation: Any, name: str, properties: Mapping[str, Any], url: str) -> Deployed:
    """Create or update one stack and wait until it is done."""
    started = time.monotonic()
    stack = properties.get("stackName", name)
    request = {
        "StackName": stack,
        "TemplateURL": url,
        "Capabilities": _CAPABILITIES,
        "Tags": [{"Key": key, "Value": value} for key, value in properties.get("tags", {}).items()],
    }
    before = _describe(cloudformation, stack)
    if before and before["StackStatus"] in _UNUSABLE:
        cloudformation.delete_stack(StackName=stack)
        _wait(cloudformation, stack)
        before = None
    changed = True
    if before is None:
        cloudformation.create_stack(**request)
    else:
        changed = _update(cloudformation, request)
    done = _wait(cloudformation, stack)
    if done is None or done["StackStatus"] not in _GOOD:
        raise DeployError(_reasons(cloudformation, stack, done))
    outputs = {output["OutputKey"]: output["OutputValue"] for output in done.get("Outputs", [])}
    return Deployed(stack, done["StackStatus"], outputs, changed, time.monotonic() - started)


def _update(cloudformation: Any, request: Mapping[str, Any]) -> bool:
    """Whether there was anything to update."""
    try:
        cloudformation.update_stack(**request)
    except cloudformation.exceptions.ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
        return False
    return True


def _describe(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        return None
    return None if described["StackStatus"] == "DELETE_COMPLETE" else described


def _wait(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    while (described := _describe(cloudformation, stack)) and described["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(_POLL_SECONDS)
    return described


def _reasons(cloudformation: Any, stack: str, described: Mapping[str, Any] | None) -> str:
    """Why a stack failed: its status, then the resources that did, the first one first."""
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"] if described else []
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
    lines = [f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]
    status = described["StackStatus"] if described else "gone"
    reason = (described or {}).get("StackStatusReason", "")
    return "\n".join([f"{stack}: {status} {reason}".rstrip(), *lines])


def main(arguments: Sequence[str]) -> int:
    """The command; prints a line for each stack."""
    folder, *stacks = arguments or ["cdk.out"]
    try:
        for done in deploy(Path(folder), stacks):
            sys.stdout.write(f"{done.stack} {done.status if done.changed else 'unchanged'} {done.seconds:.2f} s\n")
    except AirstepError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
