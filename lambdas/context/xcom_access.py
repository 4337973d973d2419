"""`ti.xcom_push` and `ti.xcom_pull` as Airflow 3.3.2 has them.

What user code pushes is stored at once, as in Airflow: other tasks see it, and it outlives a worker that is lost. What
a task returns is kept until its outcome is written, so that both are written together. Values are encoded when they are
pushed, so that what can't be stored fails on the line that pushes it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from dag_translator.authoring.types import NOTSET
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage import xcom_codec
from lambdas.storage.items import Items
from lambdas.storage.records import Mapped, RunKey, TaskKey, TaskRecord
from lambdas.storage.xcom_store import xcom_folder

_log = logging.getLogger("airflow.task")
XCOM_RETURN_KEY = "return_value"
XCOM_LIMIT = 50 * 2**20  # bytes of JSON text; a frame's file is not in it
_SORT_KEY_LIMIT = 1024  # DynamoDB's


@dataclass(frozen=True, slots=True)
class XComFiles:
    """The files of an XCom's frames in the bucket; beginning: of their names, with the try, for those that are put.

    A file is called by its contents: a try that runs twice writes the same one.
    """

    store: Items
    beginning: str = ""

    def put(self, data: bytes, suffix: str) -> str:
        key = f"{self.beginning}{hashlib.sha256(data).hexdigest()[:16]}.{suffix}"
        self.store.put_file(key, data)
        return key

    def get(self, key: str) -> bytes:
        return self.store.get_file(key)


class XComAccess:
    """What a task instance has of XComs."""

    def __init__(self, runtime: Runtime, run: RunInfo, task: Any, record: TaskRecord) -> None:
        self._runtime = runtime
        self._run = run
        self._record = record
        self.task = task
        self.task_id = record.task_id
        self.dag_id = record.dag_id
        self.run_id = record.run_id
        self.map_index = record.map_index
        self.pushed: dict[str, str] = {}
        self.mapped_over: Mapped | None = None  # read when first needed

    def _what_is_mapped(self) -> Any:
        """The mapped task, or the mapped task group that it is in."""
        task = self._runtime.dag.task_dict[self.task_id]
        return task if task.is_mapped else task.get_closest_mapped_task_group()

    def _what_it_is_mapped_over(self) -> Mapped | None:
        if self.mapped_over is None and self.map_index >= 0:
            self.mapped_over = self._runtime.store.get_mapped(self._run.key, self._what_is_mapped().node_id)
        return self.mapped_over

    def xcom_push(self, key: str, value: Any, *_: Any, **__: Any) -> None:
        """Store `value` under `key`, for this run; nothing is stored for a try that is over."""
        self.keep(key, value)
        if self._record.state != "running":  # callbacks: with what else they push
            return
        pushed = {key: self.pushed.pop(key)}
        if not self._runtime.store.push_xcoms(self._record, pushed):
            _log.warning("XCom %r is dropped: try %s is not the current one any more", key, self._record.try_number)

    def keep(self, key: str, value: Any) -> None:
        """Push together with the task's outcome."""
        if not isinstance(key, str) or not key:
            raise ValueError(f"an XCom's key must be a string that is not empty, not {key!r}")
        if len(self._record.key.xcom_sk(key).encode()) > _SORT_KEY_LIMIT:
            raise ValueError(f"an XCom's key together with its task_id takes at most 1,000 bytes: {key[:80]!r}…")
        where = f"XCom {key!r} of task {self.task_id!r}"
        files = XComFiles(self._runtime.store, f"{xcom_folder(self._record, key)}/{self._record.try_number}-")
        text = xcom_codec.encode(value, where, files)
        if len(text) > XCOM_LIMIT // 4 and (size := len(text.encode())) > XCOM_LIMIT:
            raise xcom_codec.XComEncodingError(
                f"{where} has {size / 2**20:.1f} MB, an XCom takes {XCOM_LIMIT // 2**20} MB: write the data to S3 and"
                " return where it is"
            )
        self.pushed[key] = text

    def xcom_sequence(self, task_id: str, key: str = XCOM_RETURN_KEY) -> Any:
        """What the instances of a mapped task have pushed; what this task is mapped over is known by its indexes."""
        from lambdas.tasks.mapped import LazyXComSequence

        kept = self._what_it_is_mapped_over()
        known = kept.pushed.get(task_id) if kept is not None and key == XCOM_RETURN_KEY else None
        return LazyXComSequence(self._runtime.store, self._run.key, task_id, key, known)

    def xcom_pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        dag_id: str | None = None,
        key: str = XCOM_RETURN_KEY,
        include_prior_dates: bool = False,
        session: Any = None,  # noqa: ARG002 - Airflow 2 passes one
        *,
        map_indexes: Any = NOTSET,
        default: Any = None,
        run_id: str | None = None,
    ) -> Any:
        """What tasks have pushed; None where there is nothing.

        One task: its value, or the list of its values if it is mapped. Several: the list of their values, in their
        order. No task_ids: this task's own. dag_id: another DAG's, of its run with the same run_id unless one is given;
        this role may read the DAGs that the source names here. As in Airflow 3, `default` counts only together with
        `map_indexes`.
        """
        inside = self.task.subdag_prefix
        if dag_id is not None and dag_id.startswith(f"{self.dag_id}."):  # of a SubDagOperator in this DAG
            inside, dag_id = dag_id.removeprefix(f"{self.dag_id}.") + ".", None
        run = RunKey(dag_id or self.dag_id, run_id or self.run_id)
        single = task_ids is None or isinstance(task_ids, str)
        tasks: list[Any] = [task_ids or self.task_id] if single else list(task_ids or ())
        if inside:
            known = self.task.dag.task_dict
            tasks = [inside + each if inside + each in known else each for each in tasks]
        if map_indexes is NOTSET:
            return self._pull_all(run, tasks, key, single, include_prior_dates, default)
        single_index = map_indexes is None or isinstance(map_indexes, int)
        indexes = [map_indexes] if single_index else list(map_indexes)
        values = []
        for task_id, index in product(tasks, indexes):
            wanted = -1 if index is None else index
            value = dict(self._fetch(run, task_id, key, include_prior_dates, wanted)).get(wanted)
            values.append(default if value is None else value)
        return values[0] if single and single_index else values

    def _pull_all(self, run: RunKey, tasks: list[Any], key: str, single: bool, prior: bool, default: Any) -> Any:
        values: list[Any] = []
        for task_id in tasks:
            found = [value for _, value in self._fetch(run, task_id, key, prior)]
            if not found and default is NOTSET and single:  # an XComArg asks so, to tell "nothing" from None
                return NOTSET
            values.extend(found or [None])
        return values[0] if single and len(values) == 1 else values

    def _is_mapped(self, run: RunKey, task_id: str) -> bool:
        """Whether the task may have several instances; so too where that can't be known."""
        task = self.task.dag.task_dict.get(task_id) if run.dag_id == self.dag_id else None
        return task is None or bool(task.get_needs_expansion())

    def _fetch(
        self, run: RunKey, task_id: str, key: str, prior: bool, map_index: int | None = None
    ) -> list[tuple[int, Any]]:
        """(map_index, value) of a task's XComs of one key (of one instance); with `prior` from the latest run that
        has any."""
        texts = self._texts(run, task_id, key, map_index)
        if not texts and prior:
            from lambdas.context.dag_run import runs_up_to

            for earlier in runs_up_to(self._runtime, run):
                texts = self._texts(earlier.key, task_id, key, map_index)
                if texts:
                    break
        files = XComFiles(self._runtime.store)
        return [(index, xcom_codec.decode(text, files)) for index, text in texts]

    def _texts(self, run: RunKey, task_id: str, key: str, map_index: int | None) -> list[tuple[int, str]]:
        if run == self._record.key.run and task_id == self.task_id and key in self.pushed:
            return [(self.map_index, self.pushed[key])]
        if map_index is not None or not self._is_mapped(run, task_id):
            index = -1 if map_index is None else map_index
            text = self._runtime.store.get_xcom(TaskKey(run.dag_id, run.run_id, task_id, index), key)
            return [] if text is None else [(index, text)]
        return [(xcom.map_index, xcom.text) for xcom in self._runtime.store.list_xcoms(run, task_id, key)]
