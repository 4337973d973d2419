"""What GetExecutionHistory tells."""

from __future__ import annotations

from tests.contract.asl import branch, choice, machine, map_, parallel, pass_, wait
from tests.contract.cloud import Cloud


def test_events_of_a_task(cloud: Cloud) -> None:
    states = {"A": cloud.function({"a": 1}, Next="C"), "C": choice("{% true %}", "Z"), "Z": {"Type": "Succeed"}}
    events = cloud.history(cloud.run(machine(states)).arn)
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ChoiceStateEntered",
        "ChoiceStateExited",
        "SucceedStateEntered",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ]
    assert [event["id"] for event in events] == list(range(1, 12))
    assert [event["previousEventId"] for event in events] == [0, 0, *range(2, 11)]


def test_events_inside_branches_and_iterations(cloud: Cloud) -> None:
    states = {
        "P": parallel(branch({"A": pass_()}), Next="M"),
        "M": map_([1, 2], branch({"I": pass_()})),
    }
    types = cloud.event_types(cloud.run(machine(states)).arn)
    assert {"ParallelStateStarted", "PassStateEntered", "MapIterationStarted", "MapStateStarted"} <= set(types)


def test_written_while_running(cloud: Cloud) -> None:
    states = {"A": pass_(Next="W"), "W": wait(2, Next="B"), "B": cloud.function({"op": "fail"})}
    execution = cloud.start(cloud.create(machine(states)))
    cloud.backend.sleep(1)
    assert "WaitStateEntered" in cloud.event_types(execution)
    cloud.end(execution)
    types = cloud.event_types(execution)
    assert "TaskFailed" in types
    assert types[-1] == "ExecutionFailed"


def test_assigned_variables(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": pass_(Assign={"q": 1})}))
    exited = next(event for event in cloud.history(ended.arn) if event["type"] == "PassStateExited")
    assert exited["stateExitedEventDetails"]["assignedVariables"] == {"q": "1"}
