"""`airstep deploy`: the CDK CLI, told where to go. On the local AWS it is bootstrapped once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from dag_translator.errors import AirstepError, UsageError
from infra.cli.options import LocalOption
from infra.cli.output import note

_BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
# Lines of the CDK CLI that say how far it is: "airstep-platform | 3/14 | 12:00:01 | CREATE_COMPLETE | AWS::… | Table"
_EVENT = re.compile(
    r"^\s*(?P<stack>[\w-]+) \|\s*(?P<done>\d+)/(?P<all>\d+) \| .*? \| (?P<status>[A-Z_]+)\s*\| (?P<what>.*)$"
)
_KEPT_LINES = 60


def add_to(app: typer.Typer) -> None:
    """Add `airstep deploy`."""
    app.command("deploy")(deploy)


def deploy(
    dag_ids: Annotated[list[str] | None, typer.Argument(help="Only these DAGs; all if none is given.")] = None,
    context: Annotated[list[str] | None, typer.Option("-c", help="CDK context, name=value, as in cdk.json.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what the CDK CLI says.")] = False,
    local: LocalOption = False,
) -> None:
    """Deploy the platform and every DAG of the DAGs folder with the AWS CDK."""
    from infra.cli.account import connect

    account = connect(local)
    settings = dict(pair.split("=", 1) for pair in context or () if "=" in pair)
    stacks = [account.settings.stack_name(dag_id) for dag_id in dag_ids or ()]
    started = time.monotonic()
    if local:
        settings.setdefault("target", "local")
        bootstrap(account, verbose=verbose)
    options = [*DEPLOY_OPTIONS, *(LOCAL_OPTIONS if local else AWS_OPTIONS)]
    run_cdk(["deploy", *(stacks or ["--all"]), *options], settings, account.environment, verbose=verbose)
    _start_missed(account, dag_ids or [dag_id for dag_id, _ in account.deployed()])
    note(f"deployed in {time.monotonic() - started:.0f} s")


def _start_missed(account: Any, dag_ids: Sequence[str]) -> None:
    """What the DAGs' schedules should have started before they were deployed, as `catchup` says."""
    from infra.cli.schedules import activate, is_paused

    for dag_id in dag_ids:
        if not is_paused(account, dag_id):
            for run_id in activate(account, dag_id):
                note(f"{dag_id}: started {run_id}")


DEPLOY_OPTIONS = ["--require-approval", "never", "--concurrency", "6", "--progress", "events", "--no-notices"]

# The table outlives its stack; a stack that is made again takes it over instead of failing on its name.
# Source: CloudFormation user guide, "Import AWS resources into a CloudFormation stack automatically".
AWS_OPTIONS = ["--import-existing-resources"]

# No change sets: nobody looks at them there, and each takes seconds.
LOCAL_OPTIONS = ["--method", "direct"]


def bootstrap(account: Any, *, verbose: bool = False, quiet: bool = False) -> None:
    """Bootstrap the account and region unless that has been done."""
    ssm = account.client("ssm")
    try:
        ssm.get_parameter(Name=_BOOTSTRAP_PARAMETER)
    except ssm.exceptions.ParameterNotFound:
        place = f"aws://{account.account_id}/{account.region}"
        run_cdk(["bootstrap", place, "--no-notices"], {}, account.environment, app=False, verbose=verbose, quiet=quiet)


def run_cdk(
    arguments: Sequence[str],
    context: Mapping[str, str],
    environment: Mapping[str, str],
    *,
    app: bool = True,
    verbose: bool = False,
    quiet: bool = False,
) -> None:
    """Run the CDK CLI and tell how far it is. Raises UsageError if it is not installed, AirstepError if it fails.

    app: False for what needs no synthesis. Its whole output is shown if it fails, or always if verbose; quiet: nothing
    but a failure is.
    """
    command = [*_cdk(), *arguments]
    for name, value in context.items():
        command += ["-c", f"{name}={value}"]
    if not app:
        command += ["--app", ""]
    variables = {**os.environ, **environment, "CDK_DISABLE_LEGACY_EXPORT_WARNING": "1", "CI": "true"}
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables.get('PATH', '')}"
    lines: list[str] = []
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    ) as process:
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                for told in [line.rstrip()] if verbose else () if quiet else _progress(line):
                    note(told)
        except BaseException:
            process.terminate()
            raise
    code = process.returncode
    if code:
        shown = [] if verbose else lines[-_KEPT_LINES:]
        raise AirstepError("\n".join([f"cdk {arguments[0]} failed (exit code {code})", *shown]))


def _progress(line: str) -> Iterator[str]:
    """What is worth telling of one line of the CDK CLI's output."""
    event = _EVENT.match(line)
    if event is not None:
        done = event["what"].startswith("AWS::CloudFormation::Stack")
        if done or event["status"].endswith("FAILED"):
            yield f"{event['stack']}: {event['status']}"
    elif "Synthesis time" in line or "✅" in line or "❌" in line or line.startswith("left out:"):
        yield line.strip()


def _cdk() -> list[str]:
    """How to call the CDK CLI: this project's own, or what npx finds."""
    own = Path("node_modules/.bin/cdk")
    if own.exists():
        return [str(own)]
    if shutil.which("npx") is None:
        raise UsageError("the AWS CDK CLI is needed: install Node.js, then `npm ci`")
    return ["npx", "cdk"]
