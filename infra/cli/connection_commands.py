"""`airstep connections get | add | list | delete`: Connections in Secrets Manager, under Airflow's own names.

The same secrets as Airflow's `SecretsManagerBackend` reads: `airflow/connections/<conn_id>`, a JSON object or a URI.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from dag_translator.errors import UsageError
from infra.cli.options import LocalOption, Output, OutputOption
from infra.cli.output import emit, note

PREFIX = "airflow/connections/"
_HIDDEN = "***"

ConnIdArgument = Annotated[str, typer.Argument(help="The Connection's id.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep connections`."""
    group.command("get")(get)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("delete")(delete)


def get(
    conn_id: ConnIdArgument,
    show_password: Annotated[bool, typer.Option("--show-password", help="Show it in clear.")] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """A Connection, without its password unless asked for."""
    from infra.cli.account import connect

    secrets = connect(local).client("secretsmanager")
    try:
        text = secrets.get_secret_value(SecretId=PREFIX + conn_id)["SecretString"]
    except secrets.exceptions.ResourceNotFoundException:
        raise UsageError(f"Connection {conn_id} does not exist") from None
    fields = _fields(text)
    if not show_password and fields.get("password"):
        fields["password"] = _HIDDEN
    emit([{"conn_id": conn_id, **fields}], output)


def add(
    conn_id: ConnIdArgument,
    conn_uri: Annotated[str | None, typer.Option(help="The whole Connection as a URI.")] = None,
    conn_json: Annotated[str | None, typer.Option(help="The whole Connection as JSON.")] = None,
    conn_type: Annotated[str | None, typer.Option(help="E.g. aws, http, postgres.")] = None,
    conn_host: Annotated[str | None, typer.Option()] = None,
    conn_login: Annotated[str | None, typer.Option()] = None,
    conn_password: Annotated[str | None, typer.Option()] = None,
    conn_schema: Annotated[str | None, typer.Option()] = None,
    conn_port: Annotated[int | None, typer.Option()] = None,
    conn_extra: Annotated[str | None, typer.Option(help="JSON.")] = None,
    local: LocalOption = False,
) -> None:
    """Add a Connection, or replace it."""
    parts: dict[str, Any] = {
        "conn_type": conn_type,
        "host": conn_host,
        "login": conn_login,
        "password": conn_password,
        "schema": conn_schema,
        "port": conn_port,
        "extra": _json("--conn-extra", conn_extra),
    }
    given = {name: value for name, value in parts.items() if value is not None}
    if sum((conn_uri is not None, conn_json is not None, bool(given))) != 1:
        raise UsageError("give the Connection in one way: --conn-uri, or --conn-json, or --conn-type and its like")
    text = conn_uri or json.dumps(_json("--conn-json", conn_json) if conn_json is not None else given)
    _put(conn_id, text, local)
    note(f"Connection {conn_id} is set")


def list_(local: LocalOption = False, output: OutputOption = Output.TABLE) -> None:
    """The Connections' ids."""
    from infra.cli.account import connect

    secrets = connect(local).client("secretsmanager")
    pages = secrets.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [PREFIX]}])
    names = [secret["Name"] for page in pages for secret in page["SecretList"]]
    emit([{"conn_id": name.removeprefix(PREFIX)} for name in sorted(names) if name.startswith(PREFIX)], output)


def delete(conn_id: ConnIdArgument, local: LocalOption = False) -> None:
    """Remove a Connection. AWS keeps the secret for 30 days, in case."""
    from infra.cli.account import connect

    secrets = connect(local).client("secretsmanager")
    try:
        secrets.delete_secret(SecretId=PREFIX + conn_id)
    except secrets.exceptions.ResourceNotFoundException:
        raise UsageError(f"Connection {conn_id} does not exist") from None
    note(f"Connection {conn_id} is gone")


def _put(conn_id: str, text: str, local: bool) -> None:
    from infra.cli.account import connect

    secrets = connect(local).client("secretsmanager")
    try:
        secrets.create_secret(Name=PREFIX + conn_id, SecretString=text)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=PREFIX + conn_id, SecretString=text)


def _fields(text: str) -> dict[str, Any]:
    """The parts of a stored Connection: of its JSON, or of its URI."""
    try:
        found = json.loads(text)
    except ValueError:
        from urllib.parse import parse_qsl, unquote, urlsplit

        uri = urlsplit(text)
        found = {
            "conn_type": uri.scheme.replace("-", "_"),
            "host": unquote(uri.hostname or ""),
            "login": unquote(uri.username or ""),
            "password": unquote(uri.password or ""),
            "schema": uri.path.lstrip("/"),
            "port": uri.port,
            "extra": dict(parse_qsl(uri.query)) or None,
        }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _json(option: str, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{option}: this is not JSON: {error}") from None
