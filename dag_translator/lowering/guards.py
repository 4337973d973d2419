"""The guard of a task: a `Choice` that asks whether the task runs, where that is not known beforehand.

>>> from dag_translator.lowering.exits import Exit
>>> from dag_translator.lowering.knowledge import ANY
>>> from dag_translator.model import Task
>>> task = Task("c", "X", ("a", "b"), trigger_rule="none_failed_min_one_success")
>>> known = {"a": ANY, "b": ANY}
>>> to_task, past = lambda: "c", lambda state: Exit("d", {"c": state})
>>> guard = choice(task, known, to_task, past)
>>> for rule in guard.rules:
...     print(rule.next, rule.condition)
d {% $count([$states.input.a, $states.input.b][$ in ['failed', 'upstream_failed']]) > 0 %}
c {% $count([$states.input.a, $states.input.b][$ = 'success']) > 0 %}
>>> guard.output
"{% $merge([{'c': 'skipped'}, $states.input]) %}"
"""

from __future__ import annotations

from collections.abc import Callable

from dag_translator import asl
from dag_translator.lowering.exits import Exit
from dag_translator.lowering.knowledge import Known, PossibleStates, asked
from dag_translator.model import Task
from dag_translator.names import key, literal, state_of
from dag_translator.trigger_rules import Verdict, condition


def decided(task: Task, known: Known) -> PossibleStates:
    """The states that the task may have been given before its turn."""
    return known.get(task.task_id, frozenset()) - {None}


def needed(task: Task, known: Known, verdicts: frozenset[Verdict]) -> bool:
    return bool(decided(task, known)) or verdicts != {"run"}


def choice(
    task: Task,
    known: Known,
    to_task: Callable[[], str],
    past: Callable[[str | None], Exit],
    kept: Callable[[], Exit] | None = None,
) -> asl.Choice | asl.Pass:
    """The guard. to_task: the name of the task's first state; past: the way past it, with the state it then has.

    `past(None)` is the way for a task that has its state already. kept: in a re-run, the way past a task that is kept,
    in whatever state: `$kept` has it. With one way only, the guard is a `Pass`.
    """
    rules: list[asl.Rule] = []

    def way(verdict: Verdict) -> tuple[str | None, str | None]:
        if verdict == "run":
            return to_task(), None
        leave = past(verdict)
        return leave.next, leave.passing()

    if kept is not None:
        leave, state = kept(), f"$kept.{key(task.task_id)}"
        merged = leave.output("$states.input", f"{{{literal(task.task_id)}: {state}}}")
        rules.append(asl.Rule(f"{{% $exists({state}) %}}", leave.next, merged))
    if decided(task, known):
        leave = past(None)
        rules.append(asl.Rule(f"{{% $exists({state_of(task.task_id)}) %}}", leave.next, leave.passing()))
    deciding, otherwise = asked(task, known)
    for predicate, verdict, task_ids in deciding:
        test = condition(predicate, [state_of(task_id) for task_id in task_ids])
        rules.append(asl.Rule(f"{{% {test} %}}", *way(verdict)))
    following, output = way(otherwise)
    return asl.Choice(tuple(rules), following, output) if rules else asl.Pass(following, output)
