"""`airstep variables get | set | list | delete`: Variables in SSM Parameter Store, under Airflow's own names.

The same parameters as Airflow's `SystemsManagerParameterStoreBackend` reads: `/airflow/variables/<key>`.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dag_translator.errors import UsageError
from infra.cli.options import LocalOption, Output, OutputOption
from infra.cli.output import emit, note

PREFIX = "/airflow/variables/"

KeyArgument = Annotated[str, typer.Argument(help="The Variable's key.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep variables`."""
    group.command("get")(get)
    group.command("set")(set_)
    group.command("list")(list_)
    group.command("delete")(delete)


def get(key: KeyArgument, local: LocalOption = False) -> None:
    """A Variable's value."""
    from infra.cli.account import connect

    ssm = connect(local).client("ssm")
    try:
        answer = ssm.get_parameter(Name=PREFIX + key, WithDecryption=True)
    except ssm.exceptions.ParameterNotFound:
        raise UsageError(f"Variable {key} does not exist") from None
    sys.stdout.write(answer["Parameter"]["Value"] + "\n")


def set_(
    key: KeyArgument,
    value: Annotated[str, typer.Argument(help="Its value; text, or JSON for deserialize_json.")],
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    local: LocalOption = False,
) -> None:
    """Set a Variable; encrypted, as any of them may be a secret."""
    from infra.cli.account import connect

    about = {"Description": description} if description else {}
    ssm = connect(local).client("ssm")
    ssm.put_parameter(Name=PREFIX + key, Value=value, Type="SecureString", Overwrite=True, **about)
    note(f"Variable {key} is set")


def list_(local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """The Variables' keys (not their values)."""
    from infra.cli.account import connect

    ssm = connect(local).client("ssm")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=PREFIX.rstrip("/"), Recursive=True)
    found = [parameter for page in pages for parameter in page["Parameters"]]
    rows = [
        {"key": parameter["Name"].removeprefix(PREFIX), "changed": parameter["LastModifiedDate"].isoformat()}
        for parameter in found
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
