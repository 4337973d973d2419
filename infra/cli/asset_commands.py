"""`airstep assets list | details | events | trigger | materialize`.

Which assets there are is read from what the DAGs' stacks tell in Parameter Store (`infra.asset_rules`), their events
from the table.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from dag_translator.errors import UsageError
from infra.cli.account import Account
from infra.cli.file_commands import json_object
from infra.cli.options import ConfOption, LocalOption, Output, OutputOption
from infra.cli.output import emit, emit_value, note

NameOption = Annotated[str | None, typer.Option("--name", help="The asset's name.")]
UriOption = Annotated[str | None, typer.Option("--uri", help="The asset's URI.")]
_EVENT_COLUMNS = ["timestamp", "name", "source", "aliases", "extra"]


@dataclass(slots=True)
class Known:
    """An asset of the deployed DAGs. producers, readers: (dag_id, task_id); consumers: dag_ids."""

    name: str
    uri: str
    group: str = "asset"
    producers: list[tuple[str, str]] = field(default_factory=list)
    readers: list[tuple[str, str]] = field(default_factory=list)
    consumers: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "uri": self.uri,
            "group": self.group,
            "producing_tasks": [f"{dag_id}.{task_id}" for dag_id, task_id in self.producers],
            "consuming_tasks": [f"{dag_id}.{task_id}" for dag_id, task_id in self.readers],
            "scheduled_dags": self.consumers,
        }


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep assets`."""
    group.command("list")(list_)
    group.command("details")(details)
    group.command("events")(events)
    group.command("trigger")(trigger)
    group.command("materialize")(materialize)


def list_(
    alias: Annotated[bool, typer.Option("--alias", help="List aliases instead.")] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The assets that deployed DAGs make, read or wait for."""
    from infra.cli.account import connect

    account = connect(local)
    if alias:
        names = sorted({row["alias"] for _, row in _told(account) if "alias" in row})
        emit([{"name": name} for name in names], output)
        return
    rows = [each.row() for each in _known(account)]
    emit(rows, output, ["name", "uri", "group", "producing_tasks", "scheduled_dags"])


def details(
    name: NameOption = None, uri: UriOption = None, local: LocalOption = False, output: OutputOption = Output.TABLE
) -> None:
    """One asset, with its last event."""
    from infra.cli.account import connect

    account = connect(local)
    row = _find(account, name, uri).row()
    last = next(_events(account, row["uri"], row["name"]), None)
    row["last_event"] = last["timestamp"] if last else None
    if output is Output.TABLE:
        for key, value in row.items():
            sys.stdout.write(f"{key}: {', '.join(value) if isinstance(value, list) else value}\n")
    else:
        emit_value(row, output)


def events(
    name: NameOption = None,
    uri: UriOption = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The updates of an asset, newest first. One that nobody has deployed can be named by its URI."""
    from itertools import islice

    from infra.cli.account import connect

    account = connect(local)
    wanted = uri if uri is not None and name is None else _find(account, name, uri).uri
    rows = []
    for event in islice(_events(account, wanted, name), limit):
        source = event.get("source") or {}
        by = f"{source['dag_id']}.{source['task_id']} {source['run_id']}" if source else "external"
        about = {**event["asset"], "aliases": event["aliases"], "extra": event["extra"]}
        rows.append({"timestamp": event["timestamp"], **about, "source": by, "id": event["id"]})
    emit(rows, output, _EVENT_COLUMNS)


def trigger(
    name: NameOption = None,
    uri: UriOption = None,
    extra: Annotated[str | None, typer.Option("--extra", help="What the event carries: a JSON object.")] = None,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Say that an asset was updated: DAGs that wait for it run. No task runs (see materialize)."""
    from infra.cli.account import connect
    from lambdas.scheduling.asset_events import history, send

    account = connect(local)
    told = json_object("--extra", extra)
    asset = Known(name or uri or "", uri) if uri is not None else _find(account, name, uri)
    event = {
        "id": uuid.uuid4().hex,
        "asset": {"name": asset.name, "uri": asset.uri},
        "extra": told,
        "timestamp": datetime.now(UTC).isoformat(),
        "aliases": [],
        "source": {},
    }
    account.store.write_many(history(account.store, [event]))
    send(account.client("events"), [event])
    emit([{"name": asset.name, "uri": asset.uri, "id": event["id"], "extra": json.dumps(event["extra"])}], output)


def materialize(
    name: NameOption = None,
    uri: UriOption = None,
    conf: ConfOption = None,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Run the DAG that makes an asset."""
    from infra.cli import triggers
    from infra.cli.account import connect

    given = json_object("--conf", conf)
    account = connect(local)
    asset = _find(account, name, uri)
    dags = sorted({dag_id for dag_id, _ in asset.producers})
    if len(dags) != 1:
        many = f"{len(dags)} DAGs make it: {', '.join(dags)}" if dags else "no deployed DAG makes it"
        raise UsageError(f"asset {asset.name}: {many}\n    → start a DAG with `airstep dags trigger`")
    started = triggers.trigger(account, dags[0], None, None, given)
    note(f"{dags[0]} makes {asset.uri}")
    emit([started.row(dags[0])], output)


def _told(account: Account) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(dag_id, row) of every deployed DAG's outlets, inlets and schedule."""
    path = account.settings.asset_parameters
    pages = account.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
    for page in pages:
        for parameter in page["Parameters"]:
            told = json.loads(parameter["Value"])
            yield from ((told["dag_id"], row) for row in told["assets"])


def _known(account: Account) -> list[Known]:
    """The assets, by name. One that a schedule only refers to is the one of that name or URI."""
    found: dict[tuple[str, str], Known] = {}
    references = []
    for dag_id, row in _told(account):
        if "name" not in row or "uri" not in row:
            references += [(dag_id, row)] if "alias" not in row else []
            continue
        asset = found.setdefault((row["name"], row["uri"]), Known(row["name"], row["uri"]))
        asset.group = row.get("group", asset.group)
        match row["role"]:
            case "outlets":
                asset.producers.append((dag_id, row["task_id"]))
            case "inlets":
                asset.readers.append((dag_id, row["task_id"]))
            case "schedule":
                asset.consumers.append(dag_id)
    for dag_id, row in references:
        part = "name" if "name" in row else "uri"
        for asset in found.values():
            if getattr(asset, part) == row[part]:
                asset.consumers.append(dag_id)
    return sorted(found.values(), key=lambda asset: (asset.name, asset.uri))


def _find(account: Account, name: str | None, uri: str | None) -> Known:
    if name is None and uri is None:
        raise UsageError("say which asset with --name or --uri")
    known = _known(account)
    found = [each for each in known if name in (None, each.name) and uri in (None, each.uri)]
    if len(found) == 1:
        return found[0]
    from difflib import get_close_matches

    close = get_close_matches(name or uri or "", [each.name if name else each.uri for each in known], n=1)
    hint = f"did you mean {close[0]}?" if close else "see `airstep assets list`"
    what = "several assets have" if found else "no deployed DAG knows an asset with"
    raise UsageError(f"{what} the {'name' if name else 'URI'} {name or uri}\n    → {hint}")


def _events(account: Account, uri: str, name: str | None = None) -> Iterator[dict[str, Any]]:
    """An asset's events, newest first."""
    from lambdas.scheduling.asset_events import asset_pk, read_history

    for event in read_history(account.store, asset_pk(uri), newest_first=True):
        if name in (None, event["asset"]["name"]):
            yield event
