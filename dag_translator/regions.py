"""The second IR: the DAG's order as nested regions, the shapes that Step Functions has.

A `Series` runs one after the other, a `Parallel` at once, the body of a `Mapped` once per item. What does not nest
crosses as a signal: a `Signal` reports tasks' outcomes, an `Await` holds its branch until the ones it needs have been
reported.

>>> print(dump(Series((Step("a"), Parallel((Step("b"), Step("c")))))))
series
  a
  parallel
    b
    c
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One task."""

    task_id: str


@dataclass(frozen=True, slots=True)
class Signal:
    """Reports, to the `Await`s called `joins`, the outcomes of the tasks in `reports`; stands after its source.

    source: the name under which the joins know it (the last task of the region it follows). decided: tasks behind the
    joins that a branch or short circuit may have skipped already; reported if so.
    """

    source: str
    joins: tuple[str, ...]
    reports: tuple[str, ...]
    decided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Await:
    """Holds its branch until all `sources` have signalled; `early`: until that task's trigger rule is decided."""

    join: str
    sources: tuple[str, ...]
    early: bool = False


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapped task group, whose body runs once per item."""

    group_id: str
    body: Region


@dataclass(frozen=True, slots=True)
class Series:
    steps: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    branches: tuple[Region, ...]


Region = Step | Signal | Await | Mapped | Series | Parallel


def series(*steps: Region) -> Region:
    """The steps one after the other, nested series flattened; a single step is itself."""
    flat: list[Region] = []
    for step in steps:
        flat.extend(step.steps if isinstance(step, Series) else (step,))
    return flat[0] if len(flat) == 1 else Series(tuple(flat))


def parallel(*branches: Region) -> Region:
    """The branches at once, nested parallels flattened; a single branch is itself."""
    flat: list[Region] = []
    for branch in branches:
        flat.extend(branch.branches if isinstance(branch, Parallel) else (branch,))
    return flat[0] if len(flat) == 1 else Parallel(tuple(flat))


def steps_of(region: Region) -> tuple[Region, ...]:
    """What runs one after the other: a series' steps, or the region alone."""
    return region.steps if isinstance(region, Series) else (region,)


def walk(region: Region, *, into_groups: bool = True) -> Iterator[Region]:
    """Every region, outer ones first, in the order of execution; into_groups: those in mapped groups, too."""
    waiting = [region]
    while waiting:
        current = waiting.pop()
        yield current
        if into_groups or not isinstance(current, Mapped):
            waiting.extend(reversed(_inner(current)))


def _inner(region: Region) -> tuple[Region, ...]:
    match region:
        case Series(steps):
            return steps
        case Parallel(branches):
            return branches
        case Mapped(_, body):
            return (body,)
    return ()


def width(region: Region) -> int:
    """How many tasks may run at once."""
    inner = [width(each) for each in _inner(region)]
    if isinstance(region, Parallel):
        return sum(inner)
    return max(inner, default=int(isinstance(region, Step)))


def tasks_in(region: Region) -> tuple[str, ...]:
    """The ids of the tasks in a region, in the order of execution."""
    return tuple(inner.task_id for inner in walk(region) if isinstance(inner, Step))


def first_task(region: Region) -> str:
    """The first task of a region; for a region that only signals or waits, the task it is about."""
    for inner in walk(region):
        match inner:
            case Step(task_id) | Signal(source=task_id) | Await(join=task_id) | Mapped(task_id):
                return task_id
    raise ValueError("an empty region")


def dump(region: Region) -> str:
    """The text form: one line a region, indented by nesting."""
    lines: list[str] = []
    waiting: list[tuple[Region, int]] = [(region, 0)]
    while waiting:
        current, depth = waiting.pop()
        lines.append(f"{'  ' * depth}{_title(current)}")
        waiting.extend((each, depth + 1) for each in reversed(_inner(current)))
    return "\n".join(lines)


def _title(region: Region) -> str:
    match region:
        case Step(task_id):
            return task_id
        case Signal(source, joins, reports, decided):
            maybe = "".join(f", {task_id}?" for task_id in decided)
            return f"signal {source} -> {', '.join(joins)} ({', '.join(reports)}{maybe})"
        case Await(join, sources, early):
            return f"await {join} <- {', '.join(sources)}{' (early)' if early else ''}"
        case Mapped(group_id):
            return f"mapped {group_id}"
        case Series():
            return "series"
        case Parallel():
            return "parallel"
