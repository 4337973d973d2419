"""Which Variables, Connections and other DAGs' XComs a DAG uses, by name, and what its Lambda may read of them.

Read are the source of its file, of its own modules, and the templates that they name (`secret_reader`); its live
operators tell their connections themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dag_translator.local_modules import Finder
from dag_translator.operators.lowering import Permission
from dag_translator.secret_reader import DEFAULT_CONNECTIONS, Names, SecretNames, add, names_in

_GET_SECRET = ("secretsmanager:GetSecretValue",)
_LARGEST = 1_000_000  # bytes; a larger file is data


def names_of(dag: Any, file: Path, root: Path) -> SecretNames:
    """What the DAG of a file under `root` uses; and what its operators say."""
    try:
        sources = {
            path: text for path in Finder.of_dags(root).closure([file], data=True) if (text := _text(path)) is not None
        }
    except (SyntaxError, ValueError) as error:
        unknown = f"{file.name}: a module of it can't be read ({error})"
        return SecretNames(*(Names(any_because=unknown, writes=True) for _ in range(3)))
    found = names_in(sources)
    for operator in dag.tasks:
        attributes = operator.fixed_arguments() if operator.is_mapped else vars(operator)
        given = [value for name, value in attributes.items() if name.endswith("conn_id")]
        if operator.is_mapped:  # what is not said is a default, or comes with an item
            given += [*DEFAULT_CONNECTIONS, *([...] if operator.expand_input.kind == "list-of-dicts" else [])]
        add(found.connections, given, f"task {operator.task_id}")
    return found


def secret_permissions(found: SecretNames) -> Iterator[Permission]:
    """What the DAG's Lambda may read and write of Airflow's Variables (Parameter Store) and Connections (Secrets
    Manager), under the names of Airflow's own backends."""
    here = "${AWS::Region}:${AWS::AccountId}"
    parameter = f"arn:${{AWS::Partition}}:ssm:{here}:parameter/airflow/variables/"
    secret = f"arn:${{AWS::Partition}}:secretsmanager:{here}:secret:airflow/connections/"
    writes = ("ssm:PutParameter", "ssm:DeleteParameter") if found.variables.writes else ()
    if found.variables.any_because or found.variables.names:
        names = ["*"] if found.variables.any_because else sorted(found.variables.names)
        resources = tuple(f"{parameter}{name}" for name in names)
        yield Permission(("ssm:GetParameter", *writes), resources, _reason("Variables", found.variables))
    if found.connections.any_because:
        yield Permission(_GET_SECRET, (f"{secret}*",), _reason("Connections", found.connections))
    elif found.connections.names:
        # A secret's ARN ends with six characters of its own; one that does not exist is asked for without them.
        patterns = (f"{secret}{name}{end}" for name in sorted(found.connections.names) for end in ("", "-??????"))
        yield Permission(_GET_SECRET, tuple(patterns), _reason("Connections", found.connections))


def _reason(kind: str, names: Names) -> str:
    return f"Airflow {kind}" + (f", any of them: {names.any_because}" if names.any_because else "")


def _text(path: Path) -> str | None:
    if path.stat().st_size > _LARGEST:
        return None
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return None
