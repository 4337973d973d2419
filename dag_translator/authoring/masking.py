"""Secrets that must not be shown: what a task has read of Connections and sensitive Variables, by Airflow's rules.

A value counts as secret when its name is sensitive, and so do a Connection's password and what its extra has under
sensitive names. Texts shorter than five characters are left alone, as in Airflow: a mask of "1" would hide everything.

>>> masker = Masker()
>>> masker.add("s3cr3t!"); masker.redact("login with s3cr3t!")
'login with ***'
>>> masker.redact({"host": "h", "api_key": "k", "more": [{"Password": 1}]})
{'host': 'h', 'api_key': '***', 'more': [{'Password': '***'}]}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
_SHORTEST = 5
_SENSITIVE = (
    *("access_key", "access_token", "api_key", "apikey", "auth_header", "authorization", "bearer", "connection_string"),
    *("dsn", "passphrase", "passwd", "password", "private_key", "proxy", "proxies", "secret", "service_account"),
    *("service_key", "token", "keyfile_dict", "webhook_url"),
)


def is_sensitive(name: object) -> bool:
    """Whether a field, key or Variable of this name is a secret: Airflow's list of names, as parts of it."""
    if not isinstance(name, str):
        return False
    normalized = re.sub(r"\W+", "_", name.strip().lower())
    return any(word in normalized for word in _SENSITIVE)


class Masker:
    """What is known to be secret in this process."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: Any, name: str | None = None) -> None:
        """Remember a secret. With a name only if that is sensitive; of a mapping its sensitive values."""
        if isinstance(secret, Mapping):
            for key, value in secret.items():
                self.add(value, str(key))
        elif isinstance(secret, list | tuple):
            for value in secret:
                self.add(value, name)
        elif isinstance(secret, str) and (name is None or is_sensitive(name)):
            from urllib.parse import quote

            shown = {secret, repr(secret)[1:-1], quote(secret, safe="")}  # as it is, in a repr, in a URI
            new = {each for each in shown if len(each) >= _SHORTEST and each.lower() != "airflow"} - self._known
            if new:
                self._known |= new
                longest_first = sorted(self._known, key=len, reverse=True)
                self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def hides(self, text: str) -> bool:
        """Whether there is a secret in it."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def redact(self, value: Any, name: str | None = None) -> Any:
        """`value` with a mask in place of secrets and of what stands under sensitive names."""
        if value is not None and is_sensitive(name):
            return MASK
        match value:
            case str():
                return value if self._pattern is None else self._pattern.sub(MASK, value)
            case Mapping():
                return {key: self.redact(each, key) for key, each in value.items()}
            case list() | tuple():
                return [self.redact(each) for each in value]
        return value
