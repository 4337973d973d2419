"""Every public class of the Amazon provider: Airstep's takes the same, or the name is refused with what to do."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from collections.abc import Mapping
from typing import Any

import pytest

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.names.modules import MODULES
from dag_translator.authoring.names.refused import BY_NAME, hint_for
from dag_translator.authoring.operators.kubernetes import KubernetesPodOperator
from dag_translator.authoring.sensors.base import BaseSensorOperator
from tests.providers.amazon_signatures import CONNECTION, MEASURED, PACKAGE

CLASSES: Mapping[str, Any] = json.loads(MEASURED.read_text())["classes"]
# What Airstep's classes take beyond the provider's: names of earlier versions, and where a transfer connects to.
MORE = {
    "AthenaOperator": {"max_tries", "num_iterations"},
    "BatchOperator": {"overrides"},
    "AppflowRecordsShortCircuitOperator": {"provide_context", "python_callable", "op_kwargs"},
    "SageMakerAutoMLSensor": {"resource_type"},
    "SageMakerPipelineSensor": {"resource_type"},
    "DynamoDBToS3Operator": {*CONNECTION},
    "S3ToDynamoDBOperator": {*CONNECTION} - {"aws_conn_id"},
}
# Measured without the provider that its base class is from.
BASES = {"EksPodOperator": KubernetesPodOperator}


def ours(name: str) -> Any:
    """Airstep's class of a name such as `operators.sns.SnsPublishOperator`; None if there is none."""
    module, _, attribute = (PACKAGE + name).rpartition(".")
    target = MODULES.get(module, {}).get(attribute)
    if target is None:
        return None
    place, _, attribute = target.partition(":")
    return getattr(importlib.import_module(f"dag_translator.authoring.{place}"), attribute)


SUPPORTED = [name for name in CLASSES if ours(name) is not None]


def taken(kind: Any) -> dict[str, str]:
    """Name → its default's repr or "required", of all constructors below the base classes'."""
    found: dict[str, str] = {}
    for each in kind.__mro__:
        if each in (BaseOperator, BaseSensorOperator):
            break
        init = vars(each).get("__init__")
        signature = inspect.signature(getattr(init, "__wrapped__", init)) if init is not None else None
        for name, parameter in (signature.parameters if signature else {}).items():
            if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                default = "required" if parameter.default is parameter.empty else repr(parameter.default)
                found.setdefault(name, default)
    return found


@pytest.mark.parametrize("name", SUPPORTED)
def test_arguments(name: str) -> None:
    """None is missing, none is accepted that Airflow would refuse, defaults are the same."""
    short = name.rpartition(".")[2]
    row, own = CLASSES[name], taken(ours(name))
    measured = row["arguments"] | (CONNECTION if row["aws"] else {})
    if measured.get("region") == "NOTSET":  # which the provider ignores: here it is honoured, or unknown
        del measured["region"]
    assert not measured.keys() - own.keys()
    inherited = taken(BASES[short]).keys() if short in BASES else set()
    assert not own.keys() - measured.keys() - MORE.get(short, set()) - {"region"} - inherited
    defaults = {each: (_plain(default), _plain(own[each])) for each, default in measured.items()}
    assert not {each: both for each, both in defaults.items() if None not in both and both[0] != both[1]}


def _plain(default: str) -> Any:
    """A default that can be compared, in a tuple; None for one that only its own module knows."""
    if default == "required":
        return (default, "")
    try:
        return (ast.literal_eval(default),)
    except (ValueError, SyntaxError):
        return None


@pytest.mark.parametrize("name", SUPPORTED)
def test_template_fields(name: str) -> None:
    base = BASES.get(name.rpartition(".")[2])
    inherited = () if base is None else base.template_fields
    assert sorted(ours(name).template_fields) == sorted({*CLASSES[name]["template_fields"], *inherited})


def test_the_others_are_refused_with_a_hint() -> None:
    others = [name for name in CLASSES if name not in SUPPORTED]
    assert len(SUPPORTED) >= len(CLASSES) - 10
    for name in others:
        module, _, attribute = (PACKAGE + name).rpartition(".")
        assert attribute in BY_NAME
        assert hint_for(module, attribute)
