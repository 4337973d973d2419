"""Logs and metrics of a Lambda, by Powertools: JSON lines that say which try they belong to, and one metric set a try.

Everything that a task writes gets there: its own `logging`, `print`, and what libraries log. Traces are Lambda's own
active tracing; the X-Ray SDK would cost more at each cold start than it tells.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from dag_translator.authoring.masking import Masker

# What a metric is counted by; run_id and the like would make a metric of each run.
_DIMENSIONS = ("dag_id", "task_id")


class Observer:
    """Puts Powertools' formatter on the root logger of this process."""

    def __init__(self, stream: TextIO | None = None, masker: Masker | None = None) -> None:
        """masker: knows what no line may show."""
        from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

        self._stream = stream or sys.stdout
        self._namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Airstep")
        service = os.environ.get("POWERTOOLS_SERVICE_NAME", "airstep")
        self._formatter = LambdaPowertoolsFormatter(service=service, json_default=str)
        handler = logging.StreamHandler(self._stream)
        handler.setFormatter(self._formatter)
        handler.addFilter(Masking(masker or Masker()))
        root = logging.getLogger()
        root.handlers = [handler]  # Lambda's own handler would write every line a second time
        root.setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO").upper())

    @contextlib.contextmanager
    def task(self, labels: Mapping[str, Any]) -> Iterator[None]:
        """Every line that the block logs or prints carries the labels."""
        self._formatter.append_keys(**labels)
        printed = _PrintedLines(logging.getLogger("airflow.task.stdout"), sys.stdout)
        warned = _PrintedLines(logging.getLogger("airflow.task.stderr"), sys.stderr)
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(warned):
                yield
        finally:
            printed.flush_rest()
            warned.flush_rest()
            self._formatter.remove_keys(list(labels))

    def measure(self, state: str, seconds: float, labels: Mapping[str, Any]) -> None:
        """The end of a try: a count of its state and its duration."""
        from aws_lambda_powertools.metrics import MetricUnit, single_metric

        dimensions = {name: str(labels[name]) for name in _DIMENSIONS}
        with contextlib.redirect_stdout(self._stream):  # Powertools prints the metrics
            with single_metric(f"task_{state}", MetricUnit.Count, 1, namespace=self._namespace) as metric:
                _add(metric, dimensions)
            with single_metric("task_duration", MetricUnit.Seconds, seconds, namespace=self._namespace) as metric:
                _add(metric, dimensions)


# The attributes that every record has.
_OF_A_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Masking(logging.Filter):
    """Puts a mask in place of secrets, in the message and in what an exception says."""

    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self._masker = masker

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # arguments that do not fit: as `logging` does, the task goes on
            record.msg, record.args = f"{record.msg} {record.args!r}", None
            message = record.msg
        if self._masker.hides(message):
            record.msg, record.args = self._masker.redact(message), None
        for name in record.__dict__.keys() - _OF_A_RECORD:  # what `extra` brought
            record.__dict__[name] = self._masker.redact(record.__dict__[name], name)
        if record.stack_info:
            record.stack_info = self._masker.redact(record.stack_info)
        if record.exc_info:
            text = logging.Formatter().formatException(record.exc_info)
            if self._masker.hides(text):
                record.msg = f"{record.getMessage()}\n{self._masker.redact(text)}"
                record.args, record.exc_info, record.exc_text = None, None, None
        return True


def _add(metric: Any, dimensions: Mapping[str, str]) -> None:
    for name, value in dimensions.items():
        metric.add_dimension(name=name, value=value)


class _PrintedLines(io.TextIOBase):
    """A stream whose lines become log lines. A child process that gets it writes to the original, as it would."""

    def __init__(self, logger: logging.Logger, original: TextIO) -> None:
        self._logger = logger
        self._original = original
        self._rest = ""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._original.fileno()

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._logger.info("%s", line)
        return len(text)

    def flush_rest(self) -> None:
        if self._rest:
            self._logger.info("%s", self._rest)
            self._rest = ""
