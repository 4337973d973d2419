"""Names that Step Functions accepts, made from names that Airflow accepts: readable, stable, without collisions.

Airflow allows Unicode and 250 characters; Step Functions allows 80 (quotas page, "State names", "Execution names").
A name that has to change keeps its readable beginning and gets a hash of the whole.

>>> execution_name("scheduled__2024-01-15T00:00:00+00:00")
'scheduled__2024-01-15T00-00-00+00-00'
>>> machine_name("my.dag")
'my-dag-6663e49c'
>>> StateNames().name("load", "await")
'load · await'
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LIMIT = 80
# What Step Functions refuses in the names of executions and state machines: white space, brackets, wildcards, quotes…
_REFUSED_IN_EXECUTION = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]|[^\x20-\x7e]")
_SIMPLE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JSONATA_WORDS = frozenset({"and", "or", "in", "true", "false", "null", "function", "undefined"})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def shorten(name: str, limit: int = LIMIT) -> str:
    """`name`, or its beginning and a hash when it is longer than `limit` characters."""
    return name if len(name) <= limit else f"{name[: limit - 9]}-{_hash(name)}"


def execution_name(run_id: str) -> str:
    """The name of the execution that is the DagRun `run_id`; the same for the same run, so a second start is refused.

    A colon becomes a dash; that alone can't make two run ids equal (dates have fixed places). Anything else that has to
    be replaced adds a hash.
    """
    plain = run_id.replace(":", "-")
    safe = _REFUSED_IN_EXECUTION.sub("-", plain)
    return shorten(safe if safe == plain else f"{safe}-{_hash(run_id)}")


def machine_name(dag_id: str) -> str:
    """The state machine's name: letters, digits, `-`, `_` (others disturb CloudWatch's logs), at most 80."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "-", dag_id)
    return shorten(safe if safe == dag_id else f"{safe}-{_hash(dag_id)}")


def rerun_name(dag_id: str) -> str:
    """The name of the machine that executes runs again of which some tasks are kept; no DAG's machine is called so.

    >>> rerun_name("etl")
    'etl-rerun-50bbeafc'
    """
    ending = f"-rerun-{_hash(f'rerun of {dag_id}')}"
    return f"{shorten(machine_name(dag_id), LIMIT - len(ending))}{ending}"


def part_name(machine: str, number: int) -> str:
    """The state machine of a part of a DAG that is too large for one.

    >>> part_name("my_dag", 2)
    'my_dag-part-2'
    """
    return shorten(f"{machine}-part-{number}")


def state_of(task_id: str) -> str:
    """JSONata that reads the task's state from a state's input; keys with dots or JSONata's own words are quoted.

    >>> state_of("group.load")
    '$states.input.`group.load`'
    """
    return f"$states.input.{key(task_id)}"


def key(task_id: str) -> str:
    """`task_id` as a JSONata field name."""
    if _SIMPLE_KEY.fullmatch(task_id) and task_id not in _JSONATA_WORDS:
        return task_id
    return f"`{task_id}`"


def literal(value: str) -> str:
    """A JSONata string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def subjects(name: str) -> Iterator[str]:
    """The task_ids that a state of this name may belong to: the task's own state, a helper of it, or its guard.

    >>> list(subjects("load · await"))
    ['load · await', 'load']
    """
    yield name
    for mark in (" · ", "?"):
        end = name.find(mark)
        while end >= 0:
            yield name[:end]
            end = name.find(mark, end + 1)


@dataclass(slots=True)
class StateNames:
    """Hands out state names that are unique over a whole machine (nested branches included).

    A task's main state is called by its task_id, a helper `task_id · role`. Asking twice gives a second name.
    """

    taken: set[str] = field(default_factory=set)

    def name(self, subject: str, role: str = "") -> str:
        suffix = f" · {role}" if role else ""
        wanted = f"{shorten(subject, LIMIT - len(suffix))}{suffix}"
        return self.free(wanted)

    def free(self, wanted: str) -> str:
        """`wanted`, or `wanted 2`, … when it is taken; at most 80 characters."""
        candidate, number = shorten(wanted), 1
        while candidate in self.taken:
            number += 1
            ending = f" {number}"
            candidate = f"{shorten(wanted, LIMIT - len(ending))}{ending}"
        self.taken.add(candidate)
        return candidate
