"""The API of EventBridge Scheduler: REST with JSON, paths /schedules, /schedule-groups and /tags.

Invariant: requests and answers have the shapes of AWS's API model; all state is in `Schedules` and in the groups here.
"""

import json
import re
import time
from typing import Any
from urllib.parse import unquote

from infra.local.scheduler.schedules import Key, Record, SchedulerError, Schedules

GroupKey = tuple[str, str, str]


class SchedulerService:
    """Answers requests for one account and region at a time."""

    def __init__(self, schedules: Schedules) -> None:
        self._schedules = schedules
        self._groups: dict[GroupKey, Record] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def handle(
        self, method: str, path: str, body: bytes, query: dict[str, list[str]], account: str, region: str
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of one HTTP request."""
        headers = {"Content-Type": "application/json"}
        try:
            request = json.loads(body) if body else {}
            with self._schedules.lock:
                answer = self._route(method, path, request, query, account, region)
        except SchedulerError as error:
            headers["x-amzn-errortype"] = error.code
            return error.status, headers, json.dumps({"Message": str(error)}).encode()
        return 200, headers, json.dumps(answer).encode()

    def capture(self) -> object:
        groups = [(*key, record) for key, record in self._groups.items()]
        return {"groups": groups, "tags": self._tags, **_mapping(self._schedules.capture())}

    def restore(self, state: Any) -> None:
        self._groups = {(account, region, name): record for account, region, name, record in state["groups"]}
        self._tags = state["tags"]
        self._schedules.restore(state)

    def _route(
        self, method: str, path: str, request: Record, query: dict[str, list[str]], account: str, region: str
    ) -> Record:
        if path.startswith("/tags/"):
            return self._serve_tags(method, unquote(path.removeprefix("/tags/")), request, query)
        match = re.fullmatch(r"/(schedules|schedule-groups)(?:/([0-9a-zA-Z-_.]{1,64}))?", path)
        if not match:
            raise SchedulerError(400, "ValidationException", f"Unknown path {path}.")
        kind, name = match.groups()
        if kind == "schedule-groups":
            return self._serve_groups(method, name, request, query, account, region)
        if name is None:
            return self._list_schedules(query, account, region)
        group = request.get("GroupName") or _first(query, "groupName") or "default"
        return self._serve_schedule(method, Key(account, region, group, name), request)

    def _serve_schedule(self, method: str, key: Key, request: Record) -> Record:
        if method == "GET":
            return self._schedules.get(key)
        if method == "DELETE":
            self._schedules.delete(key)
            return {}
        self._group(key.account, key.region, key.group)
        if method == "POST":
            self._schedules.create(key, request)
        else:
            self._schedules.update(key, request)
        return {"ScheduleArn": key.arn}

    def _list_schedules(self, query: dict[str, list[str]], account: str, region: str) -> Record:
        group, prefix, state = (_first(query, name) for name in ("ScheduleGroup", "NamePrefix", "State"))
        names = ("Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate")
        found = [
            {**{name: record[name] for name in names}, "Target": {"Arn": record["Target"]["Arn"]}}
            for key, record in self._schedules
            if (key.account, key.region) == (account, region)
            and (not group or key.group == group)
            and key.name.startswith(prefix or "")
            and (not state or record["State"] == state)
        ]
        return _page("Schedules", found, query)

    def _serve_groups(
        self, method: str, name: str | None, request: Record, query: dict[str, list[str]], account: str, region: str
    ) -> Record:
        self._group(account, region, "default")
        if name is None:
            prefix = _first(query, "NamePrefix") or ""
            found = [
                record
                for key, record in sorted(self._groups.items())
                if key[:2] == (account, region) and key[2].startswith(prefix)
            ]
            return _page("ScheduleGroups", found, query)
        if method == "POST":
            return self._create_group(account, region, name, request)
        record = self._group(account, region, name)
        if method == "DELETE":
            self._delete_group(account, region, name)
            return {}
        return record

    def _create_group(self, account: str, region: str, name: str, request: Record) -> Record:
        if (account, region, name) in self._groups:
            raise SchedulerError(409, "ConflictException", f"Schedule group {name} already exists.")
        record = _new_group(account, region, name)
        self._groups[account, region, name] = record
        if request.get("Tags"):
            self._tags[record["Arn"]] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        return {"ScheduleGroupArn": record["Arn"]}

    def _delete_group(self, account: str, region: str, name: str) -> None:
        if name == "default":
            raise SchedulerError(400, "ValidationException", "The default schedule group cannot be deleted.")
        for key, _ in list(self._schedules):
            if (key.account, key.region, key.group) == (account, region, name):
                self._schedules.delete(key)
        record = self._groups.pop((account, region, name))
        self._tags.pop(record["Arn"], None)

    def _group(self, account: str, region: str, name: str) -> Record:
        key = (account, region, name)
        if name == "default" and key not in self._groups:
            self._groups[key] = _new_group(account, region, name)
        try:
            return self._groups[key]
        except KeyError:
            message = f"Schedule group {name} does not exist."
            raise SchedulerError(404, "ResourceNotFoundException", message) from None

    def _serve_tags(self, method: str, arn: str, request: Record, query: dict[str, list[str]]) -> Record:
        if arn not in {record["Arn"] for record in self._groups.values()}:
            raise SchedulerError(404, "ResourceNotFoundException", f"Resource {arn} does not exist.")
        tags = self._tags.setdefault(arn, {})
        if method == "POST":
            tags.update({tag["Key"]: tag["Value"] for tag in request.get("Tags", [])})
            return {}
        if method == "DELETE":
            for name in query.get("TagKeys", []):
                tags.pop(name, None)
            return {}
        return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}


def _new_group(account: str, region: str, name: str) -> Record:
    now = time.time()
    arn = f"arn:aws:scheduler:{region}:{account}:schedule-group/{name}"
    return {"Arn": arn, "Name": name, "State": "ACTIVE", "CreationDate": now, "LastModificationDate": now}


def _page(name: str, found: list[Record], query: dict[str, list[str]]) -> Record:
    """One page of a listing; the token is the index of the first record of the next page."""
    first = int(_first(query, "NextToken") or 0)
    size = int(_first(query, "MaxResults") or 100)
    page: Record = {name: found[first : first + size]}
    if first + size < len(found):
        page["NextToken"] = str(first + size)
    return page


def _first(query: dict[str, list[str]], name: str) -> str | None:
    values = query.get(name)
    return values[0] if values else None


def _mapping(state: object) -> Record:
    assert isinstance(state, dict)
    return state
