"""`mask_secret` and `redact`: a text that was masked once becomes `***` in later log records, and in what is redacted.

>>> mask_secret("opensesame")
>>> redact({"url": "https://me:opensesame@host", "n": 1})
{'url': 'https://me:***@host', 'n': 1}
>>> redact("whatever", "password")
'***'
"""

from __future__ import annotations

import logging
from typing import Any

_SHORTEST = 5  # Airflow's default of [logging] min_length_masked_secret
_NAMES = (
    "access_token", "api_key", "apikey", "authorization", "passphrase", "passwd", "password", "private_key", "secret",
    "token", "keyfile_dict", "service_account",
)  # fmt: skip
_SECRETS: set[str] = set()


class _Masking(logging.Filter):
    """On every handler of the root logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = _masked(text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True


_FILTER = _Masking()


def mask_secret(secret: Any, name: str | None = None) -> None:  # noqa: ARG001 - Airflow's signature
    """Remember a secret (or those in a collection)."""
    if isinstance(secret, dict):
        for key, value in secret.items():
            mask_secret(value, key)
    elif isinstance(secret, list | tuple | set):
        for value in secret:
            mask_secret(value)
    elif isinstance(secret, str) and len(secret) >= _SHORTEST:
        _SECRETS.add(secret)
        for handler in logging.getLogger().handlers:
            handler.addFilter(_FILTER)


def redact(value: Any, name: str | None = None, max_depth: int | None = None) -> Any:  # noqa: ARG001
    """The value without the secrets; all of it if its name says that it is one."""
    if name and any(word in name.lower() for word in _NAMES) and value:
        return "***"
    if isinstance(value, dict):
        return {key: redact(each, key) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return type(value)(redact(each) for each in value)
    return _masked(value) if isinstance(value, str) else value


def _masked(text: str) -> str:
    for secret in sorted(_SECRETS, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
