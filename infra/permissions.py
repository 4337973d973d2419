"""IAM statements: those that a manifest asks for, and those on the rows and objects that are Airstep's own.

Invariant: every action is spelt out; a task function reaches the rows and objects of its own DAG only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from aws_cdk import Aws, Fn
from aws_cdk import aws_iam as iam

from dag_translator.errors import InternalError
from infra.settings import Settings
from lambdas.scheduling.asset_events import alias_pk, asset_pk
from lambdas.waiting import objects

TABLE_READS = ("dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query")
TABLE_WRITES = ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")


def statements(permissions: Iterable[Mapping[str, Any]]) -> list[iam.PolicyStatement]:
    """A manifest's permissions as IAM statements; those on the same resources under the same condition become one.

    Each is {"actions": [...], "resources": [...], "reason": ...}, with a "condition" if there is one; resources may
    hold CloudFormation's pseudo parameters like ${AWS::Region}. Raises InternalError for an action with a wildcard:
    manifests name each one.
    """
    actions_of: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for permission in permissions:
        for action in permission["actions"]:
            if not _ACTION.fullmatch(action):
                raise InternalError(f"the manifest asks for the action {action!r} ({permission.get('reason')})")
        condition = json.dumps(permission.get("condition") or {}, sort_keys=True)
        key = (tuple(sorted(set(permission["resources"]))), condition)
        actions_of.setdefault(key, set()).update(permission["actions"])
    return [
        iam.PolicyStatement(
            actions=sorted(actions),
            resources=[_substituted(resource) for resource in resources],
            conditions=json.loads(condition) or None,
        )
        for (resources, condition), actions in sorted(actions_of.items())
    ]


def table_rows(table_arn: str, partitions: Iterable[str] = ()) -> iam.PolicyStatement:
    """Read and write rows; with `partitions` (patterns of partition keys) only those."""
    keys = list(partitions)
    conditions = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}} if keys else None
    return iam.PolicyStatement(
        sid="Rows", actions=sorted((*TABLE_READS, *TABLE_WRITES)), resources=[table_arn], conditions=conditions
    )


def rows_of_other_dags(table_arn: str, dag_ids: Iterable[str]) -> iam.PolicyStatement:
    """Read the runs and task instances of other DAGs; "*" for any DAG's."""
    keys = [key for dag_id in dag_ids for key in (f"dag/{_of_dag(dag_id)}", f"{_of_dag(dag_id)}/*")]
    return iam.PolicyStatement(
        sid="OtherDags",
        actions=["dynamodb:GetItem", "dynamodb:Query"],
        resources=[table_arn],
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}},
    )


def xcoms_of_other_dags(bucket_arn: str, dag_ids: Iterable[str]) -> iam.PolicyStatement:
    """Read what other DAGs' XComs have in the bucket; "*" for any DAG's."""
    return iam.PolicyStatement(
        sid="OtherXComs",
        actions=["s3:GetObject"],
        resources=[f"{bucket_arn}/xcom/{_of_dag(dag_id)}/*" for dag_id in dag_ids],
    )


def watchers_of_buckets(table_arn: str, buckets: Iterable[str]) -> iam.PolicyStatement:
    """Announce who waits for objects of these buckets."""
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": sorted(map(objects.partition, buckets))}}
    return iam.PolicyStatement(
        sid="Watchers", actions=["dynamodb:PutItem"], resources=[table_arn], conditions=condition
    )


def _of_dag(dag_id: str) -> str:
    return dag_id if dag_id == "*" else pattern(dag_id)


def bucket_objects(bucket_arn: str, *prefixes: str) -> iam.PolicyStatement:
    """Read and write objects under key prefixes."""
    return iam.PolicyStatement(
        sid="Objects",
        actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        resources=[f"{bucket_arn}/{prefix}*" for prefix in prefixes],
    )


def task_rights(manifest: Mapping[str, Any], settings: Settings) -> list[iam.PolicyStatement]:
    """What a DAG's own code may do: its manifest's permissions and the settings', and its own rows and objects."""
    dag_id, granted = str(manifest["dag_id"]), settings.task_permissions
    machines = (manifest["machine_name"], manifest["rerun_machine_name"])
    executions = (f"execution/{arn('states', f'execution:{name}')}:*" for name in machines)
    own, table = pattern(dag_id), arn("dynamodb", f"table/{settings.table}")
    bucket = f"arn:{Aws.PARTITION}:s3:::{settings.bucket(Aws.ACCOUNT_ID, Aws.REGION)}"
    signal = arn("lambda", f"function:{settings.function('signal')}")
    others = manifest.get("reads")
    watched = settings.s3_event_buckets if manifest.get("watches") == ["*"] else manifest.get("watches", ())
    return [
        *statements([*manifest["task_permissions"], *granted.get("*", ()), *granted.get(dag_id, ())]),
        table_rows(table, (f"{own}/*", f"dag/{own}", f"watch/{own}/*", *executions)),
        *asset_rows(manifest, table),
        *([rows_of_other_dags(table, others), xcoms_of_other_dags(bucket, others)] if others else []),
        *([watchers_of_buckets(table, watched)] if watched else []),
        # It wakes other DAGs that wait for this one.
        iam.PolicyStatement(sid="Wake", actions=["lambda:InvokeFunction"], resources=[signal]),
        bucket_objects(bucket, f"xcom/{own}/", f"conf/{own}/"),
    ]


def asset_rows(manifest: Mapping[str, Any], table_arn: str) -> list[iam.PolicyStatement]:
    """What the DAG's tasks may do with the histories of assets: write those of outlets, read those of inlets.

    An alias brings assets that only a run knows.
    """
    assets = manifest.get("assets", {})
    statements = []
    for kind, sid, actions in (
        ("outlets", "Outlets", ("dynamodb:ConditionCheckItem", *TABLE_WRITES)),
        ("inlets", "Inlets", TABLE_READS),
    ):
        rows = assets.get(kind, ())
        keys = {_key_pattern(asset_pk(row["uri"])) for row in rows if "uri" in row}
        keys |= {_key_pattern(alias_pk(row["alias"])) for row in rows if "alias" in row}
        if kind == "outlets" and any("alias" in row for row in rows):
            keys = {key for key in keys if not key.startswith("asset/")} | {"asset/*"}
        if keys:
            condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": sorted(keys)}}
            statements.append(
                iam.PolicyStatement(sid=sid, actions=sorted(actions), resources=[table_arn], conditions=condition)
            )
    return statements


def _key_pattern(key: str) -> str:
    """The key as a pattern; its own wildcards, and `$` (which begins a policy variable), match one character."""
    return pattern(key).replace("*", "?").replace("$", "?")


def pattern(text: str) -> str:
    """`text` as a policy can say it: IAM takes Latin-1 only, so any other character becomes `?`, which matches one.

    >>> pattern("매출_daily")
    '??_daily'
    """
    return re.sub(r"[^\x20-\xff]", "?", text)


def arn(service: str, resource: str) -> str:
    """An ARN in the stack's own account and region, e.g. arn("lambda", "function:airstep-signal")."""
    return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"


def _substituted(resource: str) -> str:
    return Fn.sub(resource) if "${" in resource else resource
