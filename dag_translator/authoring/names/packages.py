"""Import names whose package on PyPI is called otherwise: import name → distribution."""

from __future__ import annotations

DISTRIBUTIONS: dict[str, str] = {
    "airflow_multi_dagrun": "airflow-multi-dagrun",
    "bs4": "beautifulsoup4",
    "cosmos": "astronomer-cosmos",
    "cv2": "opencv-python-headless",
    "dagfactory": "dag-factory",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "github": "pygithub",
    "google.auth": "google-auth",
    "google.cloud.bigquery": "google-cloud-bigquery",
    "google.cloud.storage": "google-cloud-storage",
    "google.oauth2": "google-auth",
    "googleapiclient": "google-api-python-client",
    "great_expectations": "great-expectations",
    "great_expectations_provider": "airflow-provider-great-expectations",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "mysql": "mysql-connector-python",
    "MySQLdb": "pymysql",
    "PIL": "pillow",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "shapefile": "pyshp",
    "sklearn": "scikit-learn",
    "slack_sdk": "slack-sdk",
    "snowflake": "snowflake-connector-python",
    "sqlalchemy_utils": "sqlalchemy-utils",
    "telegram": "python-telegram-bot",
    "upath": "universal-pathlib",
    "yaml": "pyyaml",
}


def distribution_of(module: str) -> str | None:
    """The distribution that has a module, where its name says it not.

    >>> distribution_of("sklearn.svm"), distribution_of("google.cloud.storage.client"), distribution_of("pandas")
    ('scikit-learn', 'google-cloud-storage', None)
    """
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((DISTRIBUTIONS[name] for name in names if name in DISTRIBUTIONS), None)
