"""The store on DynamoDB, with S3 for large texts. A thin layer: what the operations mean is in `store`.

Reads are strongly consistent. A condition that does not hold is an answer (False), not an error; transactions that
collide are tried again. Clients come as functions, so that a Lambda that needs no bucket makes no S3 client.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from lambdas.aws import error_code
from lambdas.storage.records import Item
from lambdas.storage.store import Add, Check, Condition, Delete, Put, Store, Write

_BATCH = 25  # BatchWriteItem's limit
_ATTEMPTS = 8
# Somebody else's write was under way, or too many were: nothing has changed, and the same write may work soon. The
# client tries a single write again by itself when it was throttled, but neither a transaction nor a conflict.
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class DynamoStore(Store):
    """dynamodb, s3: functions that give a client. table, bucket: their names."""

    def __init__(
        self,
        *,
        dynamodb: Callable[[], Any],
        s3: Callable[[], Any],
        table: str,
        bucket: str,
        keep_days: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(keep_days)
        self._dynamodb = dynamodb
        self._s3 = s3
        self._table = table
        self._bucket = bucket
        self._sleep = sleep

    def read(self, pk: str, sk: str) -> Item | None:
        answer = self._dynamodb().get_item(TableName=self._table, Key=_key(pk, sk), ConsistentRead=True)
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def read_many(self, pk: str, sks: Sequence[str]) -> list[Item]:
        found: dict[str, Item] = {}
        wanted: dict[str, Any] = {"Keys": [_key(pk, sk) for sk in sks], "ConsistentRead": True}
        for attempt in range(_ATTEMPTS):
            answer = self._dynamodb().batch_get_item(RequestItems={self._table: wanted})
            before = len(found)
            items = map(from_attributes, answer["Responses"].get(self._table, ()))
            found |= {item["sk"]: item for item in items}
            if not (left := answer.get("UnprocessedKeys", {}).get(self._table)):
                return [found[sk] for sk in sks if sk in found]
            wanted = left
            if len(found) == before:  # throttled; an answer that is only full (16 MB) goes on at once
                self._sleep(random.uniform(0, 0.05 * 2**attempt))
        raise RuntimeError(f"DynamoDB left {len(wanted['Keys'])} items unread after {_ATTEMPTS} attempts")

    def query(self, pk: str, prefix: str, *, newest_first: bool = False, keys_only: bool = False) -> Iterator[Item]:
        values = {":pk": {"S": pk}} | ({":prefix": {"S": prefix}} if prefix else {})
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            **({"ProjectionExpression": "pk, sk"} if keys_only else {}),
        }
        while True:
            answer = self._dynamodb().query(**request)
            yield from map(from_attributes, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def write(self, writes: Sequence[Write]) -> bool:
        for attempt in range(_ATTEMPTS):
            try:
                if len(writes) == 1 and isinstance(writes[0], Put):
                    self._dynamodb().put_item(**self._put_arguments(writes[0]))
                else:
                    self._dynamodb().transact_write_items(TransactItems=[self._transact(write) for write in writes])
                return True
            except Exception as error:
                reasons = _reasons(error)
                if "ConditionalCheckFailed" in reasons:
                    return False
                if not reasons & _PASSING or attempt == _ATTEMPTS - 1:
                    raise
            self._sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("the last attempt returns or raises")

    def write_many(self, writes: Iterable[Put | Delete]) -> None:
        left = iter(writes)
        while batch := list(islice(left, _BATCH)):
            requests = [_request(write) for write in batch]
            for attempt in range(_ATTEMPTS):
                answer = self._dynamodb().batch_write_item(RequestItems={self._table: requests})
                requests = answer.get("UnprocessedItems", {}).get(self._table, [])
                if not requests:
                    break
                self._sleep(random.uniform(0, 0.05 * 2**attempt))
            else:
                raise RuntimeError(f"DynamoDB left {len(requests)} items unwritten after {_ATTEMPTS} attempts")

    def merge(self, pk: str, sk: str, add: Mapping[str, set[str]], assign: Mapping[str, Any]) -> Item:
        names, values, parts = {}, {}, []
        for index, (name, members) in enumerate(add.items()):
            names[f"#a{index}"], values[f":a{index}"] = name, {"SS": sorted(members)}
        for index, (name, value) in enumerate(assign.items()):
            names[f"#s{index}"], values[f":s{index}"] = name, to_attribute(value)
        if add:
            parts.append("ADD " + ", ".join(f"#a{index} :a{index}" for index in range(len(add))))
        if assign:
            parts.append("SET " + ", ".join(f"#s{index} = :s{index}" for index in range(len(assign))))
        answer = self._dynamodb().update_item(
            TableName=self._table,
            Key=_key(pk, sk),
            UpdateExpression=" ".join(parts),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
        )
        return from_attributes(answer["Attributes"])

    def put_blob(self, key: str, text: str) -> None:
        self._s3().put_object(Bucket=self._bucket, Key=key, Body=text.encode(), ContentType="application/json")

    def get_blob(self, key: str) -> str:
        return self.get_file(key).decode()

    def put_file(self, key: str, data: bytes) -> None:
        self._s3().put_object(Bucket=self._bucket, Key=key, Body=data)

    def get_file(self, key: str) -> bytes:
        try:
            answer = self._s3().get_object(Bucket=self._bucket, Key=key)
        except Exception as error:
            if error_code(error) == "NoSuchKey":
                raise KeyError(key) from None
            raise
        data: bytes = answer["Body"].read()
        return data

    def _put_arguments(self, put: Put) -> dict[str, Any]:
        return {"TableName": self._table, "Item": to_item_attributes(put), **_expression(put.condition)}

    def _transact(self, write: Write) -> dict[str, Any]:
        match write:
            case Put():
                return {"Put": self._put_arguments(write)}
            case Delete(pk, sk, condition):
                return {"Delete": {"TableName": self._table, "Key": _key(pk, sk), **_expression(condition)}}
            case Add():
                return {"Update": {"TableName": self._table, "Key": _key(write.pk, write.sk), **_addition(write)}}
            case Check(pk, sk, condition):
                return {"ConditionCheck": {"TableName": self._table, "Key": _key(pk, sk), **_expression(condition)}}


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _request(write: Put | Delete) -> dict[str, Any]:
    if isinstance(write, Put):
        return {"PutRequest": {"Item": to_item_attributes(write)}}
    return {"DeleteRequest": {"Key": _key(write.pk, write.sk)}}


def _expression(condition: Condition | None) -> dict[str, Any]:
    if condition is None:
        return {}
    if condition.absent:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    tests = ["attribute_exists(pk)"]
    names, values = {}, {}
    for index, (name, value) in enumerate(condition.equals.items()):
        tests.append(f"#c{index} = :c{index}")
        names[f"#c{index}"], values[f":c{index}"] = name, to_attribute(value)
    expression: dict[str, Any] = {"ConditionExpression": " AND ".join(tests)}
    if names:
        expression |= {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    return expression


def _addition(add: Add) -> dict[str, Any]:
    """The arguments of an Update; a number that is not there yet counts as 0, as in DynamoDB's ADD."""
    names, values = {"#number": add.attribute}, {":by": to_attribute(add.by)}
    assigned = []
    for index, (name, value) in enumerate(add.also.items()):
        assigned.append(f"#s{index} = :s{index}")
        names[f"#s{index}"], values[f":s{index}"] = name, to_attribute(value)
    update = {
        "UpdateExpression": "ADD #number :by" + (f" SET {', '.join(assigned)}" if assigned else ""),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    if add.at_most is None:
        return update
    values[":most"] = to_attribute(add.at_most)
    # Where there is no number yet, it is 0: that fits unless even 0 is too much.
    test = "#number <= :most" if add.at_most < 0 else "attribute_not_exists(#number) OR #number <= :most"
    return {**update, "ConditionExpression": test}


def to_item_attributes(put: Put) -> dict[str, Any]:
    """A Put as DynamoDB's attribute values."""
    return {**_key(put.pk, put.sk), **{name: to_attribute(value) for name, value in put.attributes.items()}}


def to_attribute(value: Any) -> dict[str, Any]:
    """A JSON value as DynamoDB's typed attribute value."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case str():
            return {"S": value}
        case list() | tuple():
            return {"L": [to_attribute(each) for each in value]}
        case Mapping():
            return {"M": {str(name): to_attribute(each) for name, each in value.items()}}
    raise TypeError(f"not a JSON value: {value!r}")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """The JSON value of a typed attribute value; a set of strings becomes a list."""
    ((kind, value),) = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            number = float(value)
            return int(value) if value.lstrip("-").isdigit() else number
        case "L":
            return [from_attribute(each) for each in value]
        case "M":
            return {name: from_attribute(each) for name, each in value.items()}
        case "SS":
            return list(value)
    return value


def from_attributes(attributes: Mapping[str, Any]) -> Item:
    return {name: from_attribute(attribute) for name, attribute in attributes.items()}


def _reasons(error: Exception) -> set[str]:
    """Why a write was refused, in the words of a transaction's cancellation reasons."""
    code = error_code(error)
    if code in ("TransactionConflictException", "ConditionalCheckFailedException"):
        return {code.removesuffix("Exception")}
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        return set()
    return {str(reason.get("Code")) for reason in response.get("CancellationReasons", ())}
