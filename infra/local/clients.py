"""boto3 clients for the server's own services: what one service does to another goes over the public API.

Invariant: clients are made once per service, account and region, and may be used from any thread.
"""

import functools
from typing import Any

import boto3
from botocore.config import Config


class Clients:
    """Makes clients for `endpoint`. Never call one on the server's event loop: the answer comes from there."""

    def __init__(self, endpoint: str, *, validate: bool = False) -> None:
        """`validate`: check requests against the API's model before they are sent."""
        self._endpoint = endpoint
        self._validate = validate
        # Bound to the instance, unlike the decorator.
        self._client = functools.lru_cache(maxsize=None)(self._make)

    def get(self, service: str, account: str, region: str) -> Any:
        """A boto3 client, e.g. `get("logs", "000000000000", "us-east-1")`; untyped, as boto3 is."""
        return self._client(service, account, region)

    def _make(self, service: str, account: str, region: str) -> Any:
        # A session of one's own: the default one must not be shared between threads while it makes a client.
        return boto3.session.Session().client(
            service,
            endpoint_url=self._endpoint,
            region_name=region,
            # The server takes a twelve-digit key id for the account.
            aws_access_key_id=account,
            aws_secret_access_key="local",
            config=Config(
                retries={"total_max_attempts": 1},
                max_pool_connections=32,
                s3={"addressing_style": "path"},
                read_timeout=1000,
                parameter_validation=self._validate,
                # No sync-127.0.0.1.
                inject_host_prefix=False,
            ),
        )
