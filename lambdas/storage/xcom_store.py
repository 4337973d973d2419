"""What the runtime keeps of XComs: a row each, its text beside the table if it is large.

Invariant: XComs are written only under their task instance's fence; what was pushed by mapped tasks is read by the
page, never all at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lambdas.storage.items import Items
from lambdas.storage.records import Fence, Item, RunKey, TaskKey, TaskRecord, XCom
from lambdas.storage.writes import Check, Condition, Delete, Put, transactions

XCOM_ITEM_LIMIT = 256 * 1024  # bytes; a larger XCom goes to the bucket
PAGE = 100  # what BatchGetItem takes, in items


class XComStore(Items):
    """Typed operations on XComs."""

    def _xcom_put(self, record: TaskRecord, key: str, text: str) -> Put:
        size = len(text.encode())
        if size > XCOM_ITEM_LIMIT:
            blob = f"{xcom_folder(record, key)}/{record.try_number}.json"
            self.put_blob(blob, text)
            value: Item = {"blob": blob, "bytes": size}
        else:
            value = {"value": text}
        return self._put(record.key.pk, record.key.xcom_sk(key), value)

    def push_xcoms(self, record: TaskRecord, xcoms: Mapping[str, str]) -> bool:
        """XComs pushed while the try runs, or by callbacks; False if the record is in another state or try by now."""
        fence = Condition(equals=Fence(record.state, record.try_number, execution=record.execution).equals())
        puts = [self._xcom_put(record, key, text) for key, text in xcoms.items()]
        check = Check(record.key.pk, record.key.sk, fence)
        return all(self.write([check, *chunk]) for chunk in transactions(puts) if chunk)

    def get_xcom(self, key: TaskKey, name: str) -> str | None:
        """One XCom's text."""
        item = self.read(key.pk, key.xcom_sk(name))
        return self._xcom_text(item) if item else None

    def list_xcoms(self, run: RunKey, task_id: str | None = None, name: str | None = None) -> list[XCom]:
        """The XComs of a run (of one task, of one key), in the order of task, map index and key."""
        prefix = f"xcom/{task_id}/" if task_id is not None else "xcom/"
        found = []
        for item in self.query(run.pk, prefix):
            _, task, map_index, key = item["sk"].split("/", 3)
            if name is None or key == name:
                found.append(XCom(task, int(map_index), key, self._xcom_text(item)))
        return sorted(found, key=lambda xcom: (xcom.task_id, xcom.map_index, xcom.key))

    def xcom_indexes(self, run: RunKey, task_id: str, name: str) -> list[int]:
        """The map indexes of the task's instances that pushed an XCom of this key, in order."""
        found = (item["sk"].split("/", 3) for item in self.query(run.pk, f"xcom/{task_id}/", keys_only=True))
        return sorted(int(map_index) for _, _, map_index, key in found if key == name)

    def iter_xcoms(self, run: RunKey, task_id: str, name: str, indexes: Sequence[int]) -> Iterator[XCom]:
        """The XComs of these map indexes that exist, in this order, read a page at a time."""
        for start in range(0, len(indexes), PAGE):
            keys = [TaskKey(run.dag_id, run.run_id, task_id, index) for index in indexes[start : start + PAGE]]
            for item in self.read_many(run.pk, [key.xcom_sk(name) for key in keys]):
                yield XCom(task_id, int(item["sk"].split("/", 3)[2]), name, self._xcom_text(item))

    def clear_xcoms(self, key: TaskKey) -> None:
        """Remove what earlier tries pushed."""
        found = list(self.query(key.pk, key.xcom_sk(""), keys_only=True))
        self.write_many(Delete(key.pk, item["sk"]) for item in found)

    def _xcom_text(self, item: Item) -> str:
        return self.get_blob(item["blob"]) if "blob" in item else str(item["value"])


def xcom_folder(record: TaskRecord, key: str) -> str:
    """Where in the bucket the large texts and the files of an XCom are, without the last slash."""
    return "/".join(("xcom", record.dag_id, record.run_id, record.task_id, str(record.map_index), key))
