"""What is supported, as a page made from the code's own tables: the file OPERATORS.md, never written by hand.

`python -m dag_translator.support OPERATORS.md` writes it anew (part of `make golden`); a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dag_translator.authoring.aws.operator import ServiceTask, stops
from dag_translator.authoring.definitions.operator_arguments import OPERATOR_ARGUMENTS
from dag_translator.authoring.names.refused import BY_NAME, INSTALLABLE
from dag_translator.support_rows import SupportRow, operators, rows
from dag_translator.validate import NOT_ARGUMENTS, TASK_ASKS

_HEAD = """\
# Operators

What each operator and sensor becomes on AWS, which IAM actions its roles get, and what is otherwise than in Airflow;
then what is refused. Generated from the translator's own tables by `make golden`.

| How it runs | |
|---|---|
| Lambda | one `Task` state: the Lambda that runs its `execute`, or a container, by `executor_config` |
| `service:action.sync` | a Lambda prepares the request, Step Functions starts the job, waits for its end and stops it \
with the run, a Lambda records the result |
| `service:action` | the same with one call |
| polled: `service:action` | a Lambda starts the work (if there is any), Step Functions asks the service, a `Wait` \
between two questions, a Lambda records; a run that is stopped leaves the work alone, but for KILLED, whose work it \
stops as the provider's `on_kill` does |
| polled by Lambda | a Lambda asks, a `Wait` between two questions; also what Step Functions would poll, where only \
boto3 can ask: another region, credentials of a connection |
| woken | a Lambda looks, then a wait with a task token that an event ends; it looks by itself once an hour |
| one `Wait` | until the moment, which a Lambda computes |
| `Pass` | nothing runs; with callbacks or outlets a Lambda |

| Besides | |
|---|---|
| `@task` and its kin (`.branch`, `.short_circuit`, `.bash`, `.sensor`, …), your own classes | as what they extend |
| any of them, or a `@task_group`, with `.partial(…).expand(…)`, `.expand_kwargs(…)` | a `Map` of these states |
| those of installed provider distributions ([PROVIDERS.md](PROVIDERS.md)) | `execute` or `poke`, in Lambda |

