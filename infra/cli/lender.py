"""Variables and Connections for `dags test`: from the environment, else from the AWS account that is configured.

Where none is, a missing Variable is missing, no error of boto3's, and one that a task sets lives as long as the run.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from lambdas.aws import Clients
from lambdas.backends import AwsLender


class OwnLender(AwsLender):
    """What Lambda lends, as far as there is an account; it is looked for only when something is asked of it."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self._set: dict[str, str] = {}

    @cached_property
    def _has_account(self) -> bool:
        import boto3

        session = boto3.Session()
        return session.region_name is not None and session.get_credentials() is not None

    def get_variable(self, key: str) -> str | None:
        return super().get_variable(key) if self._has_account else self._set.get(key)

    def set_variable(self, key: str, value: str, description: str | None = None) -> None:
        if self._has_account:
            super().set_variable(key, value, description)
        else:
            self._set[key] = value

    def delete_variable(self, key: str) -> None:
        if self._has_account:
            super().delete_variable(key)
        else:
            self._set.pop(key, None)

    def get_connection(self, conn_id: str) -> Any:
        return super().get_connection(conn_id) if self._has_account else None
