"""What a project's settings say of its AWS account that decides what a task becomes.

The translator knows no account. Where a better way of running a task hangs on something that only the account's owner
can vouch for, the project says so (`cdk.json`), and by default nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpConnection:
    """An EventBridge connection that stands for an Airflow connection. url: of the server, as the latter has it."""

    arn: str
    url: str


@dataclass(frozen=True, slots=True)
class Account:
    """event_buckets: S3 buckets that send all their events to the EventBridge default bus of account and region.
    http_connections: by conn_id.
    """

    event_buckets: tuple[str, ...] = ()
    http_connections: Mapping[str, HttpConnection] = field(default_factory=dict)


NOTHING_SAID = Account()
