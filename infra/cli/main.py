"""The `airstep` command: puts the groups of commands together, and turns errors into messages and exit codes.

    0   it worked; a run that was waited for succeeded
    1   it worked, and the answer is no: the run failed, `dags check` found something refused, nothing is running
    2   it could not be done: a wrong argument, a DAG that cannot be translated, AWS refused

Invariant: what a person did wrong never shows a traceback; a bug of ours always does.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import typer
import typer.core
from typer.core import TyperGroup

from dag_translator.errors import AirstepError, InternalError
from infra.cli import (
    asset_commands,
    backfill_commands,
    clear_commands,
    connection_commands,
    dag_commands,
    deploy_command,
    file_commands,
    local_commands,
    pool_commands,
    task_commands,
    variable_commands,
    xcom_commands,
)

# Errors of boto3 by class name, so that nothing here imports it: what to say, and what to do about it.
_AWS_ERRORS = {
    "NoCredentialsError": "no AWS credentials found: choose a profile (AWS_PROFILE=…), or use --local",
    "PartialCredentialsError": "the AWS credentials are incomplete: check the profile, or use --local",
    "NoRegionError": "no AWS region is set: set AWS_REGION or the profile's region, or use --local",
    "ProfileNotFound": "there is no such AWS profile: check AWS_PROFILE and ~/.aws/config",
    "EndpointConnectionError": "AWS cannot be reached there: is the local AWS running (airstep local up)?",
    "TokenRetrievalError": "the AWS session has expired: log in again (aws sso login)",
    "UnauthorizedSSOTokenError": "the AWS session has expired: log in again (aws sso login)",
}


# Help is plain text here (`rich_markup_mode=None`), yet typer escapes its brackets for rich if rich is installed.
typer.core.HAS_RICH = False


class _Commands(TyperGroup):
    """The root group: every command's errors pass here, whoever calls it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except InternalError:
            raise
        except AirstepError as error:
            _give_up(str(error))
        except BrokenPipeError:
            _close_quietly()
        except Exception as error:
            message = _aws_message(error)
            if message is None:
                raise
            _give_up(message)


def _aws_message(error: Exception) -> str | None:
    """What to tell about an error of boto3 or of the local AWS; None for anything else."""
    kind = type(error)
    if kind.__module__ == "infra.local.server":
        return str(error)
    if not kind.__module__.startswith(("botocore", "boto3")):
        return None
    hint = _AWS_ERRORS.get(kind.__name__)
    return f"{error}\n    → {hint}" if hint else f"AWS: {error}"


def _give_up(message: str) -> NoReturn:
    sys.stderr.write(f"airstep: {message}\n")
    raise typer.Exit(2)


def _close_quietly() -> NoReturn:
    """Whoever read our output has stopped (`airstep … | head`): that is no error."""
    sys.stderr.close()
    raise typer.Exit(0)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"airstep {version('airstep')}\n")
        raise typer.Exit


def make_app() -> typer.Typer:
    """The whole command, as an application of typer."""
    made = typer.Typer(
        name="airstep",
        cls=_Commands,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @made.callback(help="Airflow DAG files, run serverless on AWS Step Functions.")
    def root(
        version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Say which version."),
    ) -> None:
        pass

    dags = typer.Typer(no_args_is_help=True, help="Translate, test, check, trigger and inspect DAGs.")
    file_commands.add_to(dags)
    dag_commands.add_to(dags)
    dags.command("backfill")(backfill_commands.create)
    dags.command("clear")(clear_commands.clear_run)
    made.add_typer(dags, name="dags")
    for name, module, help_text in (
        ("backfill", backfill_commands, "Run DAGs for dates of the past, and look after it."),
        ("assets", asset_commands, "List assets, see and make their updates."),
        ("tasks", task_commands, "Inspect a DAG's tasks and their instances."),
        ("xcom", xcom_commands, "Read XComs."),
        ("variables", variable_commands, "Read and set Variables (SSM Parameter Store)."),
        ("connections", connection_commands, "Read and add Connections (Secrets Manager)."),
        ("pools", pool_commands, "Pools of slots, which tasks hold while they run."),
        ("local", local_commands, "The embedded local AWS."),
    ):
        group = typer.Typer(no_args_is_help=True, help=help_text)
        module.add_to(group)
        made.add_typer(group, name=name)
    deploy_command.add_to(made)
    return made


def main() -> None:
    """Entry point of the `airstep` command."""
    make_app()()
