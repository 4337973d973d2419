"""Objects in S3 as local files, and back.

Invariant: a cached copy is named by its object's ETag, so it is never stale; what Athena hides (names that begin with
`_` or `.`, empty objects) is not read.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.athena.errors import QueryFailed


@dataclass(frozen=True, slots=True)
class Object:
    """An object under a location; `size` in bytes."""

    bucket: str
    key: str
    size: int
    etag: str


class Storage:
    """S3 through a boto3 client, with a cache directory."""

    def __init__(self, s3: Any, cache: Path) -> None:
        self._s3 = s3
        self._cache = cache

    def objects(self, location: str) -> Iterator[Object]:
        """The data files under `s3://bucket/prefix/`."""
        bucket, prefix = split(location)
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix.rstrip("/") + "/" if prefix else ""
        )
        try:
            for page in pages:
                for entry in page.get("Contents", []):
                    name = entry["Key"].rpartition("/")[2]
                    if entry["Size"] and not name.startswith(("_", ".")):
                        yield Object(bucket, entry["Key"], entry["Size"], entry["ETag"].strip('"'))
        except self._s3.exceptions.NoSuchBucket:
            message = f"HIVE_FILESYSTEM_ERROR: The specified bucket does not exist (Bucket: {bucket})"
            raise QueryFailed(message) from None

    def local_copy(self, found: Object) -> Path:
        identity = hashlib.sha256(f"{found.bucket}/{found.key}/{found.etag}".encode()).hexdigest()
        # The name is kept: readers look at its ending.
        target = self._cache / identity / found.key.rpartition("/")[2]
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            aside = target.with_name(f".{target.name}.{os.getpid()}.{id(found)}")
            self._s3.download_file(found.bucket, found.key, str(aside))
            aside.replace(target)
        return target

    def is_empty(self, location: str) -> bool:
        return next(self.objects(location), None) is None

    def upload(self, file: Path, location: str) -> None:
        bucket, key = split(location)
        self._s3.upload_file(str(file), bucket, key)

    def write_text(self, location: str, text: str) -> None:
        bucket, key = split(location)
        self._s3.put_object(Bucket=bucket, Key=key, Body=text.encode())


def split(location: str) -> tuple[str, str]:
    """Bucket and key or prefix of `s3://bucket/key`.

    >>> split("s3://data/raw/events/")
    ('data', 'raw/events/')
    """
    if not location.startswith("s3://"):
        raise QueryFailed(f"HIVE_METASTORE_ERROR: the location {location} must begin with s3://")
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
