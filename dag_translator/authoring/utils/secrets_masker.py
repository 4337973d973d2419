"""`mask_secret` and `redact`, by the masker of the runtime that the task has: see `authoring.masking`.

>>> mask_secret("opensesame")
>>> redact({"url": "https://me:opensesame@host", "n": 1})
{'url': 'https://me:***@host', 'n': 1}
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring import runtime


def mask_secret(secret: Any, name: str | None = None) -> None:
    """From now on no log line shows the secret (of a mapping: its sensitive values)."""
    runtime.current().masker.add(secret, name)


def redact(value: Any, name: str | None = None, max_depth: int | None = None) -> Any:  # noqa: ARG001
    """The value with a mask in place of secrets."""
    return runtime.current().masker.redact(value, name)
