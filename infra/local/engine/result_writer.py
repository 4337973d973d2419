"""A distributed Map's ResultWriter: the children's results as files in S3, with a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.engine import errors
from infra.local.engine.data import DataLanguage
from infra.local.engine.item_reader import call_s3
from infra.local.engine.json_values import Json, dumps, timestamp
from infra.local.engine.scope import Scope, State

if TYPE_CHECKING:
    from infra.local.engine.distributed import MapRun
    from infra.local.engine.execution import Execution


async def write_results(scope: Scope, state: State, given: Json, data: DataLanguage, map_run: MapRun) -> Json:
    """Writes `<Prefix>/<map run>/{SUCCEEDED_0,FAILED_0,manifest}.json`; raises States.ResultWriterFailed."""
    writer: State = state["ResultWriter"]
    if "Resource" not in writer:
        raise errors.ExecutionFailed(errors.RUNTIME, "A ResultWriter without a Resource is not supported.")
    arguments = data.template(scope, writer, "Arguments" if "Arguments" in writer else "Parameters", given)
    bucket = arguments["Bucket"]
    folder = "/".join(part for part in (arguments.get("Prefix", "").strip("/"), map_run.arn.rsplit(":", 1)[-1]) if part)
    files: dict[str, list[dict[str, Json]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status in ("SUCCEEDED", "FAILED"):
        records = [_record(child) for child in map_run.children if child.status == status]
        if records:
            text = dumps(records)
            key = f"{folder}/{status}_0.json"
            await _put(scope, bucket, key, text)
            files[status].append({"Key": key, "Size": len(text.encode())})
    manifest = {"DestinationBucket": bucket, "MapRunArn": map_run.arn, "ResultFiles": files}
    await _put(scope, bucket, f"{folder}/manifest.json", dumps(manifest))
    return {
        "MapRunArn": map_run.arn,
        "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"},
    }


async def _put(scope: Scope, bucket: str, key: str, text: str) -> None:
    arguments = {"Bucket": bucket, "Key": key, "Body": text, "ContentType": "application/json"}
    await call_s3(scope, "putObject", arguments, errors.RESULT_WRITER)


def _record(child: Execution) -> dict[str, Json]:
    """One child as it stands in a result file."""
    ended = child.stopped or child.started
    record = {
        "ExecutionArn": child.arn,
        "Input": dumps(child.input),
        "Name": child.name,
        "StartDate": timestamp(child.started),
        "StopDate": timestamp(ended),
        "Status": child.status,
    }
    if child.status == "SUCCEEDED":
        return record | {"Output": dumps(child.output)}
    return record | {"Error": child.error or "", "Cause": child.cause or ""}
