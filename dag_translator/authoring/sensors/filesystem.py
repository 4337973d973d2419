"""FileSensor on S3: a Lambda has no shared file system, so the path, or the connection's, begins with `s3://`."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from dag_translator.authoring.exceptions import AirflowFailException
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.aws import refuse
from dag_translator.authoring.sensors.base import BaseSensorOperator

_HINT = 'put the file on S3: filepath=\'s3://bucket/key\', or the connection\'s extra {"path": "s3://bucket/folder"}'


class FileSensor(BaseSensorOperator):
    """Done when filepath is there: an object, an object that a glob matches, or anything in a folder.

    filepath: relative to the path of connection fs_conn_id, or an `s3://` address. recursive: `**` matches folders.
    """

    template_fields: Any = ("filepath", "fs_conn_id")
    ui_color = "#91818a"

    def __init__(
        self,
        *,
        filepath: str,
        fs_conn_id: str = "fs_default",
        recursive: bool = False,
        deferrable: bool = False,
        start_from_trigger: bool = False,  # noqa: ARG002
        trigger_kwargs: dict[str, Any] | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(filepath, str) and filepath.startswith("/"):
            refuse(f"FileSensor: a path of the local file system ({filepath})", _HINT)
        self.filepath = filepath
        self.fs_conn_id = fs_conn_id
        self.recursive = recursive
        self.deferrable = deferrable

    @cached_property
    def path(self) -> str:
        path = str(self.filepath)
        if not path.startswith("s3://"):
            base = str(BaseHook.get_connection(self.fs_conn_id).extra_dejson.get("path", ""))
            path = f"{base.rstrip('/')}/{path}"
        if not path.startswith("s3://"):
            raise AirflowFailException(f"FileSensor: {path!r} is not on S3: {_HINT}")
        return path

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        self.log.info("Poking for file %s", self.path)
        bucket, key = S3Hook.parse_s3_url(self.path)
        folder = key.rstrip("/")
        pattern = re.compile(_expression(folder, self.recursive) + "(/.*)?")
        found = S3Hook().iter_file_metadata(re.split(r"[\[*?]", folder, maxsplit=1)[0], bucket)
        # An object whose key ends with a slash is a folder that somebody made by hand.
        return any(pattern.fullmatch(each["Key"]) and not each["Key"].endswith("/") for each in found)


def _expression(glob: str, recursive: bool) -> str:
    """A glob as a regular expression, where `*` stops at slashes.

    >>> bool(re.fullmatch(_expression("a/*.csv", False), "a/b.csv")), bool(re.fullmatch(_expression("*", False), "a/b"))
    (True, False)
    >>> bool(re.fullmatch(_expression("a/**/*.csv", True), "a/b/c/d.csv"))
    True
    """
    parts = {"**/": "(?:.*/)?", "**": ".*"} if recursive else {}
    parts |= {"*": "[^/]*", "?": "[^/]"}
    found = re.findall(r"\*\*/|\*\*|\[[^\]]+\]|.", glob, re.DOTALL) if recursive else re.findall(r"\[[^\]]+\]|.", glob)
    return "".join(parts.get(each) or (_set(each) if len(each) > 1 else re.escape(each)) for each in found)


def _set(text: str) -> str:
    """`[!a]` is `[^a]`."""
    inside = text[1:-1].replace("\\", "\\\\")
    return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
