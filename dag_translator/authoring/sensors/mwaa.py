"""Sensors on DagRuns and tasks of an Amazon MWAA environment."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensorTask
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.mwaa import MwaaMixin, rest_api

_FIELDS = (
    *("external_env_name", "external_dag_id", "external_dag_run_id", "success_states", "failure_states"),
    *("airflow_version", "deferrable", "max_retries", "poke_interval"),
)
_OPTIONS = {
    "success_states": None,
    "failure_states": None,
    "airflow_version": None,
    "deferrable": False,
    "poke_interval": 60,
    "max_retries": 720,
}


class _MwaaSensor(MwaaMixin, ServiceSensorTask):
    watch = rest_api("external_env_name")

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        given: Any = self  # its arguments have the names of the methods that say the same elsewhere
        good, bad = set(given.success_states or ("success",)), set(given.failure_states or ("failed",))
        if good & bad:
            raise ValueError("success_states and failure_states must not have any values in common")
        state = self.call("InvokeRestApi", handle)["RestApiResponse"]["state"]
        return ("failed" if state in bad else "success" if state in good else "running"), str(state)


class MwaaDagRunSensor(_MwaaSensor):
    """Done when the DagRun has one of success_states: success unless given."""

    template_fields: Any = aws_template_fields(*_FIELDS)
    __init__ = takes("external_env_name", "external_dag_id", "external_dag_run_id", **_OPTIONS)

    def arguments(self) -> dict[str, Any]:
        path = f"/dags/{self.external_dag_id}/dagRuns/{self.external_dag_run_id}"
        return {"Name": self.external_env_name, "Path": path, "Method": "GET"}


class MwaaTaskSensor(_MwaaSensor):
    """Done when the task has one of success_states: success unless given. Without external_dag_run_id it is the latest
    DagRun's, looked up each time."""

    template_fields: Any = aws_template_fields(*_FIELDS, "external_task_id")
    __init__ = takes("external_env_name", "external_dag_id", "external_task_id", external_dag_run_id=None, **_OPTIONS)

    def arguments(self) -> dict[str, Any]:
        get = {"Name": self.external_env_name, "Method": "GET"}
        runs = f"/dags/{self.external_dag_id}/dagRuns"
        run = self.external_dag_run_id
        if run is None:
            found = self.call("InvokeRestApi", {**get, "Path": runs})["RestApiResponse"]["dag_runs"]
            run = found[-1]["dag_run_id"]
        return {**get, "Path": f"{runs}/{run}/taskInstances/{self.external_task_id}"}
