"""Retry and Catch."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.asl import catch, machine, pass_
from tests.contract.cloud import Cloud, Ended


def test_exception_of_a_function_is_the_error_with_a_json_cause(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": cloud.function({"op": "fail"})}))
    assert (ended.status, ended.error) == ("FAILED", "MyErr")
    cause = json.loads(ended.cause or "")
    assert (cause["errorMessage"], cause["errorType"]) == ("boom", "MyErr")


def test_catch_with_output_and_assign(cloud: Cloud) -> None:
    caught = catch("MyErr", "B", Assign={"e": "{% $states.errorOutput.Error %}"}, Output="{% {'i':$states.input.x} %}")
    states = {"A": cloud.function({"op": "fail"}, Catch=caught), "B": pass_("{% {'e':$e,'i':$states.input.i} %}")}
    assert cloud.output(machine(states), {"x": 1}) == {"e": "MyErr", "i": 1}


def test_catch_without_output_gives_the_error_output(cloud: Cloud) -> None:
    states = {"A": cloud.function({"op": "fail"}, Catch=catch("States.ALL", "B")), "B": pass_()}
    assert cloud.output(machine(states), {"x": 1})["Error"] == "MyErr"


def _retried(cloud: Cloud, retry: dict[str, Any]) -> tuple[Ended, list[float]]:
    """A function that succeeds at its fourth call, and the pauses between failure and next try in seconds."""
    ended = cloud.run(machine({"A": cloud.fails_until(4, Retry=[{"ErrorEquals": ["MyErr"], **retry}])}))
    events = cloud.history(ended.arn)
    failed = [event["timestamp"] for event in events if event["type"] == "TaskFailed"]
    tried = [event["timestamp"] for event in events if event["type"] == "TaskScheduled"]
    return ended, [(later - sooner).total_seconds() for sooner, later in zip(failed, tried[1:], strict=True)]


def test_backoff_rate(cloud: Cloud) -> None:
    ended, pauses = _retried(cloud, {"IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 3})
    assert ended.status == "SUCCEEDED"
    assert [round(pause) for pause in pauses] == [1, 2, 4]


def test_max_delay_seconds(cloud: Cloud) -> None:
    ended, pauses = _retried(cloud, {"IntervalSeconds": 1, "BackoffRate": 3, "MaxDelaySeconds": 2, "MaxAttempts": 3})
    assert ended.status == "SUCCEEDED"
    assert [round(pause) for pause in pauses] == [1, 2, 2]


def test_full_jitter(cloud: Cloud) -> None:
    ended, pauses = _retried(
        cloud, {"IntervalSeconds": 2, "BackoffRate": 1, "JitterStrategy": "FULL", "MaxAttempts": 3}
    )
    assert ended.status == "SUCCEEDED"
    assert any(pause < 1.8 for pause in pauses)


def test_no_attempts_is_no_retry_and_states_task_failed_catches(cloud: Cloud) -> None:
    retry = [{"ErrorEquals": ["MyErr"], "MaxAttempts": 0}]
    caught = catch("States.TaskFailed", "B", Output="ok")
    states = {"A": cloud.function({"op": "fail"}, Retry=retry, Catch=caught), "B": pass_()}
    assert cloud.output(machine(states)) == "ok"


def test_retry_count_is_in_the_context(cloud: Cloud) -> None:
    count = "$states.context.State.RetryCount"
    payload = f"{{% {count} < 2 ? {{'op':'fail'}} : {{'op':'constant','value':{count}}} %}}"
    retry = [{"ErrorEquals": ["MyErr"], "IntervalSeconds": 1, "BackoffRate": 1}]
    assert cloud.output(machine({"A": cloud.function(payload, Retry=retry)})) == 2
