"""`AthenaOperator`: prepare (templates, XComs) → `athena:startQueryExecution.sync` → record (XCom, state).

The XCom is the query execution id, as the Amazon provider gives it. Source: Step Functions developer guide, "Run Athena
queries with Step Functions" and its IAM page; `apache-airflow-providers-amazon` 9, `operators/athena.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator import asl
from dag_translator.model import Task
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.service import lower_call, unused_arguments

START_QUERY = "arn:aws:states:::athena:startQueryExecution.sync"

# Retries that don't use up the user's, as boto3's don't in Airflow. "Active queries" counts queued ones too; Athena
# asks for retries with jitter. What an SDK has no class for, throttled requests among them, has the service's name.
THROTTLED = (
    asl.Retrier(("Athena.TooManyRequestsException",), 10, interval=2, backoff=2, max_delay=60, full_jitter=True),
    asl.Retrier(
        (
            "Athena.InternalServerException",
            "Athena.SdkClientException",
            "Athena.AthenaException",
            "Athena.AmazonAthenaException",
        ),
        4,
        interval=1,
        backoff=2,
        full_jitter=True,
    ),
)


# The provider's max_polling_attempts of a query that may take as long as it likes.
UNLIMITED = 999_999


def lower(task: Task, site: Site) -> States:
    return lower_call(task, site, START_QUERY, retry=THROTTLED, limit=task.settings.get("limit"))


def permissions(task: Task, _machine_name: str) -> tuple[Permission, ...]:
    """The developer guide's policy for `startQueryExecution.sync`; query results and tables may lie in any bucket."""
    arn = "arn:${AWS::Partition}"
    here = "${AWS::Region}:${AWS::AccountId}"
    reason = f"Athena query of task {task.task_id}"
    actions = ("athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution")
    s3 = (
        *("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
        *("s3:ListMultipartUploadParts", "s3:AbortMultipartUpload", "s3:PutObject"),
    )
    glue = (
        *("glue:CreateDatabase", "glue:GetDatabase", "glue:GetDatabases", "glue:UpdateDatabase", "glue:DeleteDatabase"),
        *("glue:CreateTable", "glue:UpdateTable", "glue:GetTable", "glue:GetTables", "glue:DeleteTable"),
        *("glue:BatchDeleteTable", "glue:BatchCreatePartition", "glue:CreatePartition", "glue:UpdatePartition"),
        *("glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"),
        *("glue:DeletePartition", "glue:BatchDeletePartition"),
    )
    catalog = tuple(
        f"{arn}:glue:{here}:{each}" for each in ("catalog", "database/*", "table/*", "userDefinedFunction/*")
    )
    return (
        Permission(actions, (f"{arn}:athena:{here}:workgroup/{task.settings.get('workgroup', '*')}",), reason),
        Permission(("athena:GetDataCatalog",), (f"{arn}:athena:{here}:datacatalog/*",), reason),
        Permission(s3, (f"{arn}:s3:::*",), reason),
        Permission(glue, catalog, reason),
        Permission(("lakeformation:GetDataAccess",), ("*",), reason),
    )


def settings(operator: Any) -> Mapping[str, Any]:
    """The workgroup where it is known beforehand, how long a query may take where that is limited, and the arguments
    that a service integration has no use for."""
    attempts = getattr(operator, "max_polling_attempts", None)
    limited = attempts is not None and attempts < UNLIMITED
    known = isinstance(operator.workgroup, str) and "{{" not in operator.workgroup
    return {
        **({"workgroup": operator.workgroup} if known else {}),
        **({"limit": operator.sleep_time * attempts} if limited else {}),
        **unused_arguments(operator),
    }


LOWERING = Lowering(lower, settings, permissions, native=True, becomes="`athena:startQueryExecution.sync`")
