"""`airflow.configuration.conf`: environment variables AIRFLOW__SECTION__KEY, else Airflow's defaults, as far as DAG
files ask.

>>> conf.getint("core", "max_active_runs_per_dag")
16
>>> conf.get("core", "no_such_option", fallback="x")
'x'
"""

from __future__ import annotations

import os
from datetime import UTC, timedelta
from typing import Any

from dag_translator.authoring.exceptions import AirflowConfigException
from dag_translator.authoring.loading import coded
from dag_translator.authoring.types import NOTSET

VERSION = "3.3.2"
TIMEZONE = UTC

DEFAULTS: dict[tuple[str, str], str] = {
    ("core", "airflow_home"): "/opt/airflow",
    ("core", "dags_folder"): "dags",
    ("core", "default_timezone"): "utc",
    ("core", "default_task_retries"): "0",
    ("core", "default_task_retry_delay"): "300",
    ("core", "executor"): "LambdaExecutor",
    ("core", "load_examples"): "False",
    ("core", "max_active_runs_per_dag"): "16",
    ("core", "max_active_tasks_per_dag"): "16",
    ("core", "parallelism"): "32",
    ("core", "plugins_folder"): "plugins",
    ("core", "unit_test_mode"): "False",
    ("operators", "default_owner"): "airflow",
    ("operators", "default_queue"): "default",
    ("operators", "default_deferrable"): "False",
    ("scheduler", "catchup_by_default"): "False",
    ("scheduler", "create_cron_data_intervals"): "True",
    ("sensors", "default_timeout"): "604800",
    ("webserver", "base_url"): "http://localhost:8080",
    ("api", "base_url"): "http://localhost:8080",
    ("email", "from_email"): "",
    ("kubernetes_executor", "worker_container_repository"): "",
    ("kubernetes_executor", "worker_container_tag"): "",
    ("kubernetes_executor", "namespace"): "default",
    ("smtp", "smtp_mail_from"): "airflow@example.com",
    ("logging", "remote_logging"): "False",
    ("logging", "base_log_folder"): "/tmp/logs",
}


class Configuration:
    """The options, by section and key."""

    def get(self, section: str, key: str, fallback: Any = NOTSET, **_: Any) -> Any:
        """The option's text; AirflowConfigException if it is unknown and there is no fallback."""
        section, key = section.lower(), key.lower()
        value = os.environ.get(f"AIRFLOW__{section.upper().replace('.', '_')}__{key.upper()}")
        if value is None:
            value = DEFAULTS.get((section, key))
        if value is not None:
            return value
        if fallback is NOTSET:
            raise coded(
                AirflowConfigException(f"section/key [{section}/{key}] not found in config"),
                "missing-configuration",
                f"set AIRFLOW__{section.upper()}__{key.upper()} in the setting `environment`, or give a fallback",
            )
        return fallback

    def get_mandatory_value(self, section: str, key: str, **kwargs: Any) -> str:
        value = self.get(section, key, **kwargs)
        if value is None:
            raise ValueError(f"The value {section}/{key} should be set!")
        return str(value)

    def getboolean(self, section: str, key: str, fallback: Any = NOTSET, **_: Any) -> bool:
        text = str(self.get(section, key, fallback)).partition("#")[0].strip().lower()
        if text in ("t", "true", "1"):
            return True
        if text in ("f", "false", "0"):
            return False
        raise AirflowConfigException(f'Failed to convert value to bool. Please check "{key}" in "{section}": {text!r}')

    def getint(self, section: str, key: str, fallback: Any = NOTSET, **_: Any) -> int:
        return int(self.get(section, key, fallback))

    def getfloat(self, section: str, key: str, fallback: Any = NOTSET, **_: Any) -> float:
        return float(self.get(section, key, fallback))

    def getlist(self, section: str, key: str, fallback: Any = NOTSET, delimiter: str = ",", **_: Any) -> Any:
        value = self.get(section, key, fallback)
        return [item.strip() for item in value.split(delimiter)] if isinstance(value, str) else value

    def getjson(self, section: str, key: str, fallback: Any = NOTSET, **_: Any) -> Any:
        import json

        value = self.get(section, key, fallback)
        return json.loads(value) if isinstance(value, str) and value else value

    def gettimedelta(self, section: str, key: str, fallback: Any = None, **_: Any) -> timedelta | None:
        value = self.get(section, key, fallback)
        return timedelta(seconds=int(value)) if value not in (None, "") else fallback

    def getimport(self, section: str, key: str, fallback: Any = NOTSET, **_: Any) -> Any:
        """What the dotted path of the option names; None if it is empty."""
        from dag_translator.authoring.providers.manager import import_string

        path = self.get(section, key, fallback)
        return import_string(path) if path else None

    def getsection(self, section: str, *_: Any) -> dict[str, Any] | None:
        """A section's options, as far as they are known or in the environment; None if there are none."""
        prefix = f"AIRFLOW__{section.upper()}__"
        found: dict[str, Any] = {key: value for (name, key), value in DEFAULTS.items() if name == section.lower()}
        found |= {
            name.removeprefix(prefix).lower(): value for name, value in os.environ.items() if name.startswith(prefix)
        }
        return found or None

    def has_option(self, section: str, option: str) -> bool:
        return self.get(section, option, fallback=None) is not None


conf = Configuration()


def __getattr__(name: str) -> Any:
    """DAGS_FOLDER and AIRFLOW_HOME of `airflow.settings`."""
    if name == "DAGS_FOLDER":
        return conf.get("core", "dags_folder")
    if name == "AIRFLOW_HOME":
        return os.environ.get("AIRFLOW_HOME", conf.get("core", "airflow_home"))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
