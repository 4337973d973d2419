"""AwsBaseOperator: what the operators of AWS services share, a hook and where it connects to."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NoReturn

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.loading import coded

# Where the calls go; default_args reach a constructor only in a class of its own, so the mixin has none.
CONNECTION: dict[str, Any] = {
    "aws_conn_id": "aws_default",
    "region_name": None,
    "verify": None,
    "botocore_config": None,
}


class AwsMixin:
    """aws_hook_class makes `hook`, which gives the boto3 client."""

    template_fields: Any = ("aws_conn_id", "region_name", "verify")
    aws_hook_class: Any = AwsBaseHook
    aws_conn_id: Any
    region_name: Any
    verify: Any
    botocore_config: Any

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "config": self.botocore_config,
        }

    @cached_property
    def hook(self) -> Any:
        return self.aws_hook_class(**self._hook_parameters)


class AwsBaseOperator(AwsMixin, BaseOperator):
    """An operator of an AWS service."""

    __init__ = takes(**CONNECTION)


def aws_template_fields(*fields: str) -> tuple[str, ...]:
    """`fields`, and those that all AWS operators have."""
    return tuple(sorted({"aws_conn_id", "region_name", "verify", *fields}))


def refuse(what: str, hint: str) -> NoReturn:
    """What can't be honoured: loading reports it at the user's line."""
    raise coded(ValueError(f"{what} is not supported"), "unsupported-argument", hint)


def must_be_known(operator: Any, name: str) -> None:
    """Refuse a template that only a run could render where the state machine has to know."""
    if not isinstance(getattr(operator, name), bool):
        refuse(f"{type(operator).__name__}: a template as {name}", "say True or False")
