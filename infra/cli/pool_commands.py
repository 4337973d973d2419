"""`airstep pools list | get | set | delete | import | export`: pools, in Airflow's words and file format.

A pool is a record in the table; a task that names it holds its slots while it runs. default_pool is not counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from dag_translator.errors import UsageError
from infra.cli.account import Account
from infra.cli.options import LocalOption, Output, OutputOption
from infra.cli.output import emit, note
from lambdas.waiting import slots

DEFAULT_POOL, DEFAULT_SLOTS = "default_pool", 128
_COLUMNS = ["pool", "slots", "description", "running", "waiting", "used"]
_NOT_COUNTED = "not counted: tasks in no other pool start at once"

PoolArgument = Annotated[str, typer.Argument(help="The pool's name.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep pools`."""
    group.command("list")(list_)
    group.command("get")(get)
    group.command("set")(set_)
    group.command("delete")(delete)
    group.command("import")(import_)
    group.command("export")(export)


def list_(local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """Every pool, with the slots that are held and the tasks that run and wait."""
    from infra.cli.account import connect

    account = connect(local)
    default = {"pool": DEFAULT_POOL, "slots": DEFAULT_SLOTS, "description": _NOT_COUNTED}
    emit([default, *(_row(account, pool) for pool in slots.list_pools(account.store))], output, _COLUMNS)


def get(name: PoolArgument, local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """One pool."""
    from infra.cli.account import connect

    account = connect(local)
    emit([_row(account, _existing(account, name))], output, _COLUMNS)


def set_(
    name: PoolArgument,
    count: Annotated[int, typer.Argument(metavar="SLOTS", help="How many slots; -1: any number.")],
    description: Annotated[str, typer.Argument(help="What it is for.")],
    include_deferred: Annotated[
        bool, typer.Option("--include-deferred", help="Refused: a task that only waits holds no slot.")
    ] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a pool, or change it; tasks that find room now go on."""
    from infra.cli.account import connect
    from infra.cli.waking import wake

    account = connect(local)
    _set(account, name, count, description, include_deferred)
    wake(account, "the pools are set", gates=[f"pool/{name}"])
    emit([_row(account, _existing(account, name))], output, _COLUMNS)


def delete(name: PoolArgument, local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """Remove a pool. Tasks that name it wait from now on, as in Airflow."""
    from infra.cli.account import connect

    account = connect(local)
    row = _row(account, _existing(account, name))
    slots.delete_pool(account.store, name)
    emit([row], output, _COLUMNS)


def import_(
    file: Annotated[Path, typer.Argument(help="JSON: {pool: {slots, description, include_deferred}}.")],
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make the pools of a file that `airflow pools export` or `airstep pools export` wrote."""
    from infra.cli.account import connect
    from infra.cli.waking import wake

    try:
        found = json.loads(file.read_text())
        wanted = [(str(name), int(pool["slots"]), str(pool["description"]), pool) for name, pool in found.items()]
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        raise UsageError(f"{file}: this is no file of pools: {error}") from None
    account = connect(local)
    counted = [each for each in wanted if each[0] != DEFAULT_POOL]
    if len(counted) < len(wanted):
        note(f"{DEFAULT_POOL} is left out: {_NOT_COUNTED}")
    for name, count, description, pool in counted:
        _set(account, name, count, description, bool(pool.get("include_deferred")))
    wake(account, "the pools are set", gates=[f"pool/{name}" for name, *_ in counted])
    emit([_row(account, _existing(account, name)) for name, *_ in counted], output, _COLUMNS)


def export(file: Annotated[Path, typer.Argument(help="Where to write the JSON.")], local: LocalOption = False) -> None:
    """Write every pool to a file, as Airflow does."""
    from infra.cli.account import connect

    pools = {
        pool["pool"]: {"slots": pool["slots"], "description": pool["description"], "include_deferred": False}
        for pool in slots.list_pools(connect(local).store)
    }
    file.write_text(json.dumps(pools, indent=4) + "\n")
    note(f"{len(pools)} pools are in {file}")


def _set(account: Account, name: str, count: int, description: str, include_deferred: bool) -> None:
    if name == DEFAULT_POOL:
        raise UsageError(
            f"{DEFAULT_POOL} is {_NOT_COUNTED}\n    → give the tasks a pool of their own, or set max_active_tasks"
        )
    if include_deferred:
        raise UsageError(f"{name}: a task that only waits holds no slot here\n    → set deferrable=False on the tasks")
    if count < -1:
        raise UsageError(f"{name}: {count} slots: give a number from 0 up, or -1 for any number")
    slots.set_pool(account.store, name, count, description)


def _existing(account: Account, name: str) -> Mapping[str, Any]:
    found = slots.get_pool(account.store, name)
    if found is None:
        raise UsageError(f"Pool {name} does not exist")
    return {"pool": name, **found}


def _row(account: Account, pool: Mapping[str, Any]) -> dict[str, Any]:
    described = {name: pool[name] for name in ("pool", "slots", "description")}
    return {**described, **slots.occupancy(account.store, f"pool/{pool['pool']}")}
