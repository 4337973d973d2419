"""Parts: how a machine runs a piece of itself as an execution of another machine.

The part gets `$run`, the states that its tasks ask for, and in a re-run what `$kept` says of them. It gives back the
payload as it leaves it, like the branch of a `Parallel`. Its execution has the name of the one that starts it, so that
starting it twice is one start; stopping the run stops it. Source: Step Functions developer guide, "Start a new state
machine from a running execution".
"""

from __future__ import annotations

from dag_translator import asl
from dag_translator.lowering.exits import Exit
from dag_translator.lowering.joins import carried, sifted_states
from dag_translator.lowering.knowledge import Known
from dag_translator.names import StateNames
from dag_translator.operators.trigger_dagrun import TRANSIENT
from dag_translator.regions import Region, first_task, tasks_in


def nested(
    number: int, region: Region, inner: asl.Machine, known: Known, names: StateNames, way: Exit, *, rerun: bool = False
) -> dict[str, asl.State]:
    """The state that runs `inner`, the lowered `region`, as a machine of its own. rerun: of a re-run's machine."""
    begin = names.free(f"begin part {number}")
    kept = {"kept": f"{{% $merge([{{}}, {sifted_states(tasks_in(region), '$kept')}]) %}}"} if rerun else {}
    variables = {name: f"{{% $states.input.{name} %}}" for name in ("run", *kept)}
    given = asl.Pass(inner.start_at, "{% $states.input.states %}", variables)
    arguments = {
        "Name": "{% $states.context.Execution.Name %}",
        "Input": {
            "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "{% $states.context.Execution.Id %}",
            "run": "{% $run %}",
            "states": carried((region,), known),
            **kept,
        },
    }
    machine = asl.Machine(begin, {begin: given, **inner.states})
    output = way.output("$states.input", "$states.result.Output")
    state = asl.Nested(number, machine, arguments, way.next, output, (TRANSIENT,), _about(region))
    return {names.free(f"part {number}"): state}


def _about(region: Region) -> str:
    inside = tasks_in(region)
    return f"{len(inside)} tasks, from {first_task(region)} to {inside[-1]}" if inside else ""
