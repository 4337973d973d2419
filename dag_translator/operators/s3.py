"""Operators on S3: Python in Lambda, since each is a call or two; here is what the Lambda's role needs for them.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3", and S3's user guide,
"Required permissions for Amazon S3 API operations". HeadObject of a key that is not there answers 404 only to who may
list the bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from dag_translator.account import Account
from dag_translator.model import Task
from dag_translator.operators import polling, python, sensor, woken
from dag_translator.operators.lowering import Lowering, Permission
from dag_translator.operators.service import ARN, HERE, literal

_FEW_KEYS = 100  # each wakes once; more laps than one history holds need rounds
_WRITES = ("s3:PutObject", "s3:AbortMultipartUpload")
Settings = Callable[[Any], dict[str, Any]]


def bucket_of(bucket: Any, keys: Any = None) -> list[str]:
    """The buckets that an operator touches, as patterns: by name, or of its `s3://` keys; `*` where a template says."""
    if bucket is not None:
        return [literal(bucket) or "*"]
    urls = [keys] if isinstance(keys, str) else keys if isinstance(keys, list | tuple) else [None]
    found = {_bucket(url) for url in urls}
    return ["*"] if "*" in found else sorted(found)


def _bucket(url: Any) -> str:
    # A template in the key does not hide the bucket.
    netloc = urlsplit(url).netloc if isinstance(url, str) else ""
    return literal(netloc) or "*"


def _grants(task: Task) -> tuple[Permission, ...]:
    """settings["grants"]: rows of (actions, buckets, suffix of the ARN)."""
    reason = f"S3 objects of task {task.task_id}"
    return tuple(
        Permission(tuple(actions), tuple(f"{ARN}:s3:::{bucket}{suffix}" for bucket in buckets), reason)
        for actions, buckets, suffix in task.settings["grants"]
    ) + tuple(
        Permission(("kms:GenerateDataKey", "kms:Decrypt"), (key,), reason) for key in task.settings.get("keys", ())
    )


def _created(operator: Any) -> dict[str, Any]:
    bucket = bucket_of(getattr(operator, "s3_bucket", None), getattr(operator, "s3_key", None))
    acl = ["s3:PutObjectAcl"] if getattr(operator, "acl_policy", None) else []
    return {"grants": [[[*_WRITES, "s3:GetObject", *acl], bucket, "/*"], [["s3:ListBucket"], bucket, ""]]}


def _copied(operator: Any) -> dict[str, Any]:
    source = bucket_of(getattr(operator, "source_bucket_name", None), getattr(operator, "source_bucket_key", None))
    target = bucket_of(getattr(operator, "dest_bucket_name", None), getattr(operator, "dest_bucket_key", None))
    version = (
        ["s3:GetObjectVersion", "s3:GetObjectVersionTagging"] if getattr(operator, "source_version_id", None) else []
    )
    acl = ["s3:PutObjectAcl"] if getattr(operator, "acl_policy", None) else []
    grants = [
        [["s3:GetObject", "s3:GetObjectTagging", *version], source, "/*"],
        [["s3:ListBucket"], source, ""],
        [["s3:PutObject", "s3:PutObjectTagging", *acl], target, "/*"],
    ]
    return {"grants": grants, "keys": _keys(operator)}


def _copied_below(operator: Any) -> dict[str, Any]:
    source = bucket_of(getattr(operator, "source_bucket_name", None), getattr(operator, "source_bucket_prefix", None))
    target = bucket_of(getattr(operator, "dest_bucket_name", None), getattr(operator, "dest_bucket_prefix", None))
    acl = ["s3:PutObjectAcl"] if getattr(operator, "acl_policy", None) else []
    grants = [
        [["s3:GetObject", "s3:GetObjectTagging"], source, "/*"],
        [["s3:ListBucket"], source, ""],
        [["s3:PutObject", "s3:PutObjectTagging", *acl], target, "/*"],
    ]
    return {"grants": grants, "keys": _keys(operator)}


def _read(operator: Any) -> dict[str, Any]:
    bucket = bucket_of(getattr(operator, "s3_bucket", None), getattr(operator, "s3_key", None))
    return {"grants": [[["s3:GetObject"], bucket, "/*"], [["s3:ListBucket"], bucket, ""]]}


def _transformed(operator: Any) -> dict[str, Any]:
    source = bucket_of(None, getattr(operator, "source_s3_key", None))
    target = bucket_of(None, getattr(operator, "dest_s3_key", None))
    listed = sorted({*source, *target})
    return {
        "grants": [
            [["s3:GetObject"], source, "/*"],
            [[*_WRITES, "s3:GetObject"], target, "/*"],
            [["s3:ListBucket"], ["*"] if "*" in listed else listed, ""],
        ]
    }


def _keys(operator: Any) -> list[str]:
    key = literal(getattr(operator, "kms_key_id", None))
    return [] if key is None else [key if key.startswith("arn:") else f"{ARN}:kms:{HERE}:key/{key}"]


def _deleted(operator: Any) -> dict[str, Any]:
    bucket = bucket_of(getattr(operator, "bucket", None))
    listing = [] if getattr(operator, "keys", None) is not None else [[["s3:ListBucket"], bucket, ""]]
    return {"grants": [[["s3:DeleteObject"], bucket, "/*"], *listing]}


def _listed(operator: Any) -> dict[str, Any]:
    return {"grants": [[["s3:ListBucket"], bucket_of(getattr(operator, "bucket", None)), ""]]}


def _bucket_created(operator: Any) -> dict[str, Any]:
    return {"grants": [[["s3:CreateBucket", "s3:ListBucket"], bucket_of(getattr(operator, "bucket_name", None)), ""]]}


def _bucket_deleted(operator: Any) -> dict[str, Any]:
    bucket = bucket_of(getattr(operator, "bucket_name", None))
    objects = [[["s3:DeleteObject"], bucket, "/*"]] if getattr(operator, "force_delete", None) else []
    return {"grants": [[["s3:DeleteBucket", "s3:ListBucket"], bucket, ""], *objects]}


def _watched(operator: Any) -> dict[str, Any]:
    bucket = bucket_of(getattr(operator, "bucket_name", None), getattr(operator, "bucket_key", None))
    grants = [[["s3:GetObject"], bucket, "/*"], [["s3:ListBucket"], bucket, ""]]
    return {**polling.settings(operator), "grants": grants}


def _listing_watched(operator: Any) -> dict[str, Any]:
    bucket = bucket_of(getattr(operator, "bucket_name", None))
    return {**polling.settings(operator), "grants": [[["s3:ListBucket"], bucket, ""]]}


def _file_watched(operator: Any) -> dict[str, Any]:
    path = getattr(operator, "filepath", None)
    bucket = bucket_of(None, path) if str(path).startswith("s3://") else ["*"]
    return {**polling.settings(operator), "grants": [[["s3:ListBucket"], bucket, ""]]}


def _woken(operator: Any, account: Account) -> tuple[str, Mapping[str, Any]] | None:
    """Where every bucket that the file names sends its events, and there is one; a run knows those of templates."""
    buckets = bucket_of(getattr(operator, "bucket_name", None), getattr(operator, "bucket_key", None))
    if not account.event_buckets or not {"*", *account.event_buckets}.issuperset(buckets):
        return None
    from dag_translator.authoring.sensors.woken import UNWOKEN

    settings, keys = _watched(operator), getattr(operator, "bucket_key", None)
    few = isinstance(keys, str) or (isinstance(keys, list | tuple) and len(keys) <= _FEW_KEYS)
    if not few or getattr(operator, "check_fn", None) is not None:
        settings["interval"] = 1.0  # any number of objects may wake it in vain
    elif "*" not in buckets:
        settings["interval"] = max(settings["interval"], UNWOKEN)
    return "S3KeySensor on events", {**settings, "watches": buckets}


def _sensor(settings: Settings) -> Lowering:
    return Lowering(sensor.lower, settings, polling.permissions, _grants, sensor=True)


def _in_python(settings: Settings) -> Lowering:
    return Lowering(python.lower, settings, task_permissions=_grants)


LOWERINGS: Mapping[str, Lowering] = {
    "S3CreateBucketOperator": _in_python(_bucket_created),
    "S3DeleteBucketOperator": _in_python(_bucket_deleted),
    "S3CreateObjectOperator": _in_python(_created),
    "S3CopyObjectOperator": _in_python(_copied),
    "S3CopyPrefixOperator": _in_python(_copied_below),
    "S3ReadObjectOperator": _in_python(_read),
    "S3FileTransformOperator": _in_python(_transformed),
    "S3DeleteObjectsOperator": _in_python(_deleted),
    "S3ListOperator": _in_python(_listed),
    "S3KeySensor": replace(_sensor(_watched), in_account=_woken),
    "S3KeySensor on events": replace(
        _sensor(_watched),
        lower=woken.lower,
        watches=lambda task: tuple(task.settings["watches"]),
        becomes="woken by the bucket's event",
    ),
    "S3KeysUnchangedSensor": _sensor(_listing_watched),
    "S3PrefixSensor": _sensor(_listing_watched),
    "FileSensor": _sensor(_file_watched),
}
