"""What is known, at a point of the machine, about how tasks ended; and what follows for the tasks that come next.

`Known` maps a task to the states it may have there. A task that has not had its turn but may have been skipped by a
branch or short circuit has `None` (undecided) beside `skipped`. The lowering pass leaves out every guard whose outcome
is known and jumps over tasks whose fate is sealed.

>>> from dag_translator.model import Dag, Task
>>> dag = Dag("d", "d.py", (Task("a", "X"), Task("b", "X", ("a",))))
>>> sorted(verdicts(dag.by_id["b"], {"a": frozenset({"failed"})}))
['upstream_failed']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dag_translator.errors import InternalError
from dag_translator.model import Dag, Task
from dag_translator.regions import Parallel, Region, Series, Step
from dag_translator.trigger_rules import (
    ALL_SUCCESS_AT_ONCE,
    RULES,
    SETUP_CONSTRAINT,
    STATES,
    TaskClause,
    Verdict,
    worth_asking,
)

PossibleStates = frozenset[str | None]
Known = Mapping[str, PossibleStates]

ANY: PossibleStates = frozenset(STATES)
MAYBE_SKIPPED: PossibleStates = frozenset({None, "skipped"})
# What an early-firing task's join may have decided for it; None: to run.
EARLY_VERDICTS: PossibleStates = frozenset({None, "skipped", "upstream_failed"})


def clauses(task: Task) -> tuple[tuple[TaskClause, ...], Verdict]:
    """The clauses that decide whether the task runs, each with the tasks it looks at; and the verdict otherwise.

    The join of an early-firing task has decided already, and `always` asks nothing.
    """
    if task.fires_early or task.trigger_rule == "always" or not task.upstream:
        return (), "run"
    setup: tuple[TaskClause, ...] = ()
    if task.setups and not task.is_teardown:
        setup = tuple((predicate, verdict, task.setups) for predicate, verdict in SETUP_CONSTRAINT)
    upstream = task.rule_upstream
    if not upstream:  # a teardown without setups
        return setup, "run"
    rule = RULES[task.trigger_rule]
    if task.below_group and task.trigger_rule == "all_success":
        rule = ALL_SUCCESS_AT_ONCE
    return (*setup, *((predicate, verdict, upstream) for predicate, verdict in rule.clauses)), rule.otherwise


def asked(task: Task, known: Known) -> tuple[list[TaskClause], Verdict]:
    """The clauses that have something to decide at this point, and the verdict when none of them holds."""
    rules, otherwise = clauses(task)
    possible: dict[str, frozenset[str]] = {}
    for _, _, task_ids in rules:
        for task_id in task_ids:
            if task_id not in known:
                raise InternalError(f"nothing is known of task {task_id}, which {task.task_id} asks for")
            possible[task_id] = frozenset(state for state in known[task_id] if state is not None)
    return worth_asking(rules, otherwise, possible)


def verdicts(task: Task, known: Known) -> frozenset[Verdict]:
    """What the task's trigger rule can say at this point."""
    deciding, otherwise = asked(task, known)
    return frozenset({otherwise, *(verdict for _, verdict, _ in deciding)})


def sealed(region: Region, dag: Dag, known: Known) -> dict[str, str] | None:
    """The outcome of each task of the region if none of them can run, whatever happens; else None.

    A region that signals or waits has to be walked through, even when its tasks' fates are sealed.
    """
    outcomes: dict[str, str] = {}
    here = dict(known)
    waiting: list[Region] = [region]
    while waiting:
        current = waiting.pop()
        match current:
            case Step(task_id):
                outcome = _sealed_task(dag.by_id[task_id], here)
                if outcome is None:
                    return None
                outcomes[task_id] = outcome
                here[task_id] = frozenset({outcome})
            case Series(steps):
                waiting.extend(reversed(steps))
            case Parallel(branches):
                waiting.extend(reversed(branches))
            case _:
                return None
    return outcomes


def _sealed_task(task: Task, known: Known) -> str | None:
    found = verdicts(task, known)
    if len(found) != 1 or "run" in found:
        return None
    (outcome,) = found
    decided = known.get(task.task_id, frozenset()) - {None}
    return outcome if decided <= {outcome} else None


def joined(several: Iterable[Known]) -> dict[str, PossibleStates]:
    """What is known where several ways meet: anything that was possible on one of them."""
    ways = list(several)
    if len(ways) == 1:
        return dict(ways[0])
    keys = dict.fromkeys(key for way in ways for key in way)
    return {key: frozenset().union(*(way.get(key, frozenset({None})) for way in ways)) for key in keys}
