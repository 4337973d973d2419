"""The definition as a whole: what surrounds the states."""

from __future__ import annotations

from dag_translator.asl import Machine, Pass
from dag_translator.asl_json import definition

MACHINE = Machine("a", {"a": Pass(None)})


def test_a_description_does_not_look_like_a_placeholder() -> None:
    """CloudFormation, and the stack that fills in the functions' ARNs, would take it for one."""
    assert definition(MACHINE, "copies ${HOME} and ${TaskFunction}", None)["Comment"] == (
        "copies {HOME} and {TaskFunction}"
    )


def test_without_a_description_or_a_timeout_nothing_is_said() -> None:
    assert list(definition(MACHINE, "", None)) == ["QueryLanguage", "StartAt", "States"]
    assert definition(MACHINE, "", 60)["TimeoutSeconds"] == 60
