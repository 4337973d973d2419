"""The structure pass: model -> regions. Every task starts the moment its own upstream tasks allow; no false barrier.

Purpose: a DAG's edges form any partial order, `Parallel` only nests. The order is decomposed into series, parallel and
prime parts (`order`); a prime part keeps, for each of its members, the edge from the deepest predecessor, which gives a
forest and so nests; every other edge becomes a signal. Edges into `always` tasks do not wait at all; those into
early-firing rules are signals from the start, and the task waits only for what all its upstream tasks have in common.

Invariants afterwards: every task stands exactly once; when a branch reaches a task, the payload holds the state of each
of its upstream tasks (for early-firing and `always` tasks: of those that have ended); series-parallel DAGs have no
signals.

>>> from dag_translator.model import Dag, Task
>>> n = Dag("n", "n.py", (Task("a", "X"), Task("b", "X"), Task("c", "X", ("a",)), Task("d", "X", ("a", "b"))))
>>> print(regions.dump(structure(n)))
parallel
  series
    a
    signal a -> d (a)
    c
  series
    b
    await d <- a
    d
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from dag_translator import regions
from dag_translator.contract import inside_stages, outside
from dag_translator.forest import Forest, plant
from dag_translator.model import Dag, MappedGroup
from dag_translator.order import Leaf, Node, Order, ParallelNode, PrimeNode, SeriesNode, bits, decompose
from dag_translator.regions import Await, Gather, Mapped, Region, Signal, Step


def structure(dag: Dag) -> Region:
    """The regions of a DAG that has at least one task; `dag.tasks` is in topological order.

    A mapped task group is one node; its members have an order of their own.
    """
    outer = outside(dag)
    bodies = {group.group_id: _body(dag, group) for group in dag.mapped_groups}
    order = waiting_order(outer)
    with deep_recursion():
        return _Nesting(outer, order, bodies).region(decompose(order))


def _body(dag: Dag, group: MappedGroup) -> Region:
    """A mapped group's body, in which a `Gather` stands before each stage but the first."""
    steps: list[Region] = []
    for judged, part in inside_stages(dag, group):
        steps += [Gather(judged), structure(part)] if steps else [structure(part)]
    return regions.series(*steps)


def waiting_order(dag: Dag) -> Order:
    """Which tasks each task waits for, directly or not; items are positions in `dag.tasks`."""
    position = {task.task_id: number for number, task in enumerate(dag.tasks)}
    scopes = _scopes(dag)
    before: list[int] = []
    for task in dag.tasks:
        waited = (*task.upstream, *task.setups, *scopes.get(task.task_id, ()))
        upstream = [position[each] for each in (task.upstream if task.fires_early else waited)]
        if task.trigger_rule == "always" or not upstream:
            before.append(0)
        elif task.fires_early:
            common = before[upstream[0]]
            for each in upstream[1:]:
                common &= before[each]
            before.append(common)
        else:
            waits_for = 0
            for each in upstream:
                waits_for |= before[each] | 1 << each
            before.append(waits_for)
    return Order.of(before)


def _scopes(dag: Dag) -> dict[str, frozenset[str]]:
    """What stands between each teardown and its setups, where that is not waited for anyway: below an `always` task."""
    if all(task.trigger_rule != "always" for task in dag.tasks):
        return {}
    found = {}
    for teardown in (task for task in dag.tasks if task.is_teardown):
        below = frozenset(each for setup in teardown.setups for each in dag.descendants(setup))
        found[teardown.task_id] = frozenset(each for each in below if teardown.task_id in dag.descendants(each))
    return found


