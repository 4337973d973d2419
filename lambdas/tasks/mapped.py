"""Mapped tasks while they run: an instance made from its index, and what mapped tasks have pushed, read lazily.

What an instance is mapped over stays in XCom. Of the output of a mapped task it reads its own item only: `expand_task`
has kept which indexes pushed one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, overload

from lambdas.context.xcom_access import XComFiles
from lambdas.runs.params import run_params
from lambdas.storage import xcom_codec
from lambdas.storage.records import RunKey, TaskKey
from lambdas.storage.store import Store
from lambdas.tasks.opening import own_copy


class LazyXComSequence(Sequence[Any]):  # users see the name in logs; it is Airflow's
    """The XComs of a mapped task's instances that pushed one, in the order of their indexes.

    known: their map indexes, or their number where they are 0, 1, 2, … without a gap; None: not known yet.
    """

    is_lazy_sequence = True

    def __init__(self, store: Store, run: RunKey, task_id: str, key: str, known: int | list[int] | None) -> None:
        self._store = store
        self._run = run
        self._task_id = task_id
        self._key = key
        self._known = known
        self._counted = False

    def __repr__(self) -> str:
        if not self._counted:
            return "LazyXComSequence(<unevaluated length>)"
        return f"LazyXComSequence([{len(self)} item{'' if len(self) == 1 else 's'}])"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return all(mine == theirs for mine, theirs in zip_longest(self, other, fillvalue=object()))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __len__(self) -> int:
        self._counted = True
        return len(self._indexes())

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        wanted = self._indexes()[index]
        if isinstance(wanted, Sequence):
            return list(self._values(wanted))
        key = TaskKey(self._run.dag_id, self._run.run_id, self._task_id, wanted)
        text = self._store.get_xcom(key, self._key)
        if text is None:
            raise IndexError(f"task {self._task_id} has no XCom {self._key!r} at {index} any more")
        return self._decoded(text)

    def __iter__(self) -> Iterator[Any]:
        return self._values(self._indexes())

    def _values(self, indexes: Sequence[int]) -> Iterator[Any]:
        """A page of them is in memory at a time."""
        for xcom in self._store.iter_xcoms(self._run, self._task_id, self._key, indexes):
            yield self._decoded(xcom.text)

    def _decoded(self, text: str) -> Any:
        return xcom_codec.decode(text, XComFiles(self._store))

    def _indexes(self) -> Sequence[int]:
        if self._known is None:
            self._known = self._store.xcom_indexes(self._run, self._task_id, self._key)
        return range(self._known) if isinstance(self._known, int) else self._known


def become_instance(ti: Any) -> None:
    """Put the operator of the task instance's own index in the mapped operator's place.

    What comes from XComs is not rendered as a template, what is written in the DAG file is, as in Airflow. Raises what
    the functions of `.map()` raise.
    """
    mapped, context = ti.task, ti.get_template_context()
    arguments = mapped.expand_input.resolve(context)
    task = mapped.unmap(arguments)
    task = own_copy(task, shared=task.template_fields)  # rendering copies these, and knows pushed values by identity
    task._already_rendered = frozenset(id(arguments[name]) for name in mapped.expand_input.pushed_names())
    ti.task = context["task"] = task
    if "params" in arguments:  # what the mapping itself asked for were those of all instances
        context["params"] = run_params(context.runtime.dag, context.run.conf, task)


def check_mappable(task: Any, pushed: Any) -> None:
    """A task that others are mapped over has to push something that has items.

    Raises XComForMappingNotPushed or UnmappableXComTypePushed, both TypeErrors.
    """
    if not any(task.task_id in over for over in _mapped_over(task)):
        return
    from dag_translator.authoring.definitions.expand import items_of
    from dag_translator.authoring.exceptions import XComForMappingNotPushed

    if pushed is None:
        raise XComForMappingNotPushed
    items_of(pushed)


def _mapped_over(task: Any) -> Iterator[set[str]]:
    """What each mapped task below, or the mapped group around it, is mapped over."""
    tasks = task.dag.task_dict
    for task_id in task.downstream_task_ids:
        below = tasks[task_id]
        mapped = below if below.is_mapped else below.get_closest_mapped_task_group()
        if mapped is not None:
            yield {each.task_id for each in mapped.iter_mapped_dependencies()}
