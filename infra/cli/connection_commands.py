"""`airstep connections get | add | list | delete | import | export | test`: Connections in Secrets Manager, under
Airflow's own names, with Airflow's options and file formats.

The same secrets as Airflow's `SecretsManagerBackend` reads: `airflow/connections/<conn_id>`, a JSON object or a URI.
"""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dag_translator.errors import UsageError
from infra.cli.options import LocalOption, Output, OutputOption
from infra.cli.output import emit, note

PREFIX = "airflow/connections/"
_HIDDEN = "***"
_PARTS = ("conn_type", "host", "login", "password", "schema", "port", "extra")
_FIELDS = frozenset({"conn_id", "description", *_PARTS})


class FileFormat(StrEnum):
    """Of an export."""

    JSON = "json"
    ENV = "env"


class Serialization(StrEnum):
    """Of a Connection in an env file."""

    JSON = "json"
    URI = "uri"


ConnIdArgument = Annotated[str, typer.Argument(help="The Connection's id.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to `airstep connections`."""
    group.command("get")(get)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("delete")(delete)
    group.command("import")(import_)
    group.command("export")(export)
    group.command("test")(try_out)


def get(
    conn_id: ConnIdArgument,
    show_password: Annotated[bool, typer.Option("--show-password", help="Show it in clear.")] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """A Connection, without its password unless asked for."""
    fields = _fields(conn_id, _text(_secrets(local), conn_id))
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
    conn_description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
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
    _put(_secrets(local), conn_id, text, conn_description)
    note(f"Connection {conn_id} is set")


def list_(
    show_values: Annotated[bool, typer.Option("--show-values", help="What they hold, too.")] = False,
    hide_sensitive: Annotated[
        bool, typer.Option("--hide-sensitive", help="With --show-values: passwords and extras masked.")
    ] = False,
    local: LocalOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """The Connections' ids; what they hold only if asked for."""
    if hide_sensitive and not show_values:
        raise UsageError("--hide-sensitive can only be used with --show-values")
    secrets = _secrets(local)
    rows: list[dict[str, Any]] = [{"conn_id": conn_id} for conn_id in _ids(secrets)]
    if show_values:
        rows = [{**row, **_fields(row["conn_id"], _text(secrets, row["conn_id"]))} for row in rows]
    for row in rows if hide_sensitive else ():
        row.update({name: _HIDDEN for name in ("password", "extra") if row.get(name)})
    emit(rows, output, list(dict.fromkeys(name for row in rows for name in row)) or None)


def delete(conn_id: ConnIdArgument, local: LocalOption = False) -> None:
    """Remove a Connection. AWS keeps the secret for 30 days, in case."""
    secrets = _secrets(local)
    try:
        secrets.delete_secret(SecretId=PREFIX + conn_id)
    except secrets.exceptions.ResourceNotFoundException:
        raise UsageError(f"Connection {conn_id} does not exist") from None
    note(f"Connection {conn_id} is gone")


def import_(
    file: Annotated[Path, typer.Argument(help="JSON: {conn_id: {…} or a URI}; or .env: conn_id=URI or JSON.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace those that exist already.")] = False,
    local: LocalOption = False,
) -> None:
    """Add the Connections of a file that `airflow connections export` or `airstep connections export` wrote."""
    from infra.cli.secret_files import read_file

    wanted = {conn_id: _checked(conn_id, told) for conn_id, told in read_file(file).items()}
    secrets = _secrets(local)
    known = set() if overwrite else wanted.keys() & set(_ids(secrets))
    for conn_id in sorted(known):
        note(f"could not import Connection {conn_id}: it exists already; see --overwrite")
    for conn_id, (text, description) in wanted.items():
        if conn_id not in known:
            _put(secrets, conn_id, text, description)
    note(f"{len(wanted) - len(known)} of {len(wanted)} Connections are set")


def export(
    file: Annotated[str, typer.Argument(help="Where to write, a .json or .env file; - for standard output.")],
    file_format: Annotated[FileFormat | None, typer.Option(help="If the file's name does not say it.")] = None,
    serialization_format: Annotated[
        Serialization | None, typer.Option(help="In an env file: how each Connection is written.")
    ] = None,
    local: LocalOption = False,
) -> None:
    """Write every Connection to a file, in clear, as Airflow does."""
    from infra.cli.secret_files import STDOUT, write_file

    kind = file_format.value if file_format else "json" if file == STDOUT else Path(file).suffix.lstrip(".").lower()
    if kind not in list(FileFormat):
        raise UsageError(f"{file}: write to a .json or .env file, or say --file-format")
    if serialization_format is not None and kind != "env":
        raise UsageError("--serialization-format may only be used with an env file")
    secrets = _secrets(local)
    described = _descriptions(secrets)
    found = {conn_id: _fields(conn_id, _text(secrets, conn_id)) for conn_id in _ids(secrets)}
    if kind == "json":
        names = ("conn_type", "description", "login", "password", "host", "port", "schema", "extra")
        whole = {
            conn_id: {**dict.fromkeys(names), "description": described.get(conn_id), **_with_text_extra(fields)}
            for conn_id, fields in found.items()
        }
        text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    else:
        as_uri = serialization_format is not Serialization.JSON
        lines = [
            f"{conn_id}={_uri(conn_id, fields) if as_uri else json.dumps(_with_text_extra(fields))}\n"
            for conn_id, fields in found.items()
        ]
        text = "".join(lines)
    write_file(file, text)
    note(f"{len(found)} Connections are exported")


def try_out(conn_id: ConnIdArgument, local: LocalOption = False) -> None:
    """Connect from this machine with the hook of the Connection's kind. Exit code 1 if that fails."""
    from dag_translator.authoring.exceptions import AirflowException
    from dag_translator.authoring.models.connection import Connection

    text = _text(_secrets(local), conn_id)
    os.environ[f"AIRFLOW_CONN_{conn_id.upper()}"] = text  # where the hook looks first
    try:
        hook = Connection.from_text(text, conn_id).get_hook()
    except AirflowException as error:
        raise UsageError(f"Connection {conn_id} can't be tested: {error}") from None
    if not hasattr(hook, "test_connection"):
        raise UsageError(f"Connection {conn_id} can't be tested: {type(hook).__name__} has no test")
    works, message = hook.test_connection()
    sys.stdout.write(f"{message}\n")
    if not works:
        raise typer.Exit(1)


def _secrets(local: bool) -> Any:
    from infra.cli.account import connect

    return connect(local).client("secretsmanager")


def _listed(secrets: Any) -> list[dict[str, Any]]:
    pages = secrets.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [PREFIX]}])
    return [secret for page in pages for secret in page["SecretList"] if secret["Name"].startswith(PREFIX)]


def _ids(secrets: Any) -> list[str]:
    return sorted(secret["Name"].removeprefix(PREFIX) for secret in _listed(secrets))


def _descriptions(secrets: Any) -> dict[str, str]:
    return {
        each["Name"].removeprefix(PREFIX): each["Description"] for each in _listed(secrets) if each.get("Description")
    }


def _text(secrets: Any, conn_id: str) -> str:
    """What is stored. Raises UsageError if there is nothing."""
    try:
        return str(secrets.get_secret_value(SecretId=PREFIX + conn_id)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        raise UsageError(f"Connection {conn_id} does not exist") from None


def _put(secrets: Any, conn_id: str, text: str, description: str | None) -> None:
    about = {"Description": description} if description else {}
    try:
        secrets.create_secret(Name=PREFIX + conn_id, SecretString=text, **about)
        return
    except (secrets.exceptions.ResourceExistsException, secrets.exceptions.InvalidRequestException):
        if "DeletedDate" in secrets.describe_secret(SecretId=PREFIX + conn_id):  # less than 30 days ago
            secrets.restore_secret(SecretId=PREFIX + conn_id)
    secrets.update_secret(SecretId=PREFIX + conn_id, SecretString=text, **about)


def _checked(conn_id: str, told: Any) -> tuple[str, str | None]:
    """What to store of an entry of a file, and what it is for. Raises UsageError."""
    if isinstance(told, str) and told.lstrip().startswith("{"):
        told = _json(conn_id, told)
    if isinstance(told, str):
        return told, None
    if not isinstance(told, dict):
        raise UsageError(f"{conn_id}: a Connection is a URI, or a JSON object")
    fields = {("extra" if name == "extra_dejson" else name): value for name, value in told.items()}
    if unknown := fields.keys() - _FIELDS:
        raise UsageError(f"{conn_id}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(_FIELDS))}")
    if fields.pop("conn_id", conn_id) != conn_id:
        raise UsageError(f"{conn_id}: its entry says another conn_id")
    description = fields.pop("description", None)
    return json.dumps({name: value for name, value in fields.items() if value is not None}), description


def _with_text_extra(fields: dict[str, Any]) -> dict[str, Any]:
    """As Airflow writes it: the extra is JSON text."""
    extra = fields.get("extra")
    return fields if extra is None or isinstance(extra, str) else {**fields, "extra": json.dumps(extra)}


def _uri(conn_id: str, fields: dict[str, Any]) -> str:
    from dag_translator.authoring.models.connection import Connection

    return str(Connection(conn_id=conn_id, **_with_text_extra(fields)).get_uri())


def _fields(conn_id: str, text: str) -> dict[str, Any]:
    """The parts of a stored Connection that are there, of its JSON or its URI; a JSON extra parsed."""
    from dag_translator.authoring.models.connection import Connection

    connection = Connection.from_text(text, conn_id)
    found = {name: getattr(connection, name) for name in _PARTS}
    found["extra"] = connection.extra_dejson or connection.extra
    return {name: value for name, value in found.items() if value not in (None, "")}


def _json(option: str, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{option}: this is not JSON: {error}") from None
