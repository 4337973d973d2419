"""S3KeySensor: waits for one or more objects on S3. The machine waits between pokes; a poke is a Lambda.

Where the project vouches for the buckets, their events wake it. Then it announces what it waits for before it looks, so
that nothing comes unseen in between (`lambdas.waiting.objects`).
"""

from __future__ import annotations

import fnmatch
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.sensors.aws import AwsBaseSensor
from dag_translator.authoring.sensors.woken import WokenSensor


class S3KeySensor(WokenSensor, AwsBaseSensor):
    """Done when every key of bucket_key is there (and check_fn, given what is known of the objects, is true).

    bucket_key: `s3://bucket/key`, or a key in bucket_name; a Unix pattern with wildcard_match, a regular expression
    with use_regex. metadata_keys: what check_fn gets of each object, "*" for everything. deferrable changes nothing.
    Only a subclass's own `poke` and a check_fn, whose answers may hang on anything, need to look every poke_interval.
    """

    template_fields: Any = aws_template_fields("bucket_key", "bucket_name")
    aws_hook_class = S3Hook

    def __init__(
        self,
        *,
        bucket_key: str | list[str],
        bucket_name: str | None = None,
        wildcard_match: bool = False,
        check_fn: Callable[..., bool] | None = None,
        deferrable: bool = False,
        use_regex: bool = False,
        metadata_keys: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_key = bucket_key
        self.bucket_name = bucket_name
        self.wildcard_match = wildcard_match
        self.check_fn = check_fn
        self.deferrable = deferrable
        self.use_regex = use_regex
        self.metadata_keys = metadata_keys or ["Size", "Key"]

    @property
    def is_woken(self) -> bool:
        return self.watching is not None and self.check_fn is None

    def poke(self, context: Any) -> bool:
        keys = [self.bucket_key] if isinstance(self.bucket_key, str) else self.bucket_key
        announced = self._announce(keys, context)
        missing = next((key for key in keys if not self._is_there(key, context)), None)
        # The first that is missing is enough: when it has come, all are looked at again.
        self.watching = {"objects": self._wanted([missing])} if announced and missing is not None else None
        return missing is None

    def _announce(self, keys: list[str], context: Any) -> bool:
        if type(self).poke is not S3KeySensor.poke:
            return False  # the machine, made for a sensor that it knows nothing of, does not wait for events
        announce = getattr(context.get("ti"), "announce_objects", None)
        return announce is not None and announce(self._wanted(keys))

    def _wanted(self, keys: list[str]) -> dict[str, list[list[str]]]:
        kind = "wildcard" if self.wildcard_match else "regex" if self.use_regex else "key"
        wanted: dict[str, list[list[str]]] = {}
        for url in keys:
            bucket, key = self.hook.get_s3_bucket_key(self.bucket_name, url)
            wanted.setdefault(bucket, []).append([kind, key])
        return wanted

    def _is_there(self, url: str, context: Any) -> bool:
        bucket, key = self.hook.get_s3_bucket_key(self.bucket_name, url)
        self.log.info("Poking for key : s3://%s/%s", bucket, key)
        if self.wildcard_match:
            prefix = re.split(r"[\[*?]", key, maxsplit=1)[0]
            found = (each for each in self.hook.iter_file_metadata(prefix, bucket) if fnmatch.fnmatch(each["Key"], key))
            return self._accepts((self._listed(each, bucket) for each in found), context)
        if self.use_regex:  # without check_fn, as in the provider
            return any(re.match(key, each["Key"]) for each in self.hook.iter_file_metadata("", bucket))
        head = self.hook.head_object(key, bucket)
        return head is not None and self._accepts(iter([self._of_head(head)]), context)

    def _accepts(self, files: Iterable[dict[str, Any]], context: Any) -> bool:
        if self.check_fn is None:
            return any(True for _ in files)
        listed = list(files)
        if not listed:
            return False
        parameters = inspect.signature(self.check_fn).parameters.values()
        takes_context = any(each.kind == inspect.Parameter.VAR_KEYWORD for each in parameters)
        return bool(self.check_fn(listed, **context) if takes_context else self.check_fn(listed))

    def _listed(self, item: dict[str, Any], bucket: str) -> dict[str, Any]:
        """Of a listing; what it does not tell is asked for."""
        if "*" in self.metadata_keys:
            return dict(self.hook.head_object(item["Key"], bucket) or {})
        if all(name in item for name in self.metadata_keys):
            return {name: item[name] for name in self.metadata_keys}
        more = {**(self.hook.head_object(item["Key"], bucket) or {}), **item}
        return {name: more.get(name) for name in self.metadata_keys}

    def _of_head(self, head: dict[str, Any]) -> dict[str, Any]:
        if "*" in self.metadata_keys:
            return dict(head)
        return {name: head.get("ContentLength" if name == "Size" else name) for name in self.metadata_keys}
