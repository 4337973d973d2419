"""What is deployed, and where: the AWS account (local or real) that a command talks to.

`connect` decides once; everything else asks the `Account`. Names follow from `infra.settings`, so nothing is looked up
that can be computed, and the same calls work on the local AWS and on a real account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dag_translator.errors import UsageError
from dag_translator.names import machine_name
from infra.cli.dates import as_instant
from infra.settings import Settings, read_settings
from lambdas.storage.records import DagRun, RunKey
from lambdas.storage.store import Store

DAG_TAG = "airstep:dag-id"
ENVIRONMENT_TAG = "airstep:environment"


@dataclass(frozen=True, slots=True)
class Account:
    """One account and region. environment: variables for the AWS and CDK commands; empty for the profile in force."""

    session: Any
    settings: Settings
    region: str
    account_id: str
    partition: str = "aws"
    environment: Mapping[str, str] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A boto3 client, made once."""
        if service not in self._clients:
            self._clients[service] = self.session.client(service, endpoint_url=self.environment.get("AWS_ENDPOINT_URL"))
        return self._clients[service]

    @property
    def store(self) -> Store:
        """The table and bucket, as the Lambdas see them."""
        from lambdas.storage.dynamo_store import DynamoStore

        return DynamoStore(
            dynamodb=lambda: self.client("dynamodb"),
            s3=lambda: self.client("s3"),
            table=self.settings.table,
            bucket=self.settings.bucket(self.account_id, self.region),
        )

    def machine_arn(self, dag_id: str) -> str:
        return f"arn:{self.partition}:states:{self.region}:{self.account_id}:stateMachine:{machine_name(dag_id)}"

    def task_log_group(self, dag_id: str) -> str:
        """Where the tasks of a DAG log."""
        return f"/aws/lambda/{self.settings.function(machine_name(dag_id))}"

    def console_url(self, execution_arn: str) -> str | None:
        """The execution in the AWS console; None on the local AWS, which has none."""
        if self.environment:
            return None
        page = f"https://{self.region}.console.aws.amazon.com/states/home?region={self.region}"
        return f"{page}#/v2/executions/details/{execution_arn}"

    def deployed(self) -> list[tuple[str, str]]:
        """(dag_id, ARN of its state machine) of every deployed DAG of this environment, by dag_id."""
        states = self.client("stepfunctions")
        pages = states.get_paginator("list_state_machines").paginate()
        arns = [machine["stateMachineArn"] for page in pages for machine in page["stateMachines"]]

        def tags(arn: str) -> dict[str, str]:
            found = states.list_tags_for_resource(resourceArn=arn).get("tags", [])
            return {tag["key"]: tag["value"] for tag in found}

        with ThreadPoolExecutor(8) as pool:
            tagged = zip(arns, pool.map(tags, arns), strict=True)
            ours = [
                (found[DAG_TAG], arn)
                for arn, found in tagged
                if found.get(ENVIRONMENT_TAG) == self.settings.prefix
                and DAG_TAG in found
                and arn.endswith(f":{machine_name(found[DAG_TAG])}")  # not the one for re-runs
            ]
        return sorted(ours)

    def unknown_dag(self, dag_id: str) -> UsageError:
        """The error to raise for a DAG that is not deployed; names one that is called nearly so."""
        from difflib import get_close_matches

        known = [known_id for known_id, _ in self.deployed()]
        close = get_close_matches(dag_id, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "deploy it with `airstep deploy`, see `airstep dags list`"
        return UsageError(f"DAG {dag_id} is not deployed here\n    → {hint}")

    def find_run(self, dag_id: str, run_id_or_date: str) -> DagRun:
        """The DagRun of this id, or of this logical date. Raises UsageError if there is none."""
        store = self.store
        run = store.get_run(RunKey(dag_id, run_id_or_date))
        if run is not None:
            return run
        wanted = as_instant(run_id_or_date)
        for candidate in store.list_runs(dag_id):
            if wanted is not None and candidate.logical_date and as_instant(candidate.logical_date) == wanted:
                return candidate
        hint = f"see `airstep dags list-runs {dag_id}`"
        raise UsageError(f"DAG {dag_id} has no run {run_id_or_date}\n    → {hint}")

    def log_events(self, dag_id: str, since: datetime, pattern: str) -> Iterator[dict[str, Any]]:
        """The events of the DAG's task log since a time that contain `pattern`, oldest first."""
        logs = self.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=self.task_log_group(dag_id),
            startTime=int(since.timestamp() * 1000),
            filterPattern=f'"{pattern}"',
        )
        for page in pages:
            yield from sorted(page["events"], key=lambda event: event["timestamp"])


def connect(local: bool) -> Account:
    """The account to talk to: the local AWS if asked for, else the profile in force. Imports boto3."""
    import boto3

    if not local:
        session = boto3.session.Session()
        identity = session.client("sts").get_caller_identity()
        partition = identity["Arn"].split(":")[1]
        return Account(session, read_settings(), session.region_name, identity["Account"], partition)
    from infra.local import server

    running = server.status(server.DEFAULT_STATE_DIR)
    if running is None:
        raise UsageError("the local AWS is not running\n    → start it with `airstep local up`")
    return at(running.environment)


def at(environment: Mapping[str, str]) -> Account:
    """The local AWS that these variables lead to."""
    import boto3

    session = boto3.session.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    settings = read_settings({"target": "local"})
    return Account(
        session, settings, environment["AWS_REGION"], environment["CDK_DEFAULT_ACCOUNT"], environment=environment
    )
