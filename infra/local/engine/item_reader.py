"""Where a Map's items come from: an array, an object, or a file or a listing in S3.

>>> as_items({"a": 1})
[{'Key': 'a', 'Value': 1}]
>>> parse_items('{"x":1}\\n{"x":2}\\n', {"InputType": "JSONL"})
[{'x': 1}, {'x': 2}]
>>> parse_items("id,name\\n7,seven\\n", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"})
[{'id': '7', 'name': 'seven'}]
"""

from __future__ import annotations

import csv
import io
import json
from typing import Final

from infra.local.engine import errors
from infra.local.engine.data import DataLanguage
from infra.local.engine.json_values import Json
from infra.local.engine.scope import Scope, State

DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def as_items(value: Json) -> list[Json]:
    """An array as it is, an object as its `{"Key", "Value"}` pairs."""
    if isinstance(value, dict):
        return [{"Key": key, "Value": item} for key, item in value.items()]
    if isinstance(value, list):
        return value
    raise errors.StateFailed(errors.RUNTIME, f"A Map iterates over an array or an object, not over {value!r}.")


async def read_items(scope: Scope, state: State, given: Json, data: DataLanguage) -> list[Json]:
    """The items that the state's ItemReader gives; raises StateFailed States.ItemReaderFailed."""
    reader: State = state["ItemReader"]
    config: State = reader.get("ReaderConfig", {})
    arguments = data.template(scope, reader, "Arguments" if "Arguments" in reader else "Parameters", given)
    limit = data.value(scope, config, "MaxItems", "number", given)
    action = reader["Resource"].rsplit(":", 1)[-1]
    if action == "listObjectsV2":
        items = await _listing(scope, arguments)
    else:
        answer = await call_s3(scope, "getObject", arguments, errors.ITEM_READER)
        items = parse_items(answer.get("Body", ""), config)
    return items[: int(limit)] if limit else items


async def _listing(scope: Scope, arguments: Json) -> list[Json]:
    items: list[Json] = []
    token: str | None = None
    while True:
        more = {"ContinuationToken": token} if token else {}
        page = await call_s3(scope, "listObjectsV2", {**arguments, **more}, errors.ITEM_READER)
        items += page.get("Contents", [])
        token = page.get("NextContinuationToken")
        if not token:
            return items


async def call_s3(scope: Scope, action: str, arguments: Json, error: str) -> Json:
    """Asks S3 through the engine's integrations; a failure becomes the error `error`."""
    engine = scope.execution.engine
    try:
        return await engine.integrations.call(f"arn:aws:states:::aws-sdk:s3:{action}", arguments, scope.task_call())
    except errors.TaskFailed as failure:
        raise errors.StateFailed(error, f"{failure.error}: {failure.cause}") from failure


def parse_items(text: str, config: State) -> list[Json]:
    """The items of a file by its ReaderConfig."""
    kind = config.get("InputType", "JSON")
    try:
        if kind == "JSONL":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        if kind == "CSV":
            return _csv_items(text, config)
        if kind in ("JSON", "MANIFEST"):
            return as_items(_at(json.loads(text), config.get("ItemsPointer", "")))
    except (ValueError, KeyError) as error:
        raise errors.StateFailed(errors.ITEM_READER, f"The {kind} file cannot be read: {error}") from error
    raise errors.ExecutionFailed(errors.RUNTIME, f"The InputType {kind} is not supported: use JSON, JSONL or CSV.")


def _at(value: Json, pointer: str) -> Json:
    """What a JSON pointer (`/a/b`) points to."""
    for key in pointer.split("/")[1:]:
        value = value[key.replace("~1", "/").replace("~0", "~")]
    return value


def _csv_items(text: str, config: State) -> list[Json]:
    rows = list(csv.reader(io.StringIO(text), delimiter=DELIMITERS[config.get("CSVDelimiter", "COMMA")]))
    rows = [row for row in rows if row]
    if config.get("CSVHeaderLocation", "FIRST_ROW") == "GIVEN":
        header = config["CSVHeaders"]
    else:
        header, rows = (rows[0], rows[1:]) if rows else ([], [])
    return [dict(zip(header, row + [""] * (len(header) - len(row)), strict=False)) for row in rows]