IAM is what an operator may need: the resources are those that the DAG file names, and without optional arguments it may
be less. "Machine" is the role of the state machine, which may also start executions of itself where polling may take
more than 200 questions; "Lambda" that of the DAG's functions, which may besides use the DAG's own rows and objects.
"""

# The last part of a provider's module, or how it begins → the service.
_SERVICES: Mapping[str, str] = {
    "appflow": "AppFlow",
    "athena": "Athena",
    "aws_lambda": "Lambda",
    "batch": "Batch",
    "bedrock": "Bedrock",
    "cloud_formation": "CloudFormation",
    "comprehend": "Comprehend",
    "datasync": "DataSync",
    "dms": "Database Migration Service",
    "dynamodb": "DynamoDB",
    "ec2": "EC2",
    "ecr": "ECR",
    "ecs": "ECS",
    "eks": "EKS",
    "emr": "EMR",
    "eventbridge": "EventBridge",
    "glacier": "S3 Glacier",
    "glue": "Glue",
    "kinesis_analytics": "Managed Service for Apache Flink",
    "lambda_function": "Lambda",
    "mwaa": "MWAA",
    "neptune": "Neptune",
    "opensearch_serverless": "OpenSearch Serverless",
    "quicksight": "QuickSight",
    "rds": "RDS",
    "redshift": "Redshift",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "ses": "SES",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "Systems Manager",
    "step_function": "Step Functions",
}
_OTHERS: Mapping[str, str] = {
    "airflow.providers.amazon.aws.transfers": "Transfers",
    "airflow.providers.common.sql": "SQL and databases",
    "airflow.providers.mysql": "SQL and databases",
    "airflow.providers.postgres": "SQL and databases",
    "airflow.providers.snowflake": "SQL and databases",
    "airflow.providers.sqlite": "SQL and databases",
    "airflow.providers.http": "HTTP, mail, Slack",
    "airflow.providers.smtp": "HTTP, mail, Slack",
    "airflow.providers.slack": "HTTP, mail, Slack",
}
_OWN, _AWS = "Airflow's own", "AWS: "
_ORDER = (_OWN, "SQL and databases", "HTTP, mail, Slack", "Transfers")


def document() -> str:
    """The file, in Markdown."""
    groups: dict[str, list[SupportRow]] = {}
    for row in rows():
        groups.setdefault(_group(row.module), []).append(row)
    killed = sorted(name for name, kind in operators() if issubclass(kind, ServiceTask) and stops(kind))
    lines = [_HEAD.replace("KILLED", ", ".join(f"`{name}`" for name in killed))]
    for title in sorted(
        groups, key=lambda title: (title not in _ORDER, _ORDER.index(title) if title in _ORDER else title)
    ):
        lines += [f"## {title}", "", *_table(groups[title]), ""]
    approximated = f"{_arguments('approximated')}; {_messages('approximated')}"
    lines += [
        "## Refused so far",
        "",
        "Each with its line and what to do instead:",
        "",
        f"- operators and names: {', '.join(f'`{name}`' for name in sorted(BY_NAME.keys() - INSTALLABLE))}",
        f"- arguments: {_arguments('refused')}",
        f"- {_messages('refused')}",
        "",
        f"Accepted, but otherwise than in Airflow, and said so: {approximated}.",
    ]
    return "\n".join(lines)


def _group(module: str) -> str:
    """The title under which a module's operators stand."""
    for beginning, title in _OTHERS.items():
        if module.startswith(beginning):
            return title
    if not module.startswith("airflow.providers.amazon.aws."):
        return _OWN
    last = module.rpartition(".")[2]
    return _AWS + next(title for beginning, title in _SERVICES.items() if last.startswith(beginning))


def _table(group: Iterable[SupportRow]) -> Iterator[str]:
    """Sensors last; a column that nobody has anything for is left out."""
    ordered = sorted(group, key=lambda row: ("Sensor" in row.name, row.name))
    cells = [[f"`{row.name}`", row.how, _iam(row), "; ".join(row.otherwise)] for row in ordered]
    titles = ["Operator", "runs", "IAM", "otherwise than in Airflow"]
    shown = [n for n in range(len(titles)) if any(each[n] for each in cells)]
    for line in (titles, ["---"] * len(titles), *cells):
        yield f"| {' | '.join(line[n] for n in shown)} |".replace("|  |", "| |")


def _iam(row: SupportRow) -> str:
    whose = (("machine", row.machine), ("Lambda", row.function))
    return "<br>".join(f"{role}: {_by_service(actions)}" for role, actions in whose if actions)


def _by_service(actions: Iterable[str]) -> str:
    """
    >>> _by_service(["s3:GetObject", "s3:PutObject", "glue:GetTable"])
    's3:GetObject, PutObject; glue:GetTable'
    """
    found: dict[str, list[str]] = {}
    for action in actions:
        service, _, name = action.partition(":")
        found.setdefault(service, []).append(name)
    return "; ".join(f"{service}:{', '.join(names)}" for service, names in found.items())


def _messages(severity: str) -> str:
    """What is so, where it is not about one argument."""
    return "; ".join(TASK_ASKS[name][1] for name in NOT_ARGUMENTS if TASK_ASKS[name][0] == severity)


def _arguments(severity: str) -> str:
    named = {name for name, (how, _, _) in TASK_ASKS.items() if how == severity}
    kinds = {"refused": "refused", "approximated": "ignored"}
    named = {name for name in named if name not in NOT_ARGUMENTS}
    named |= {row.name for row in OPERATOR_ARGUMENTS if row.kind == kinds[severity]}
    return ", ".join(f"`{name}`" for name in sorted(named))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document() + "\n")
