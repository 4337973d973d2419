"""Wait, timeouts, heartbeats, and how Fail ends an execution."""

from __future__ import annotations

from tests.contract.asl import catch, fail, machine, pass_, wait
from tests.contract.cloud import Cloud

SLEEP = {"op": "sleep", "seconds": 5}


def test_task_timeout(cloud: Cloud) -> None:
    caught = catch("States.Timeout", "B", Output="to")
    states = {"A": cloud.function(SLEEP, TimeoutSeconds=1, Catch=caught), "B": pass_()}
    assert cloud.output(machine(states)) == "to"


def test_task_timeout_as_an_expression(cloud: Cloud) -> None:
    caught = catch("States.Timeout", "B", Output="to")
    states = {"A": cloud.function(SLEEP, TimeoutSeconds="{% $states.input.t %}", Catch=caught), "B": pass_()}
    assert cloud.output(machine(states), {"t": 1}) == "to"


def test_machine_timeout(cloud: Cloud) -> None:
    assert cloud.run(machine({"A": wait(6)}, TimeoutSeconds=2)).status == "TIMED_OUT"


def test_missed_heartbeat(cloud: Cloud) -> None:
    caught = [*catch("States.HeartbeatTimeout", "B", Output="hb"), *catch("States.Timeout", "B", Output="timeout")]
    state = cloud.waiting_function({"op": "echo"}, HeartbeatSeconds=2, TimeoutSeconds=8, Catch=caught)
    assert cloud.output(machine({"A": state, "B": pass_()})) == "hb"


def test_timeout_of_a_task_that_waits_for_its_token(cloud: Cloud) -> None:
    caught = catch("States.Timeout", "B", Output="to")
    state = cloud.waiting_function({"op": "echo"}, TimeoutSeconds=2, Catch=caught)
    assert cloud.output(machine({"A": state, "B": pass_()})) == "to"


def test_wait_seconds_as_an_expression(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": wait("{% $states.input.s %}")}), {"s": 2})
    assert ended.status == "SUCCEEDED"
    assert 1.9 < ended.seconds < 3.2


def test_wait_timestamp_as_an_expression(cloud: Cloud) -> None:
    state = {"Type": "Wait", "Timestamp": "{% $fromMillis($millis()+2000) %}", "End": True}
    ended = cloud.run(machine({"A": state}))
    assert ended.status == "SUCCEEDED"
    assert 1.7 < ended.seconds < 3.2


def test_fail_with_expressions(cloud: Cloud) -> None:
    states = {"A": fail("{% 'E' & $states.input.x %}", "{% $string($states.input) %}")}
    ended = cloud.run(machine(states), {"x": 1})
    assert (ended.status, ended.error) == ("FAILED", "E1")
    assert '"x":1' in (ended.cause or "")


def test_fail_has_error_and_cause_and_no_output(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": fail("E", "C")}))
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "E", "C")
    assert "output" not in ended.described
