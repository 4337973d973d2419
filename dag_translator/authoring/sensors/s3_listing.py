"""S3KeysUnchangedSensor and S3PrefixSensor: sensors on what is listed under a prefix."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dag_translator.authoring.dates import parse
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.sensors.aws import AwsBaseSensor
from dag_translator.authoring.sensors.base import poke_mode_only
from dag_translator.authoring.sensors.dates import now_in

# What a poke leaves for the next one, which may be in another Lambda: an XCom of the task itself.
_MEMORY = "_s3_keys_unchanged"


@poke_mode_only
class S3KeysUnchangedSensor(AwsBaseSensor):
    """Done when the objects under `prefix` have not grown more for inactivity_period seconds, and are min_objects.

    previous_objects: keys that count as seen. allow_delete: a deletion starts the period anew, else it fails the task.
    """

    template_fields: Any = aws_template_fields("bucket_name", "prefix")
    aws_hook_class = S3Hook

    def __init__(
        self,
        *,
        bucket_name: str,
        prefix: str,
        inactivity_period: float = 60 * 60,
        min_objects: int = 1,
        previous_objects: set[str] | None = None,
        allow_delete: bool = True,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if inactivity_period < 0:
            raise ValueError("inactivity_period must be non-negative")
        self.bucket_name = bucket_name
        self.prefix = prefix
        self.inactivity_period = inactivity_period
        self.min_objects = min_objects
        self.previous_objects = previous_objects or set()
        self.allow_delete = allow_delete
        self.deferrable = deferrable
        self.last_activity_time: datetime | None = None

    def poke(self, context: Any) -> bool:
        ti = context["ti"]
        kept = ti.xcom_pull(task_ids=self.task_id, key=_MEMORY, map_indexes=ti.map_index)
        if kept is not None:
            self.previous_objects, self.last_activity_time = set(kept["objects"]), parse(kept["since"])
        done = self.is_keys_unchanged(set(self.hook.list_keys(self.bucket_name, prefix=self.prefix)), now_in(context))
        since = self.last_activity_time.isoformat() if self.last_activity_time else None
        ti.xcom_push(_MEMORY, {"objects": sorted(self.previous_objects), "since": since})
        return done

    def is_keys_unchanged(self, current_objects: set[str], now: datetime) -> bool:
        """Compare with the poke before; whether the period is over."""
        deleted = self.previous_objects - current_objects
        if deleted and not self.allow_delete:
            place = f"{self.bucket_name}/{self.prefix}"
            raise AirflowException(f"Illegal behavior: objects were deleted in {place} between pokes.")
        if deleted or current_objects > self.previous_objects:
            self.log.info("%d objects, %d deleted: the period begins anew", len(current_objects), len(deleted))
            self.previous_objects, self.last_activity_time = current_objects, now
            return False
        self.last_activity_time = self.last_activity_time or now
        waited = int((now - self.last_activity_time).total_seconds())
        if waited >= self.inactivity_period and len(current_objects) < self.min_objects:
            self.log.error("Inactivity period passed, not enough objects found")
        return waited >= self.inactivity_period and len(current_objects) >= self.min_objects


class S3PrefixSensor(AwsBaseSensor):
    """Done when there is an object under the prefix, or under each of several. Airflow 2's; delimiter: as S3's."""

    template_fields: Any = aws_template_fields("prefix", "bucket_name")
    aws_hook_class = S3Hook

    def __init__(self, *, bucket_name: str, prefix: str | list[str], delimiter: str = "/", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name
        self.prefix = [prefix] if isinstance(prefix, str) else prefix
        self.delimiter = delimiter

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        self.log.info("Poking for prefix : %s in bucket s3://%s", self.prefix, self.bucket_name)
        return all(self.hook.check_for_prefix(prefix, self.delimiter, self.bucket_name) for prefix in self.prefix)
