"""What a DAG's callbacks and mails need of AWS: read off the notifiers that are given as callbacks, and off `email`.

Source: Service Authorization Reference, the pages of Amazon SES, SNS and SQS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dag_translator.operators.lowering import Permission
from dag_translator.operators.messaging import queue_arn, topic_arn
from dag_translator.operators.service import ARN, HERE

MAIL = ("ses:SendRawEmail", f"{ARN}:ses:{HERE}:identity/*")
_CALLBACKS = tuple(f"on_{moment}_callback" for moment in ("execute", "success", "failure", "retry", "skipped"))
# Names that a file imports to send mails from its own Python.
_MAILS = re.compile(r"\bairflow\.(utils\.email|providers\.smtp|providers\.amazon\.aws\.hooks\.ses)\b")

Grant = tuple[str, str]  # action, resource
NOTIFIERS: Mapping[str, Callable[[Any], Grant]] = {
    "SmtpNotifier": lambda _: MAIL,
    "SesNotifier": lambda _: MAIL,
    "SnsNotifier": lambda notifier: ("sns:Publish", topic_arn(notifier.target_arn)),
    "SqsNotifier": lambda notifier: ("sqs:SendMessage", queue_arn(notifier.queue_url)),
}


def messages(dag: Any) -> Mapping[str, tuple[str, ...]]:
    """action → resources, of everything that the DAG sends by notifiers and mails."""
    found: dict[str, set[str]] = {}
    for action, resource in _grants(dag):
        found.setdefault(action, set()).add(resource)
    return {action: tuple(sorted(resources)) for action, resources in sorted(found.items())}


def permissions(sent: Mapping[str, tuple[str, ...]]) -> Iterator[Permission]:
    """What the task function's role needs for that."""
    for action, resources in sent.items():
        yield Permission((action,), resources, "callbacks and mails")


def _mails(task: Any) -> bool:
    sends = any(kind.__name__ == "EmailOperator" for kind in task.operator_class.__mro__)
    return sends or bool(task.email and (task.email_on_failure or task.email_on_retry))


def _grants(dag: Any) -> Iterator[Grant]:
    for owner in (dag, *dag.tasks):
        for name in _CALLBACKS:
            given = getattr(owner, name, None)
            for callback in given if isinstance(given, list | tuple) else [given]:
                yield from (
                    NOTIFIERS[kind.__name__](callback) for kind in type(callback).__mro__ if kind.__name__ in NOTIFIERS
                )
    if any(_mails(task) for task in dag.tasks):
        yield MAIL
    path = Path(dag.fileloc)
    if path.is_file() and _MAILS.search(path.read_text(encoding="utf-8", errors="replace")):
        yield MAIL
