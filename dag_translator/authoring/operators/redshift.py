"""Operators of Amazon Redshift: SQL through the Data API, and clusters."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields


class RedshiftDataOperator(ServiceOperator):
    """Runs SQL, one statement or a list of them as a transaction, through the Data API.

    The XCom is the list of the statements' ids, or with return_sql_result of GetStatementResult's answers.
    durable has no effect: every try begins anew.
    """

    template_fields: Any = aws_template_fields(
        *("cluster_identifier", "database", "sql", "db_user", "parameters", "statement_name", "workgroup_name"),
        "session_id",
    )
    template_ext: Any = (".sql",)
    template_fields_renderers: Any = {"sql": "sql"}  # noqa: RUF012
    service = "redshift-data"
    starts = (
        grant(
            "redshift-data:ExecuteStatement redshift-data:BatchExecuteStatement",
            "redshift:{here}:cluster:{cluster_identifier}",
            "redshift-serverless:{here}:workgroup/*",
        ),
        grant("redshift-data:GetStatementResult", given="return_sql_result"),
        grant(
            "redshift:GetClusterCredentials",
            "redshift:{here}:dbuser:{cluster_identifier}/*",
            "redshift:{here}:dbname:{cluster_identifier}/*",
        ),
        grant("redshift:GetClusterCredentialsWithIAM", "redshift:{here}:dbname:{cluster_identifier}/*"),
        grant("redshift-serverless:GetCredentials", "redshift-serverless:{here}:workgroup/*"),
        grant("secretsmanager:GetSecretValue", "secretsmanager:{here}:secret:{secret_arn}", given="secret_arn"),
    )
    watch = Watch(
        "redshift-data",
        "DescribeStatement",
        "Status",
        success=("FINISHED",),
        failure=("FAILED", "ABORTED"),
        reason="Error",
        grants=(grant("redshift-data:DescribeStatement"),),
    )
    cancels = (grant("redshift-data:CancelStatement", given="cancel_on_kill"),)
    __init__ = takes(
        "sql",
        database=None,
        cluster_identifier=None,
        db_user=None,
        parameters=None,
        secret_arn=None,
        statement_name=None,
        with_event=False,
        wait_for_completion=True,
        poll_interval=10,
        return_sql_result=False,
        workgroup_name=None,
        deferrable=False,
        session_id=None,
        session_keep_alive_seconds=None,
        cancel_on_kill=True,
        durable=None,
    )

    def request(self) -> dict[str, Any]:
        several = isinstance(self.sql, list)
        return {
            "Sqls" if several else "Sql": self.sql,
            "Database": self.database,
            "ClusterIdentifier": self.cluster_identifier,
            "WorkgroupName": self.workgroup_name,
            "DbUser": self.db_user,
            "Parameters": None if several else self.parameters,
            "SecretArn": self.secret_arn,
            "StatementName": self.statement_name,
            "WithEvent": self.with_event,
            "SessionId": self.session_id,
            "SessionKeepAliveSeconds": self.session_keep_alive_seconds,
        }

    def waits(self) -> bool:
        return bool(self.wait_for_completion)

    def start(self, context: Any) -> dict[str, Any]:
        action = "BatchExecuteStatement" if isinstance(self.sql, list) else "ExecuteStatement"
        answer = self.call(action, self.prepared(context))
        if answer.get("SessionId"):
            context["ti"].xcom_push(key="session_id", value=answer["SessionId"])
        return {"Id": answer["Id"]}

    def cancel(self, handle: dict[str, Any]) -> None:
        if self.cancel_on_kill:
            self.call("CancelStatement", handle)

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        assert handle is not None
        parts = self.call("DescribeStatement", handle).get("SubStatements") or [handle]
        ids = [str(each["Id"]) for each in parts]
        return [self.call("GetStatementResult", {"Id": each}) for each in ids] if self.return_sql_result else ids
