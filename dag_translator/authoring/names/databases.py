"""Module path → name → where it lives, of databases: hooks, operators, sensors, transfers."""

from __future__ import annotations


def _from(module: str, *names: str, **renamed: str) -> dict[str, str]:
    return {name: f"{module}:{name}" for name in names} | {
        name: f"{module}:{attribute}" for name, attribute in renamed.items()
    }


_HANDLERS = _from(
    "hooks.sql_statements", "fetch_all_handler", "fetch_one_handler", return_single_query_results="single_result"
)
_HOOK = _from("hooks.sql", "DbApiHook")
_POSTGRES_HOOK = _from("hooks.postgres", "PostgresHook")
_MYSQL_HOOK = _from("hooks.mysql", "MySqlHook")
_SQLITE_HOOK = _from("hooks.sqlite", "SqliteHook")
_SNOWFLAKE_HOOK = _from("hooks.snowflake", "SnowflakeHook")
_REDSHIFT_HOOK = _from("hooks.redshift_sql", "RedshiftSQLHook")
_OPERATORS = (
    _from("operators.sql", "BaseSQLOperator", "SQLExecuteQueryOperator", "SQLInsertRowsOperator", "parse_boolean")
    | _from("operators.sql", "BranchSQLOperator", BranchSqlOperator="BranchSQLOperator")
    | _from("operators.sql_column_check", "SQLColumnCheckOperator")
    | _from(
        "operators.sql_checks",
        "SQLTableCheckOperator", "SQLCheckOperator", "SQLValueCheckOperator", "SQLIntervalCheckOperator",
        "SQLThresholdCheckOperator",
        # Airflow 1's names
        CheckOperator="SQLCheckOperator", ValueCheckOperator="SQLValueCheckOperator",
        IntervalCheckOperator="SQLIntervalCheckOperator", ThresholdCheckOperator="SQLThresholdCheckOperator",
    )
)  # fmt: skip
_POSTGRES = _from("operators.sql_named", "PostgresOperator")
_MYSQL = _from("operators.sql_named", "MySqlOperator")
_SQLITE = _from("operators.sql_named", "SqliteOperator")
_REDSHIFT = _from("operators.sql_named", "RedshiftSQLOperator")
_SNOWFLAKE = _from(
    "operators.sql_named",
    "SnowflakeOperator", "SnowflakeCheckOperator", "SnowflakeValueCheckOperator", "SnowflakeIntervalCheckOperator",
)  # fmt: skip
_TRANSFER = _from("operators.generic_transfer", "GenericTransfer")
_SENSOR = _from("sensors.sql", "SqlSensor")

MODULES: dict[str, dict[str, str]] = {
    "airflow.providers.common.sql.hooks.sql": _HOOK | _HANDLERS,
    "airflow.providers.common.sql.hooks.handlers": _HANDLERS,
    "airflow.providers.common.sql.operators.sql": _OPERATORS,
    "airflow.providers.common.sql.operators.generic_transfer": _TRANSFER,
    "airflow.providers.common.sql.sensors.sql": _SENSOR,
    "airflow.operators.sql": _OPERATORS,
    "airflow.operators.sql_branch_operator": _OPERATORS,
    "airflow.operators.check_operator": _OPERATORS,
    "airflow.operators.generic_transfer": _TRANSFER,
    "airflow.sensors.sql": _SENSOR,
    "airflow.sensors.sql_sensor": _SENSOR,
    "airflow.hooks.dbapi": _HOOK,
    "airflow.hooks.dbapi_hook": _HOOK,
    "airflow.providers.postgres.hooks.postgres": _POSTGRES_HOOK,
    "airflow.hooks.postgres_hook": _POSTGRES_HOOK,
    "airflow.providers.postgres.operators.postgres": _POSTGRES,
    "airflow.operators.postgres_operator": _POSTGRES,
    "airflow.providers.mysql.hooks.mysql": _MYSQL_HOOK,
    "airflow.hooks.mysql_hook": _MYSQL_HOOK,
    "airflow.providers.mysql.operators.mysql": _MYSQL,
    "airflow.operators.mysql_operator": _MYSQL,
    "airflow.providers.sqlite.hooks.sqlite": _SQLITE_HOOK,
    "airflow.hooks.sqlite_hook": _SQLITE_HOOK,
    "airflow.providers.sqlite.operators.sqlite": _SQLITE,
    "airflow.operators.sqlite_operator": _SQLITE,
    "airflow.providers.snowflake.hooks.snowflake": _SNOWFLAKE_HOOK,
    "airflow.contrib.hooks.snowflake_hook": _SNOWFLAKE_HOOK,
    "airflow.providers.snowflake.operators.snowflake": _SNOWFLAKE,
    "airflow.contrib.operators.snowflake_operator": _SNOWFLAKE,
    **{
        f"airflow.providers.amazon.aws.transfers.{module}": names
        for module, names in {
            "s3_to_redshift": _from("operators.transfers_redshift", "S3ToRedshiftOperator"),
            "redshift_to_s3": _from("operators.transfers_redshift", "RedshiftToS3Operator"),
            "sql_to_s3": _from("operators.sql_to_s3", "SqlToS3Operator"),
            "s3_to_sql": _from("operators.transfers_s3", "S3ToSqlOperator"),
            "http_to_s3": _from("operators.transfers_s3", "HttpToS3Operator"),
            "local_to_s3": _from("operators.transfers_s3", "LocalFilesystemToS3Operator"),
            "dynamodb_to_s3": _from("operators.transfers_dynamodb", "DynamoDBToS3Operator"),
            "s3_to_dynamodb": _from("operators.transfers_dynamodb", "S3ToDynamoDBOperator"),
            "base": _from("operators.transfers_dynamodb", "AwsToAwsBaseOperator"),
            "ftp_to_s3": _from("operators.transfers_files", "FTPToS3Operator"),
            "sftp_to_s3": _from("operators.transfers_files", "SFTPToS3Operator"),
            "s3_to_ftp": _from("operators.transfers_files", "S3ToFTPOperator"),
            "s3_to_sftp": _from("operators.transfers_files", "S3ToSFTPOperator"),
            "imap_attachment_to_s3": _from("operators.transfers_foreign", "ImapAttachmentToS3Operator"),
            "mongo_to_s3": _from("operators.transfers_foreign", "MongoToS3Operator"),
            "salesforce_to_s3": _from("operators.transfers_foreign", "SalesforceToS3Operator"),
            "exasol_to_s3": _from("operators.transfers_foreign", "ExasolToS3Operator"),
        }.items()
    },
    "airflow.operators.s3_to_redshift_operator": _from(
        "operators.transfers_redshift", S3ToRedshiftTransfer="S3ToRedshiftOperator"
    ),
    "airflow.operators.redshift_to_s3_operator": _from(
        "operators.transfers_redshift", RedshiftToS3Transfer="RedshiftToS3Operator"
    ),
    "airflow.providers.amazon.aws.hooks.redshift_sql": _REDSHIFT_HOOK,
    "airflow.providers.amazon.aws.operators.redshift_sql": _REDSHIFT,
}
