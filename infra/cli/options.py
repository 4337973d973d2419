"""The options and arguments that several commands share, so that they read the same everywhere.

>>> Output("json").value
'json'
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Output(StrEnum):
    """How a command prints its answer; progress and errors go to standard error in any case."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="How to print the answer.")]
LocalOption = Annotated[
    bool, typer.Option("--local", help="Use the local AWS (airstep local up) instead of the AWS profile in force.")
]
DagIdArgument = Annotated[str, typer.Argument(help="The DAG's id.")]
RunIdArgument = Annotated[str, typer.Argument(help="The DagRun's id, or its logical date.")]
TaskIdArgument = Annotated[str, typer.Argument(help="The task's id, with its task groups' prefix.")]
DagFileArgument = Annotated[
    Path, typer.Argument(help="The DAG file.", exists=True, dir_okay=False, readable=True, show_default=False)
]
TargetArgument = Annotated[str, typer.Argument(help="A DAG file, or the id of a DAG.", show_default=False)]
DateArgument = Annotated[str | None, typer.Argument(help="The logical date (ISO 8601).", show_default=False)]
DagIdOption = Annotated[
    str | None, typer.Option("--dag-id", "-d", help="Which DAG of the file; needed when it holds several.")
]
ConfOption = Annotated[str | None, typer.Option("--conf", "-c", help="The run's conf: a JSON object.")]
LogicalDateOption = Annotated[
    str | None, typer.Option("--logical-date", "-l", help="ISO 8601, e.g. 2024-01-15 or 2024-01-15T09:00:00+09:00.")
]
MapIndexOption = Annotated[int, typer.Option("--map-index", help="Which instance of a mapped task.")]
