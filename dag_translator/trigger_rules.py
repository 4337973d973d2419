"""When a task runs: Airflow's trigger rules, in one table with two readings.

Each rule is an ordered list of clauses over the final states of the upstream tasks, and a verdict for when none holds.
`evaluate` reads the table in Python (in the Lambda that joins early-firing tasks), `condition` reads a clause as
JSONata (in the `Choice` that guards a task), `worth_asking` reads it over *sets* of states (in the translator, to leave
out what can be decided beforehand). Source: Airflow 3.3.2's `TriggerRuleDep`, and measurements of it.

>>> evaluate("all_success", ["success", "skipped"], total=2)
'skipped'
>>> evaluate("one_success", ["success"], total=3)       # early-firing: decided although two are still running
'run'
>>> print(evaluate("all_success", ["success"], total=3))
None
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["success", "failed", "skipped", "upstream_failed"]
Verdict = Literal["run", "skipped", "upstream_failed"]

STATES: tuple[State, ...] = ("success", "failed", "skipped", "upstream_failed")


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one upstream task ended in one of `states`."""

    states: frozenset[str]


@dataclass(frozen=True, slots=True)
class Only:
    """Every upstream task ended in one of `states`."""

    states: frozenset[str]


Predicate = AnyOf | Only
Clause = tuple[Predicate, Verdict]
# A clause with the tasks whose states it looks at.
TaskClause = tuple[Predicate, Verdict, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """The first clause that holds gives the verdict; if none does, `otherwise`."""

    clauses: tuple[Clause, ...]
    otherwise: Verdict


_SUCCESS = frozenset({"success"})
_SKIPPED = frozenset({"skipped"})
_FAILED = frozenset({"failed", "upstream_failed"})
_ENDED_BY_ITSELF = frozenset({"success", "failed"})

RULES: Mapping[str, Rule] = {
    # Airflow decides this one at the first upstream task that it sees failed or skipped. All are known here: a failure
    # counts first, then a skip, as the one upstream_failed comes from a task further up, and so later.
    "all_success": Rule(
        ((Only(_SUCCESS), "run"), (AnyOf(frozenset({"failed"})), "upstream_failed"), (AnyOf(_SKIPPED), "skipped")),
        "upstream_failed",
    ),
    "all_failed": Rule(((Only(_FAILED), "run"),), "skipped"),
    "all_done": Rule((), "run"),
    "all_done_min_one_success": Rule(((AnyOf(_SKIPPED), "skipped"), (AnyOf(_SUCCESS), "run")), "upstream_failed"),
    # Over the upstream *setup* tasks alone; without any it is `all_done` (see `model.Task.rule_upstream`).
    "all_done_setup_success": Rule(((AnyOf(_SUCCESS), "run"), (Only(_SKIPPED), "skipped")), "upstream_failed"),
    "all_skipped": Rule(((Only(_SKIPPED), "run"),), "skipped"),
    "always": Rule((), "run"),
    "none_failed": Rule(((AnyOf(_FAILED), "upstream_failed"),), "run"),
    "none_failed_min_one_success": Rule(((AnyOf(_FAILED), "upstream_failed"), (AnyOf(_SUCCESS), "run")), "skipped"),
    "none_skipped": Rule(((AnyOf(_SKIPPED), "skipped"),), "run"),
    "one_done": Rule(((AnyOf(_ENDED_BY_ITSELF), "run"),), "skipped"),
    "one_failed": Rule(((AnyOf(_FAILED), "run"),), "skipped"),
    "one_success": Rule(((AnyOf(_SUCCESS), "run"), (Only(_SKIPPED), "skipped")), "upstream_failed"),
}

# One letter for each, for where there are many thousands of them.
LETTERS: Mapping[str, str] = {"success": "s", "failed": "f", "skipped": "k", "upstream_failed": "u"}

# `all_success` where all upstream tasks end at once: no upstream_failed comes later than a skip.
ALL_SUCCESS_AT_ONCE = Rule(((Only(_SUCCESS), "run"), (AnyOf(_FAILED), "upstream_failed")), "skipped")

# Airflow 2's other names for the same rules.
ALIASES: Mapping[str, str] = {
    "dummy": "always",
    "none_failed_or_skipped": "none_failed_min_one_success",
}

# These may be decided before every upstream task has ended.
EARLY_FIRING = frozenset({"one_success", "one_failed", "one_done"})

# A task whose setup tasks did not succeed does not run, whatever its own rule says.
SETUP_CONSTRAINT: tuple[Clause, ...] = ((AnyOf(_FAILED), "upstream_failed"), (AnyOf(_SKIPPED), "skipped"))


def evaluate(rule: str, states: Sequence[str], total: int) -> Verdict | None:
    """The verdict of `rule` when `states` are known of `total` upstream tasks; None while it is undecided.

    Only the early-firing rules are ever decided before all `total` states are known, as only for those does it matter.
    """
    complete = len(states) >= total
    if total == 0:
        return "run"
    if not complete and rule not in EARLY_FIRING:
        return None
    for predicate, verdict in RULES[rule].clauses:
        if isinstance(predicate, AnyOf) and any(state in predicate.states for state in states):
            return verdict
        if not complete:
            return None
        if isinstance(predicate, Only) and all(state in predicate.states for state in states):
            return verdict
    return RULES[rule].otherwise


def condition(predicate: Predicate, upstream: Sequence[str]) -> str:
    """`predicate` as JSONata; `upstream` are JSONata expressions, each one task's state (or list of states).

    >>> condition(Only(frozenset({"success"})), ["$states.input.a"])
    "$states.input.a = 'success'"
    >>> condition(AnyOf(frozenset({"failed", "upstream_failed"})), ["$states.input.a", "$states.input.b"])
    "$count([$states.input.a, $states.input.b][$ in ['failed', 'upstream_failed']]) > 0"
    """
    wanted = ", ".join(f"'{state}'" for state in STATES if state in predicate.states)
    several = f"[{wanted}]" if "," in wanted else wanted
    match predicate:
        case AnyOf():
            test = f"$ in {several}" if several.startswith("[") else f"$ = {several}"
            return f"$count([{', '.join(upstream)}][{test}]) > 0"
        case Only() if len(upstream) <= 3 and not several.startswith("["):
            return " and ".join(f"{state} = {several}" for state in upstream)
        case Only():
            test = f"$not($ in {several})" if several.startswith("[") else f"$ != {several}"
            return f"$count([{', '.join(upstream)}][{test}]) = 0"


def worth_asking(
    clauses: Iterable[TaskClause], otherwise: Verdict, possible: Mapping[str, frozenset[str]]
) -> tuple[list[TaskClause], Verdict]:
    """The clauses that can go either way, when each task may have ended in any of its `possible` states.

    Returns them with the verdict that holds when none of them does. A clause that did not hold narrows what is possible
    for the ones after it.

    >>> either = frozenset({"success", "skipped"})
    >>> rule = RULES["all_success"]
    >>> asked, otherwise = worth_asking([(*clause, ("a",)) for clause in rule.clauses], rule.otherwise, {"a": either})
    >>> [verdict for _, verdict, _ in asked], otherwise
    (['run'], 'skipped')
    """
    left = dict(possible)
    refuted: list[tuple[frozenset[str], tuple[str, ...]]] = []  # what is not true of all of these tasks
    asked: list[TaskClause] = []
    for predicate, verdict, tasks in clauses:
        sets = [left[task] for task in tasks]
        match predicate:
            case AnyOf(states):
                can_hold = any(each & states for each in sets)
                without = {task: left[task] - states for task in tasks}
                can_fail = all(without.values()) and not _contradicts({**left, **without}, refuted)
                left |= without if can_fail else {}
            case Only(states):
                can_hold = all(each & states for each in sets)
                can_fail = any(each - states for each in sets)
                refuted.append((states, tasks))
        if can_hold and not can_fail:
            otherwise = verdict
            break
        if can_hold:
            asked.append((predicate, verdict, tasks))
    while asked and asked[-1][1] == otherwise:
        asked.pop()
    return asked, otherwise


def _contradicts(left: Mapping[str, frozenset[str]], refuted: Iterable[tuple[frozenset[str], tuple[str, ...]]]) -> bool:
    """Whether something that was found not to be so would have to be so."""
    return any(all(left[task] <= states for task in tasks) for states, tasks in refuted)
