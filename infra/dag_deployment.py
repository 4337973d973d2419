"""What a DAG's stack is made from: the translated DAG and its packages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dag_translator.pipeline import Rerun
from infra.packaging import Package

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_INTEGRATIONS = '"arn:aws:states:::'
PARTITION = "Partition"


@dataclass(frozen=True, slots=True)
class DagDeployment:
    """A translated DAG with its task function's package.

    platform_digests: of what the SSM parameters point to, so that a DAG stack is updated when the platform changed.
    environments: the layer with the packages that tasks have to themselves. parts: the definitions of a large DAG's
    further machines, by placeholder. rerun: the machine for runs of which some tasks are kept; None if there is none.
    """

    manifest: Mapping[str, Any]
    definition: Mapping[str, Any]
    package: Package
    platform_digests: Mapping[str, str]
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environments: Package | None = None
    rerun: Rerun | None = None

    @property
    def dag_id(self) -> str:
        return str(self.manifest["dag_id"])

    @property
    def machine_name(self) -> str:
        return str(self.manifest["machine_name"])

    @property
    def rerun_name(self) -> str:
        return str(self.manifest["rerun_machine_name"])

    def wanted(self) -> set[str]:
        """The placeholders of all definitions that are not those of parts."""
        found = placeholders([self.definition, *self.parts.values()]) - set(self.parts)
        if self.rerun is not None:
            again = self.rerun
            found |= placeholders([again.definition, *again.parts.values()]) - set(again.parts)
        return found


def deployable(definition: Mapping[str, Any], **how: Any) -> str:
    """The definition's text as it is deployed: its integrations are those of the partition that it is deployed to.

    In China they are called `arn:aws-cn:states:::lambda:invoke`, in GovCloud `arn:aws-us-gov:…`; the translator writes
    those of all other regions. how: json.dumps's arguments. Source: CDK's own tasks, which do the same.

    >>> deployable({"Resource": "arn:aws:states:::lambda:invoke"})
    '{"Resource": "arn:${Partition}:states:::lambda:invoke"}'
    """
    # In ASCII: CloudFormation gives other characters of a template back as question marks, so that each diff would
    # find a change.
    return json.dumps(definition, **how).replace(_INTEGRATIONS, f'"arn:${{{PARTITION}}}:states:::')


def placeholders(definitions: Iterable[Mapping[str, Any]]) -> set[str]:
    """What the definitions leave open, without `${` and `}`."""
    return {name for each in definitions for name in _PLACEHOLDER.findall(json.dumps(each, ensure_ascii=False))}