@contextmanager
def deep_recursion() -> Iterator[None]:
    """A decomposition of n tasks can be n levels deep; Python's frames live on the heap, so the limit may follow."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 50_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@dataclass(slots=True)
class _Nesting:
    dag: Dag
    order: Order
    bodies: Mapping[str, Region]
    position: dict[str, int] = field(default_factory=dict)
    early_joins: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    skippers: int = 0

    def __post_init__(self) -> None:
        for number, task in enumerate(self.dag.tasks):
            self.position[task.task_id] = number
            if task.fires_early:
                for upstream in task.upstream:
                    self.early_joins[upstream].append(task.task_id)
            if task.skips != "nothing":
                self.skippers |= 1 << number

    def region(self, node: Node) -> Region:
        match node:
            case Leaf(item):
                return self._task(item)
            case SeriesNode(parts):
                return regions.series(*map(self.region, parts))
            case ParallelNode(parts):
                return regions.parallel(*map(self.region, parts))
            case PrimeNode(parts):
                return self._forest(parts)

    def _task(self, item: int) -> Region:
        task = self.dag.tasks[item]
        body = self.bodies.get(task.task_id)
        steps: list[Region] = [Step(task.task_id) if body is None else Mapped(task.task_id, body)]
        if task.fires_early:
            steps.insert(0, Await(task.task_id, task.upstream, early=True))
        joins = self.early_joins.get(task.task_id)
        if joins:
            below = self._items(joins)
            decided = self._decided(self.order.before[item] | 1 << item, below)
            steps.append(Signal(task.task_id, tuple(joins), self._ids(1 << item), self._ids(decided)))
        return regions.series(*steps)

    def _forest(self, members: tuple[tuple[int, Node], ...]) -> Region:
        forest = plant(self.order, members, self._upstream)
        joins = {key: name for key in forest.parts if (name := self._join(forest, key)) is not None}

        def branch(key: int) -> Region:
            steps: list[Region] = []
            while True:
                if key in joins:
                    sources = (self._last(forest.parts[source].items) for source in forest.parts[key].others)
                    steps.append(Await(joins[key], tuple(sources)))
                steps.append(self.region(forest.parts[key].node))
                targets = [target for target in forest.waiting[key] if target in joins]
                if targets:
                    steps.append(self._signal(forest, key, targets, joins))
                if len(forest.children[key]) != 1:
                    break
                key = forest.children[key][0]
            if forest.children[key]:
                steps.append(regions.parallel(*map(branch, forest.children[key])))
            return _series(steps)

        return regions.parallel(*map(branch, forest.children[None]))

    def _join(self, forest: Forest, key: int) -> str | None:
        """The name of the member's join; None if it needs none.

        A lone early-firing task that has nothing to hear needs none: what lets it fire has waited for all it waits for.
        """
        part, task = forest.parts[key], self.dag.tasks[key]
        if not part.others:
            return None
        if not task.fires_early:
            return task.task_id
        heard = any(
            forest.reports(source, key) or self._decided(forest.fresh(source, key), part.fates)
            for source in part.others
        )
        return f"{task.task_id} and more" if heard or part.items != 1 << key else None

    def _signal(self, forest: Forest, key: int, targets: list[int], joins: dict[int, str]) -> Signal:
        reports = decided = 0
        for target in targets:
            reports |= forest.reports(key, target)
            decided |= self._decided(forest.fresh(key, target), forest.parts[target].fates)
        names = tuple(joins[target] for target in targets)
        return Signal(self._last(forest.parts[key].items), names, self._ids(reports), self._ids(decided))

    def _last(self, items: int) -> str:
        """The last task of a region: the name by which joins know it."""
        return self.dag.tasks[items.bit_length() - 1].task_id

    def _upstream(self, items: int) -> int:
        """The direct upstream tasks of `items`, and the setups they belong to."""
        found = 0
        for item in bits(items):
            task = self.dag.tasks[item]
            found |= self._items((*task.upstream, *task.setups))
        return found

    def _decided(self, known: int, below: int) -> int:
        """The tasks among `below` that a branch or short circuit among `known` may have skipped."""
        found = 0
        for item in bits(known & self.skippers):
            task = self.dag.tasks[item]
            children = task.skips == "children"
            found |= self._items(self.dag.downstream[task.task_id] if children else self.dag.descendants(task.task_id))
        return found & below

    def _items(self, task_ids: Iterable[str]) -> int:
        found = 0
        for task_id in task_ids:
            found |= 1 << self.position[task_id]
        return found

    def _ids(self, items: int) -> tuple[str, ...]:
        """The tasks that the items stand for: a mapped group's are its members."""
        found: list[str] = []
        for item in bits(items):
            task_id = self.dag.tasks[item].task_id
            found += regions.tasks_in(self.bodies[task_id]) if task_id in self.bodies else (task_id,)
        return tuple(found)


def _series(steps: list[Region]) -> Region:
    """A series in which two signals of one source that follow each other are one."""
    merged: list[Region] = []
    for step in regions.steps_of(regions.series(*steps)):
        last = merged[-1] if merged else None
        if isinstance(step, Signal) and isinstance(last, Signal) and step.source == last.source:
            merged[-1] = Signal(
                step.source,
                _union(last.joins, step.joins),
                _union(last.reports, step.reports),
                _union(last.decided, step.decided),
            )
        else:
            merged.append(step)
    return regions.series(*merged)


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
