"""The first and the last state of a machine: between them stands everything that a DAG's tasks become."""

from __future__ import annotations

from dag_translator import asl
from dag_translator.lowering.lambdas import INVOKE, TASK_FUNCTION, TRANSIENT, call


def start_run(following: str, rerun: bool) -> asl.Task:
    """Makes the DagRun; from here on `$run` says which it is, and `$kept` how the tasks ended that a re-run keeps."""
    # Not the context's whole Execution: that holds the input once more, and a payload has 256 KB.
    execution = {name: f"{{% $states.context.Execution.{name} %}}" for name in ("Id", "Name", "StartTime")}
    payload = {"kind": "start_run", "execution": execution, "input": "{% $states.input %}"}
    return asl.Task(
        INVOKE,
        {"FunctionName": TASK_FUNCTION, "Payload": payload},
        following,
        output={} if rerun else "{% $states.result.Payload.states %}",
        assign={"run": "{% $states.result.Payload.run %}"}
        | ({"kept": "{% $states.result.Payload.states %}"} if rerun else {}),
        retry=(TRANSIENT,),
    )


def finish_run() -> asl.Task:
    """Decides the DagRun's state; fails, and so the execution, when the run failed."""
    return asl.Task(
        INVOKE,
        call("finish_run", states="{% $states.input %}"),
        None,
        output="{% $states.result.Payload %}",
        retry=(TRANSIENT,),
    )
