"""Where names went that Airflow 1.10 had: `airflow.contrib` and most of `airflow.operators`, `airflow.hooks` and
`airflow.sensors` became provider distributions in Airflow 2.

>>> hint_for("airflow.contrib.operators.gcs_to_bq")
'Airflow 2 moved it into a provider: add apache-airflow-providers-google to requirements.txt and import it from there'
>>> home_of("ShortCircuitOperator")
'airflow.providers.standard.operators.python'
"""

from __future__ import annotations

import re
from functools import cache

from dag_translator.authoring.names.modules import MODULES

_MOVED = ("airflow.contrib", "airflow.operators", "airflow.hooks", "airflow.sensors")
# A word of the module's name → the provider. The first that fits counts.
_PROVIDERS: tuple[tuple[str, str], ...] = (
    (
        "google",
        r"gcp|gcs|gce|gcf|bq|bigquery|bigtable|dataproc|dataflow|datastore|pubsub|spanner|mlengine|gdrive|google",
    ),
    ("microsoft-azure", "azure|wasb|adls|cosmos|adx"),
    ("amazon", "aws|s3|emr|ecs|redshift|sagemaker|dynamodb|athena|batch|glue|kinesis|sqs|sns|awsbatch"),
    ("cncf-kubernetes", "kubernetes|pod"),
    ("apache-spark", "spark"),
    ("apache-hive", "hive|hive2|metastore|webhdfs"),
    ("apache-hdfs", "hdfs"),
    ("microsoft-mssql", "mssql"),
    ("microsoft-winrm", "winrm"),
    ("presto", "presto"),
    *((name, name) for name in ("databricks", "docker", "druid", "ftp", "imap", "jdbc", "jenkins", "mongo", "mysql")),
    *(
        (name, name)
        for name in ("oracle", "papermill", "postgres", "redis", "salesforce", "sftp", "slack", "snowflake")
    ),
    *((name, name) for name in ("sqlite", "ssh", "vertica", "zendesk", "dingding", "discord", "opsgenie", "segment")),
)


def hint_for(module: str) -> str | None:
    """What to do about a module of Airflow 1.10; None for any other, or if it is not known whose it is."""
    if not module.startswith(tuple(f"{package}." for package in _MOVED)):
        return None
    words = set(re.split(r"[._]", module.lower()))
    found = next((provider for provider, names in _PROVIDERS if words & set(names.split("|"))), None)
    if found is None:
        return "it is gone since Airflow 2; look for it in the provider distributions" if "contrib" in words else None
    distribution = f"apache-airflow-providers-{found}"
    return f"Airflow 2 moved it into a provider: add {distribution} to requirements.txt and import it from there"


@cache
def home_of(name: str) -> str | None:
    """The module that has a name today; None if none has it."""
    homes = [module for module, names in MODULES.items() if name in names]
    ranks = ("airflow.sdk", "airflow.providers.standard", "airflow.providers.")
    rank = {module: next((i for i, start in enumerate(ranks) if module.startswith(start)), 9) for module in homes}
    return min(homes, key=lambda module: (rank[module], len(module)), default=None)
