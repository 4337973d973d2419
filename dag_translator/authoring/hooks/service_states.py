"""Hooks with the provider's questions for states: ECS, EMR, Glue, MWAA, Neptune, RDS, Redshift.

What they lack is called on the client: `hook.get_conn()`.
"""

from __future__ import annotations

import time
from typing import Any

from dag_translator.authoring.exceptions import AirflowException, AirflowNotFoundException
from dag_translator.authoring.hooks.aws import AwsBaseHook


class EcsHook(AwsBaseHook):
    """Amazon ECS."""

    service = "ecs"

    def get_cluster_state(self, cluster_name: str) -> str:
        return str(self.conn.describe_clusters(clusters=[cluster_name])["clusters"][0]["status"])

    def get_task_definition_state(self, task_definition: str) -> str:
        found = self.conn.describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
        return str(found["status"])

    def get_task_state(self, cluster: str, task: str) -> str:
        return str(self.conn.describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]["lastStatus"])


class EmrHook(AwsBaseHook):
    """Amazon EMR. emr_conn_id: a connection whose extra has arguments of RunJobFlow, under what is given."""

    service = "emr"

    def __init__(self, emr_conn_id: str | None = "emr_default", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.emr_conn_id = emr_conn_id

    def get_cluster_id_by_name(self, emr_cluster_name: str, cluster_states: list[str]) -> str | None:
        """None if there is no such cluster; AirflowException if there are several."""
        pages = self.conn.get_paginator("list_clusters").paginate(ClusterStates=cluster_states)
        found = [each["Id"] for page in pages for each in page["Clusters"] if each["Name"] == emr_cluster_name]
        if len(found) > 1:
            raise AirflowException(f"More than one cluster found for name {emr_cluster_name}")
        return found[0] if found else None

    def create_job_flow(self, job_flow_overrides: dict[str, Any]) -> Any:
        """RunJobFlow's answer."""
        config: dict[str, Any] = {}
        if self.emr_conn_id:
            try:
                config = dict(self.get_connection(self.emr_conn_id).extra_dejson)
            except AirflowNotFoundException:
                self.log.warning("connection %r not found", self.emr_conn_id)
        return self.conn.run_job_flow(**{**config, **job_flow_overrides})


class EmrServerlessHook(AwsBaseHook):
    """Amazon EMR Serverless."""

    service = "emr-serverless"
    JOB_INTERMEDIATE_STATES = frozenset({"PENDING", "RUNNING", "SCHEDULED", "SUBMITTED"})
    JOB_FAILURE_STATES = frozenset({"FAILED", "CANCELLING", "CANCELLED"})
    JOB_SUCCESS_STATES = frozenset({"SUCCESS"})
    JOB_TERMINAL_STATES = JOB_SUCCESS_STATES | JOB_FAILURE_STATES
    APPLICATION_INTERMEDIATE_STATES = frozenset({"CREATING", "STARTING", "STOPPING"})
    APPLICATION_FAILURE_STATES = frozenset({"STOPPED", "TERMINATED"})
    APPLICATION_SUCCESS_STATES = frozenset({"CREATED", "STARTED"})
    SESSION_INTERMEDIATE_STATES = frozenset({"SUBMITTED", "STARTING"})
    SESSION_FAILURE_STATES = frozenset({"FAILED", "TERMINATING", "TERMINATED"})
    SESSION_SUCCESS_STATES = frozenset({"STARTED", "IDLE"})


class GlueCrawlerHook(AwsBaseHook):
    """Crawlers of AWS Glue."""

    service = "glue"

    def has_crawler(self, crawler_name: str) -> bool:
        try:
            self.get_crawler(crawler_name)
        except self.conn.exceptions.EntityNotFoundException:
            return False
        return True

    def get_crawler(self, crawler_name: str) -> Any:
        return self.conn.get_crawler(Name=crawler_name)["Crawler"]

    def create_crawler(self, **crawler_kwargs: Any) -> Any:
        self.conn.create_crawler(**crawler_kwargs)
        return crawler_kwargs["Name"]

    def start_crawler(self, crawler_name: str) -> Any:
        return self.conn.start_crawler(Name=crawler_name)


class MwaaHook(AwsBaseHook):
    """Amazon MWAA."""

    service = "mwaa"

    def invoke_rest_api(
        self,
        env_name: str,
        path: str,
        method: str,
        body: dict[str, Any] | None = None,
        query_params: dict[str, Any] | None = None,
    ) -> Any:
        """{"RestApiStatusCode", "RestApiResponse"}."""
        answer = self.conn.invoke_rest_api(
            Name=env_name,
            Path=path,
            Method=method,
            Body={name: value for name, value in (body or {}).items() if value is not None},
            QueryParameters=query_params or {},
        )
        answer.pop("ResponseMetadata", None)
        return answer


class NeptuneHook(AwsBaseHook):
    """Amazon Neptune."""

    service = "neptune"
    AVAILABLE_STATES = ("available",)
    STOPPED_STATES = ("stopped",)
    ERROR_STATES = (
        *("cloning-failed", "inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable"),
        "migration-failed",
    )

    def get_cluster_status(self, cluster_id: str) -> str:
        return str(self.conn.describe_db_clusters(DBClusterIdentifier=cluster_id)["DBClusters"][0]["Status"])

    def get_db_instance_status(self, instance_id: str) -> str:
        found = self.conn.describe_db_instances(DBInstanceIdentifier=instance_id)["DBInstances"][0]
        return str(found["DBInstanceStatus"])

    def wait_for_cluster_availability(self, cluster_id: str, delay: int = 30, max_attempts: int = 60) -> str:
        """The status. Waits in the Lambda; `NeptuneStartDbClusterOperator` waits without one."""
        return self._wait(cluster_id, self.AVAILABLE_STATES, delay, max_attempts)

    def wait_for_cluster_stopped(self, cluster_id: str, delay: int = 30, max_attempts: int = 60) -> str:
        """The status. Waits in the Lambda; `NeptuneStopDbClusterOperator` waits without one."""
        return self._wait(cluster_id, self.STOPPED_STATES, delay, max_attempts)

    def _wait(self, cluster_id: str, states: tuple[str, ...], delay: int, max_attempts: int) -> str:
        for attempt in range(max_attempts):
            status = self.get_cluster_status(cluster_id)
            if status in states:
                return status
            if status in self.ERROR_STATES:
                raise AirflowException(f"Neptune cluster {cluster_id} is in error state {status}")
            if attempt + 1 < max_attempts:
                time.sleep(delay)
        raise AirflowException(f"Neptune cluster {cluster_id} is {status} after {max_attempts} attempts")


class RdsHook(AwsBaseHook):
    """Amazon RDS."""

    service = "rds"

    def get_db_instance_state(self, db_instance_id: str) -> str:
        found = self.conn.describe_db_instances(DBInstanceIdentifier=db_instance_id)["DBInstances"][0]
        return str(found["DBInstanceStatus"]).lower()

    def get_db_cluster_state(self, db_cluster_id: str) -> str:
        return str(self.conn.describe_db_clusters(DBClusterIdentifier=db_cluster_id)["DBClusters"][0]["Status"]).lower()

    def get_db_snapshot_state(self, snapshot_id: str) -> str:
        found = self.conn.describe_db_snapshots(DBSnapshotIdentifier=snapshot_id)["DBSnapshots"][0]
        return str(found["Status"]).lower()


class RedshiftHook(AwsBaseHook):
    """Amazon Redshift's clusters."""

    service = "redshift"

    def cluster_status(self, cluster_identifier: str) -> str:
        """`cluster_not_found` if there is none."""
        try:
            found = self.conn.describe_clusters(ClusterIdentifier=cluster_identifier)["Clusters"]
        except self.conn.exceptions.ClusterNotFoundFault:
            return "cluster_not_found"
        return str(found[0]["ClusterStatus"])

    def get_cluster_snapshot_status(self, snapshot_identifier: str) -> str | None:
        try:
            found = self.conn.describe_cluster_snapshots(SnapshotIdentifier=snapshot_identifier)["Snapshots"]
        except self.conn.exceptions.ClusterSnapshotNotFoundFault:
            return None
        return str(found[0]["Status"])
