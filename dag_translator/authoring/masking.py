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
_SHORTEST_LINE = 16
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
            shown = {form for text in (secret, *_long_lines(secret)) for form in _forms(text)}
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

    def redact_known(self, value: Any) -> Any:
        """The same, whatever a name says: only secrets that were read."""
        match value:
            case str():
                return self.redact(value)
            case Mapping():
                return {key: self.redact_known(each) for key, each in value.items()}
            case list() | tuple():
                return [self.redact_known(each) for each in value]
        return value


def _forms(secret: str) -> set[str]:
    """How a secret may be written: as it is, in a repr, in JSON, in a URI and in a query."""
    import json
    from urllib.parse import quote, quote_plus

    in_json = {json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
    return {secret, repr(secret)[1:-1], quote(secret, safe=""), quote_plus(secret), *in_json}


def _long_lines(secret: str) -> list[str]:
    """The lines of a key or a file, which are logged one by one; short ones, and where a key begins, say little."""
    lines = [line.strip() for line in secret.splitlines()]
    return [] if len(lines) < 2 else [line for line in lines if len(line) >= _SHORTEST_LINE and "-----" not in line]
