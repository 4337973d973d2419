"""Passwords that IAM gives for a while, in the place of a connection's own: RDS, Aurora, Redshift.

The role that asks needs `rds-db:connect`, `redshift:GetClusterCredentials` or `redshift-serverless:GetCredentials`:
the connection is a secret, so the setting `taskPermissions` is where it is granted.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import AwsBaseHook


def rds(aws_conn_id: str | None, connection: Any, port: int) -> str:
    """The password of a database user of RDS or Aurora, good for 15 minutes."""
    client = AwsBaseHook(aws_conn_id, client_type="rds").get_conn()
    return str(client.generate_db_auth_token(connection.host, port, connection.login))


def redshift(aws_conn_id: str | None, connection: Any, cluster: str | None, database: str | None) -> tuple[str, str]:
    """User and password of a cluster; its name begins the host's unless given."""
    client = AwsBaseHook(aws_conn_id, client_type="redshift").get_conn()
    found = client.get_cluster_credentials(
        DbUser=connection.login,
        DbName=database,
        ClusterIdentifier=cluster or _first_label(connection, "cluster_identifier"),
        AutoCreate=False,
    )
    return found["DbUser"], found["DbPassword"]


def redshift_serverless(
    aws_conn_id: str | None, connection: Any, workgroup: str | None, database: str | None, **options: Any
) -> tuple[str, str]:
    """User and password of a workgroup."""
    client = AwsBaseHook(aws_conn_id, client_type="redshift-serverless").get_conn()
    name = workgroup or _first_label(connection, "the workgroup's name")
    found = client.get_credentials(dbName=database, workgroupName=name, **options)
    return found["dbUser"], found["dbPassword"]


def _first_label(connection: Any, what: str) -> str:
    if not connection.host:
        raise AirflowException(f"Please set {what} or host in the connection.")
    return str(connection.host).split(".", 1)[0]
