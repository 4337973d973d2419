"""What a DAG's stack has because of assets: rules that hand their updates to the dispatcher, and a list of them
for the command.

Each consuming DAG has rules of its own, so DAGs deploy and delete alone and producers know nothing of consumers. A
pattern takes 2,048 characters, so many assets become several rules; an event that matches two of them is recognised by
its id. The dispatcher's permission names all these rules at once (`infra.platform_stack`): one for each would fill
its policy of 20 KB after some fifty DAGs.

Source: EventBridge user guide, "Amazon EventBridge quotas" and "Amazon EventBridge input transformation".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aws_cdk import aws_events as events
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from dag_translator.names import shorten
from infra.permissions import arn
from infra.schedules import deployed_spec
from infra.settings import Settings
from lambdas.scheduling.asset_events import DETAIL_TYPE, SOURCE
from lambdas.scheduling.dispatch_assets import leaves

_NAME_LIMIT = 64
_PATTERN_LIMIT = 1_900  # of 2,048, with the frame around the values
_PARAMETER_LIMIT = 4_000  # of 4,096: larger ones cost money
_DAY = 24 * 3600
TEMPLATE_LIMIT = 8_192
_LONGEST_ARN = 160  # a state machine's: its name has at most 80 characters

Row = Mapping[str, Any]


def add_asset_rules(
    scope: Construct, manifest: Mapping[str, Any], machine_arn: str, settings: Settings, dispatcher_arn: str
) -> list[events.CfnRule]:
    """Add a rule for each pattern that the assets of the DAG's schedule need."""
    spec = (manifest["schedule"] or {}).get("spec", {})
    if "assets" not in spec:
        return []
    payload = _payload(manifest, machine_arn, settings)
    target = events.CfnRule.TargetProperty(
        id="dispatcher",
        arn=dispatcher_arn,
        input_transformer=events.CfnRule.InputTransformerProperty(
            input_paths_map={"detail": "$.detail", "id": "$.id", "time": "$.time"},
            input_template=input_template(payload),
        ),
        retry_policy=events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=_DAY, maximum_retry_attempts=185),
        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=arn("sqs", settings.dead_letters)),
    )
    return [
        events.CfnRule(
            scope,
            f"AssetRule{number}",
            name=shorten(f"{settings.asset_rules}{manifest['machine_name']}-{number}", _NAME_LIMIT),
            description=f"Updates of assets for the DAG {manifest['machine_name']}",
            event_pattern={"source": [SOURCE], "detail-type": [DETAIL_TYPE], "detail": detail},
            targets=[target],
        )
        for number, detail in enumerate(patterns(spec["assets"]), 1)
    ]


def _payload(manifest: Mapping[str, Any], machine_arn: str, settings: Settings) -> dict[str, Any]:
    """What the dispatcher is told besides the event."""
    return {
        **deployed_spec(manifest, settings),
        "dag_id": manifest["dag_id"],
        "state_machine_arn": machine_arn,
        **({"is_paused_upon_creation": True} if manifest["is_paused_upon_creation"] else {}),
    }


def payload_size(manifest: Mapping[str, Any], settings: Settings) -> int:
    """Characters that the rules' input template takes at most; 0 for a DAG that waits for no asset."""
    if "assets" not in (manifest["schedule"] or {}).get("spec", {}):
        return 0
    return len(input_template(_payload(manifest, "x" * _LONGEST_ARN, settings)))


def patterns(condition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Event patterns (of the detail) that together match every event the condition is about.

    >>> list(patterns({"any": [{"asset": {"name": "a", "uri": "s3://a"}}, {"alias": {"name": "x"}}]}))
    [{'asset': {'uri': ['s3://a']}}, {'aliases': ['x']}]
    """
    found: dict[str, dict[str, None]] = {"uri": {}, "name": {}, "alias": {}}
    for leaf in leaves(condition):
        told = leaf.get("asset_ref") or leaf.get("alias") or {"uri": leaf.get("asset", {}).get("uri")}
        for part, value in told.items():
            found["alias" if "alias" in leaf else part][value] = None
    for part in ("uri", "name"):
        yield from ({"asset": {part: values}} for values in _chunks(found[part], _PATTERN_LIMIT))
    yield from ({"aliases": values} for values in _chunks(found["alias"], _PATTERN_LIMIT))


def input_template(payload: Mapping[str, Any]) -> str:
    """What the dispatcher gets: the payload and the event. `<` begins a variable, so the payload's own are escaped."""
    text = json.dumps(payload, sort_keys=True).replace("<", "\\u003c").replace(">", "\\u003e")
    return f'{text[:-1]}, "asset_event": <detail>, "event_id": <id>, "event_time": <time>}}'


def add_asset_list(scope: Construct, manifest: Mapping[str, Any], settings: Settings) -> list[ssm.StringParameter]:
    """Tell which assets the DAG makes, reads and waits for, in parameters that the command reads."""
    rows = [{"role": kind, **row} for kind, rows in manifest.get("assets", {}).items() for row in rows]
    condition = ((manifest["schedule"] or {}).get("spec", {})).get("assets", {"all": []})
    rows += [{"role": "schedule", **_flat(leaf)} for leaf in leaves(condition) if leaf]
    return [
        ssm.StringParameter(
            scope,
            f"Assets{number}",
            parameter_name=f"{settings.asset_parameters}{manifest['machine_name']}/{number}",
            string_value=json.dumps({"dag_id": manifest["dag_id"], "assets": chunk}),
            description=f"Assets of {manifest['machine_name']}",
        )
        for number, chunk in enumerate(_chunks(rows, _PARAMETER_LIMIT - len(json.dumps(manifest["dag_id"])) - 40), 1)
    ]


def _flat(leaf: Row) -> Row:
    return leaf.get("asset") or leaf.get("asset_ref") or {"alias": leaf["alias"]["name"]}


def _chunks(values: Iterable[Any], limit: int) -> Iterator[list[Any]]:
    """In lists whose JSON takes at most `limit` characters (a longer value is alone)."""
    chunk: list[Any] = []
    size = 0
    for value in values:
        own = len(json.dumps(value)) + 2
        if chunk and size + own > limit:
            yield chunk
            chunk, size = [], 0
        chunk.append(value)
        size += own
    if chunk:
        yield chunk
