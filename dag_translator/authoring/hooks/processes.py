"""`SubprocessHook` and `FSHook`, which operators of people's own are made of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.operators.processes import ChildProcess


class SubprocessResult(NamedTuple):
    """output: the last line of what the command wrote."""

    exit_code: int
    output: str


class SubprocessHook(BaseHook):
    """Runs a command and logs what it writes; the process never outlives the task."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._child = ChildProcess()

    def run_command(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        output_encoding: str = "utf-8",
        cwd: str | None = None,
    ) -> SubprocessResult:
        """env replaces the environment, as in Airflow; cwd defaults to a temporary folder."""
        with tempfile.TemporaryDirectory(prefix="airflowtmp") as folder:
            environment = os.environ if env is None else env
            tell = lambda line: self.log.info("%s", line)  # noqa: E731
            return SubprocessResult(*self._child.run(command, environment, cwd or folder, tell, output_encoding))

    def send_sigterm(self) -> None:
        self._child.kill()


class FSHook(BaseHook):
    """A folder, as the extra of a connection names it."""

    conn_name_attr = "fs_conn_id"
    default_conn_name = "fs_default"
    conn_type = "fs"

    def __init__(self, fs_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.basepath = str(self.get_connection(fs_conn_id).extra_dejson.get("path", ""))

    def get_conn(self) -> None:
        return None

    def get_path(self) -> str:
        return self.basepath
