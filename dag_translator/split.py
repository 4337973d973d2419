"""The splitting pass: a DAG too large for one machine becomes several, cut along its regions.

Purpose: a definition may have 1 MB and an execution's history 25,000 events, which about 400 tasks use up. Neighbouring
regions are gathered, innermost first, into `Part`s that fill a machine well; the machine of the DAG keeps the rest and
runs each part as a nested execution.

Invariant: the order of the tasks is unchanged: a part begins where its first region did and ends where its last one
did. What crosses as a signal goes through DynamoDB, whatever machine its two ends are in.

>>> from dag_translator.regions import Parallel, Step, dump
>>> sizes = Sizes({"a": 0.3, "b": 0.3, "c": 0.3, "d": 0.3}, other=0.001, part=0.01)
>>> print(dump(gathered(Parallel(tuple(map(Step, "abcd"))), sizes)))
parallel
  part 1
    parallel
      a
      b
  part 2
    parallel
      c
      d
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from dag_translator import asl
from dag_translator.check import MAX_DEFINITION, MAX_EVENTS, estimate
from dag_translator.model import Dag
from dag_translator.names import subjects
from dag_translator.regions import Mapped, Parallel, Part, Region, Series, Step, parallel, series, walk

# How much of a machine the regions may fill by their sizes: what they need besides is only known when they are lowered.
FULL = 0.8
_PART_BYTES = 1_500


@dataclass(frozen=True, slots=True)
class Sizes:
    """Shares of what one machine may hold: each task, any other region, and a state that runs a part."""

    tasks: Mapping[str, float]
    other: float
    part: float = _PART_BYTES / MAX_DEFINITION

    def of(self, region: Region) -> float:
        """Of the region alone, without those in it."""
        return self.tasks[region.task_id] if isinstance(region, Step) else self.other


def load_of(machine: asl.Machine) -> float:
    """How full the fullest of the machines is; more than 1: too full."""
    found = estimate(machine)
    return max(found.definition_bytes / MAX_DEFINITION, found.history_events / MAX_EVENTS)


def split(dag: Dag, region: Region, machine: asl.Machine) -> Region:
    """The region in parts. machine: the one that it would be, which is too large."""
    return gathered(region, _sizes(dag, region, machine))


def _sizes(dag: Dag, region: Region, machine: asl.Machine) -> Sizes:
    """As measured on the machine; what belongs to no task in particular (or to one whose name is too long to find) is
    everybody's in equal shares.
    """
    sizes = dict.fromkeys((task.task_id for task in dag.tasks), 0.0)
    rest = 0.0
    for inner in asl.machines(machine):
        for name, state in inner.states.items():
            share = _share(name, state)
            task_id = next((each for each in subjects(name) if each in sizes), None)
            if task_id is None or name.endswith((" · await", " · signal")):
                rest += share
            else:
                sizes[task_id] += share
    other = rest / sum(1 for _ in walk(region))
    return Sizes({task_id: size + other for task_id, size in sizes.items()}, other)


def _share(name: str, state: asl.State) -> float:
    """Of a state; the branches of a `Parallel` count by themselves."""
    if isinstance(state, asl.Parallel):
        return len(json.dumps([name, state.arguments, state.output])) / MAX_DEFINITION
    if isinstance(state, asl.Map):  # its processor's states are counted by themselves, as they are in `machines`
        return len(json.dumps([name, state.items, state.selector, state.output])) / MAX_DEFINITION
    found = estimate(asl.Machine(name, {name: state}))
    return max(found.definition_bytes / MAX_DEFINITION, found.history_events / MAX_EVENTS)


def gathered(region: Region, sizes: Sizes) -> Region:
    """The region with parts put in, such that no machine is fuller than `FULL`."""
    return _gathered(region, sizes, count(1))[0]


def _gathered(region: Region, sizes: Sizes, numbers: Iterator[int]) -> tuple[Region, float]:
    """With how much of its machine it fills."""
    match region:
        case Series(steps):
            return _fitted([_gathered(step, sizes, numbers) for step in steps], series, sizes, numbers)
        case Parallel(branches):
            return _fitted([_gathered(branch, sizes, numbers) for branch in branches], parallel, sizes, numbers)
        case Mapped(_, body):  # it runs as a whole
            return region, sum(sizes.of(each) for each in (region, *walk(body)))
    return region, sizes.of(region)


def _fitted(
    inside: Sequence[tuple[Region, float]], together: Callable[..., Region], sizes: Sizes, numbers: Iterator[int]
) -> tuple[Region, float]:
    while (total := sizes.other + sum(size for _, size in inside)) > FULL and len(inside) > 1:
        inside = [_part(bin_, together, sizes, numbers) for bin_ in _bins(inside, FULL - sizes.other)]
    return together(*(region for region, _ in inside)), total


def _bins(inside: Sequence[tuple[Region, float]], capacity: float) -> Iterator[list[tuple[Region, float]]]:
    """Neighbours, as many as fit into a machine."""
    gathering: list[tuple[Region, float]] = []
    for each in inside:
        if gathering and sum(size for _, size in gathering) + each[1] > capacity:
            yield gathering
            gathering = []
        gathering.append(each)
    yield gathering


def _part(
    inside: Sequence[tuple[Region, float]], together: Callable[..., Region], sizes: Sizes, numbers: Iterator[int]
) -> tuple[Region, float]:
    """What is in one bin as a part; a part alone stays what it is."""
    if len(inside) == 1 and isinstance(inside[0][0], Part):
        return inside[0]
    return Part(next(numbers), together(*(region for region, _ in inside))), sizes.part
