"""`airstep variables get | set | list | delete | import | export`: Variables in SSM Parameter Store, under Airflow's
own names, with Airflow's options and file format.

The same parameters as Airflow's `SystemsManagerParameterStoreBackend` reads: `/airflow/variables/<key>`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dag_translator.errors import UsageError
from infra.cli.options import LocalOption, Output, OutputOption
from infra.cli.output import emit, note

PREFIX = "/airflow/variables/"
HIDDEN = "***"

KeyArgument = Annotated[str, typer.Argument(help="The Variable's key.")]


class OnExisting(StrEnum):
    """What an import does with a key that is there already."""

    OVERWRITE = "overwrite"
    FAIL = "fail"
    SKIP = "skip"


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep variables`."""
    group.command("get")(get)
    group.command("set")(set_)
    group.command("list")(list_)
    group.command("delete")(delete)
    group.command("import")(import_)
    group.command("export")(export)


def get(
    key: KeyArgument,
    default: Annotated[
        str | None, typer.Option("--default", "-d", metavar="VAL", help="What to print if it does not exist.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", "-j", help="It is JSON: refuse what is not.")] = False,
    local: LocalOption = False,
) -> None:
    """A Variable's value."""
    from infra.cli.account import connect

    ssm = connect(local).client("ssm")
    try:
        value = str(ssm.get_parameter(Name=PREFIX + key, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        if default is None:
            raise UsageError(f"Variable {key} does not exist") from None
        value = default
    else:
        value = json.dumps(_parsed(key, value), ensure_ascii=False) if as_json else value
    sys.stdout.write(value + "\n")


def set_(
    key: KeyArgument,
    value: Annotated[str, typer.Argument(help="Its value; text, or JSON for deserialize_json.")],
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    as_json: Annotated[bool, typer.Option("--json", "-j", help="Store the text as a JSON string.")] = False,
    local: LocalOption = False,
) -> None:
    """Set a Variable; encrypted, as any of them may be a secret."""
    from infra.cli.account import connect

    _put(connect(local).client("ssm"), key, json.dumps(value, indent=2) if as_json else value, description)
    note(f"Variable {key} is set")


def list_(
    show_values: Annotated[bool, typer.Option("--show-values", help="Their values too.")] = False,
    hide_sensitive: Annotated[
        bool, typer.Option("--hide-sensitive", help="With --show-values: the values masked.")
    ] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The Variables' keys; their values only if asked for."""
    from infra.cli.account import connect

    if hide_sensitive and not show_values:
        raise UsageError("--hide-sensitive can only be used with --show-values")
    rows = [
        {
            "key": _key(parameter),
            **({"val": HIDDEN if hide_sensitive else parameter["Value"]} if show_values else {}),
            "changed": parameter["LastModifiedDate"].isoformat(),
        }
        for parameter in _all(connect(local).client("ssm"), decrypt=show_values and not hide_sensitive)
    ]
    emit(sorted(rows, key=lambda row: str(row["key"])), output)


def delete(key: KeyArgument, local: LocalOption = False) -> None:
    """Remove a Variable."""
    from infra.cli.account import connect

    ssm = connect(local).client("ssm")
    try:
        ssm.delete_parameter(Name=PREFIX + key)
    except ssm.exceptions.ParameterNotFound:
        raise UsageError(f"Variable {key} does not exist") from None
    note(f"Variable {key} is gone")


def import_(
    file: Annotated[Path, typer.Argument(help='JSON: {key: value}, or {key: {"value", "description"}}; or .env.')],
    on_existing: Annotated[
        OnExisting, typer.Option("--action-on-existing-key", "-a", help="What to do with a key that is there already.")
    ] = OnExisting.OVERWRITE,
    local: LocalOption = False,
) -> None:
    """Set the Variables of a file that `airflow variables export` or `airstep variables export` wrote."""
    from infra.cli.account import connect
    from infra.cli.secret_files import read_file

    wanted = read_file(file)
    ssm = connect(local).client("ssm")
    known = set() if on_existing is OnExisting.OVERWRITE else {_key(each) for each in _all(ssm, decrypt=False)}
    there = sorted(known & wanted.keys())
    if there and on_existing is OnExisting.FAIL:
        raise UsageError(f"nothing is imported: {', '.join(there)} exist already\n    → -a overwrite, or -a skip")
    for key, told in wanted.items():
        if key in known:
            continue
        described = isinstance(told, dict) and "value" in told
        value, description = (told["value"], told.get("description")) if described else (told, None)
        _put(ssm, key, value if isinstance(value, str) else json.dumps(value, indent=2), description or "")
    note(f"{len(wanted) - len(there)} of {len(wanted)} Variables are set")
    if there:
        note(f"skipped, as they exist already: {', '.join(there)}")


def export(
    file: Annotated[str, typer.Argument(help="Where to write the JSON; - for standard output.")],
    local: LocalOption = False,
) -> None:
    """Write every Variable to a file, in clear, as Airflow does."""
    from infra.cli.account import connect
    from infra.cli.secret_files import write_file

    ssm = connect(local).client("ssm")
    described = _descriptions(ssm)
    found: dict[str, Any] = {}
    for parameter in _all(ssm, decrypt=True):
        key, value = _key(parameter), _value_of(parameter["Value"])
        wrapped = key in described or (isinstance(value, dict) and "value" in value)
        found[key] = {"value": value, "description": described.get(key)} if wrapped else value
    write_file(file, json.dumps(found, sort_keys=True, indent=4, ensure_ascii=False) + "\n")
    note(f"{len(found)} Variables are exported")


def _put(ssm: Any, key: str, value: str, description: str) -> None:
    about = {"Description": description} if description else {}
    ssm.put_parameter(Name=PREFIX + key, Value=value, Type="SecureString", Overwrite=True, **about)


def _all(ssm: Any, decrypt: bool) -> Iterator[dict[str, Any]]:
    path = PREFIX.rstrip("/")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True, WithDecryption=decrypt)
    for page in pages:
        yield from page["Parameters"]


def _descriptions(ssm: Any) -> dict[str, str]:
    """What the Variables are for, of those that say it."""
    filters = [{"Key": "Path", "Option": "Recursive", "Values": [PREFIX.rstrip("/")]}]
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=filters)
    found = (each for page in pages for each in page["Parameters"])
    return {_key(each): str(each["Description"]) for each in found if each.get("Description")}


def _key(parameter: dict[str, Any]) -> str:
    return str(parameter["Name"]).removeprefix(PREFIX)


def _value_of(text: str) -> Any:
    """A value as Airflow exports it: parsed if it is JSON, but a JSON string stays as it is stored."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, str) else value


def _parsed(key: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"Variable {key} is not JSON: {error}") from None
