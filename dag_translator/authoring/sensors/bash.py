"""BashSensor: done when a command's exit code is 0."""

from __future__ import annotations

import subprocess
import tempfile
from typing import Any

from dag_translator.authoring.exceptions import AirflowFailException
from dag_translator.authoring.sensors.base import BaseSensorOperator


class BashSensor(BaseSensorOperator):
    """retry_exit_code: the code that means "not yet", others then fail; None: every other code means "not yet"."""

    template_fields: Any = ("bash_command", "env")

    def __init__(
        self,
        *,
        bash_command: str,
        env: dict[str, str] | None = None,
        output_encoding: str = "utf-8",
        retry_exit_code: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bash_command = bash_command
        self.env = env
        self.output_encoding = output_encoding
        self.retry_exit_code = retry_exit_code

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        with tempfile.TemporaryDirectory(prefix="airflowtmp") as folder:
            done = subprocess.run(
                ["bash", "-c", self.bash_command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=self.env,
                check=False,
            )
        for line in done.stdout.decode(self.output_encoding, errors="backslashreplace").splitlines():
            self.log.info("%s", line)
        if done.returncode not in (0, self.retry_exit_code) and self.retry_exit_code is not None:
            raise AirflowFailException(f"Command exited with return code {done.returncode}")
        return done.returncode == 0
