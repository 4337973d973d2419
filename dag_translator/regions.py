"""The second IR: the DAG's order as nested regions, the shapes that Step Functions has.

A `Series` runs one after the other, a `Parallel` at once, the body of a `Mapped` once per item. What does not nest
crosses as a signal: a `Signal` reports tasks' outcomes, an `Await` holds its branch until the ones it needs have been
reported. A `Part` is a machine of its own.

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
class Gather:
    """Where all instances of a mapped group have come before one goes on: `judged` are the tasks behind it whose rule
    looks at all of them. Stands only between the stages of a group's body."""

    judged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapped task group, whose body runs once per item; a series with `Gather`s in it, stage by stage."""

    group_id: str
    body: Region


@dataclass(frozen=True, slots=True)
class Series:
    steps: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    branches: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a DAG too large for one definition: it runs as an execution of a machine of its own."""

    number: int
    region: Region


Region = Step | Signal | Await | Gather | Mapped | Series | Parallel | Part


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


def stages_of(body: Region) -> tuple[tuple[tuple[str, ...], tuple[Region, ...]], ...]:
    """A mapped group's stages: which tasks are judged before it, and its steps."""
    found: list[tuple[tuple[str, ...], list[Region]]] = [((), [])]
    for step in steps_of(body):
        if isinstance(step, Gather):
            found.append((step.judged, []))
        else:
            found[-1][1].append(step)
    return tuple((judged, tuple(steps)) for judged, steps in found)


def walk(region: Region, *, into_groups: bool = True) -> Iterator[Region]:
    """Every region, outer ones first, in the order of execution; into_groups: those in mapped groups, too."""
    waiting = [region]
    while waiting:
        current = waiting.pop()
        yield current
        if into_groups or not isinstance(current, Mapped):
            waiting.extend(reversed(_inside(current)))


def width(region: Region) -> int:
    """How many tasks may run at once."""
    inner = [width(each) for each in _inside(region)]
    if isinstance(region, Parallel):
        return sum(inner)
    return max(inner, default=int(isinstance(region, Step)))


def tasks_in(region: Region) -> tuple[str, ...]:
    """The ids of the tasks in a region, in the order of execution."""
    return tuple(inner.task_id for inner in walk(region) if isinstance(inner, Step))


def parts_of(region: Region) -> dict[str, int]:
    """The number of the part that each task is in, the innermost one; of those that are in one."""
    found: dict[str, int] = {}
    for inner in walk(region):
        if isinstance(inner, Part):
            found |= dict.fromkeys(tasks_in(inner.region), inner.number)
    return found


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
        waiting.extend((each, depth + 1) for each in reversed(_inside(current)))
    return "\n".join(lines)


def _inside(region: Region) -> tuple[Region, ...]:
    match region:
        case Series(inner) | Parallel(inner):
            return inner
        case Part(_, only) | Mapped(_, only):
            return (only,)
    return ()


def _title(region: Region) -> str:
    match region:
        case Step(task_id):
            return task_id
        case Signal(source, joins, reports, decided):
            maybe = "".join(f", {task_id}?" for task_id in decided)
            return f"signal {source} -> {', '.join(joins)} ({', '.join(reports)}{maybe})"
        case Await(join, sources, early):
            return f"await {join} <- {', '.join(sources)}{' (early)' if early else ''}"
        case Gather(judged):
            return f"gather for {', '.join(judged)}"
        case Mapped(group_id):
            return f"mapped {group_id}"
        case Series():
            return "series"
        case Parallel():
            return "parallel"
        case Part(number):
            return f"part {number}"
