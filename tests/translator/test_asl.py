"""The definition as a whole: what surrounds the states, and what their numbers may be."""

from __future__ import annotations

import json

from dag_translator import asl
from dag_translator.asl import Machine, Pass
from dag_translator.asl_json import YEAR, definition
from infra.local.engine.validation import problems

MACHINE = Machine("a", {"a": Pass(None)})


def test_a_description_does_not_look_like_a_placeholder() -> None:
    """CloudFormation, and the stack that fills in the functions' ARNs, would take it for one."""
    assert definition(MACHINE, "copies ${HOME} and ${TaskFunction}", None)["Comment"] == (
        "copies {HOME} and {TaskFunction}"
    )


def test_without_a_description_or_a_timeout_nothing_is_said() -> None:
    assert list(definition(MACHINE, "", None)) == ["QueryLanguage", "StartAt", "States"]
    assert definition(MACHINE, "", 60)["TimeoutSeconds"] == 60


def test_what_is_longer_than_an_execution_lasts_is_said_as_a_year() -> None:
    """Airflow takes a retry_delay of six years; a definition with it would be refused."""
    endless = 10**10
    retrier = asl.Retrier(("States.ALL",), endless, endless, 2, 31_622_399)
    machine = Machine(
        "a",
        {
            "a": asl.Task("arn:aws:states:::lambda:invoke", {}, "b", timeout=endless, retry=(retrier,)),
            "b": asl.Wait(endless, None),
        },
    )
    emitted = definition(machine, "", endless)
    assert problems(json.dumps(emitted)) == []
    states = emitted["States"]
    assert isinstance(states, dict)
    assert (emitted["TimeoutSeconds"], states["a"]["TimeoutSeconds"], states["b"]["Seconds"]) == (YEAR, YEAR, YEAR)
