"""KubernetesPodOperator: a pod, on AWS as a Job on an EKS cluster.

The task's request is a Kubernetes Job with one pod (`authoring.pods.job` makes it). Sources:
`apache-airflow-providers-cncf-kubernetes` 10; Step Functions developer guide, "Create and manage Amazon EKS clusters".
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.operators.aws import refuse
from dag_translator.authoring.pods import job
from dag_translator.authoring.pods.models import plain

# What a pod is made of, as `V1PodSpec` and its container take it: models, dictionaries, or lists of them.
_MODELS = (
    *("ports", "volume_mounts", "volumes", "env_vars", "env_from", "container_resources", "resources", "affinity"),
    *("image_pull_secrets", "host_aliases", "tolerations", "security_context", "container_security_context"),
    *("dns_config", "init_containers", "pod_runtime_info_envs"),
)


class _Arguments(BaseOperator):
    __init__ = takes(
        kubernetes_conn_id="kubernetes_default",
        namespace=None,
        image=None,
        name=None,
        random_name_suffix=True,
        cmds=None,
        arguments=None,
        **dict.fromkeys(_MODELS),
        secrets=None,
        in_cluster=None,
        cluster_context=None,
        labels=None,
        reattach_on_restart=True,
        startup_timeout_seconds=120,
        startup_check_interval_seconds=5,
        schedule_timeout_seconds=None,
        get_logs=True,
        base_container_name=None,
        base_container_status_polling_interval=1,
        init_container_logs=None,
        container_logs=None,
        image_pull_policy=None,
        annotations=None,
        config_file=None,
        node_selector=None,
        service_account_name=None,
        automount_service_account_token=None,
        hostnetwork=False,
        dnspolicy=None,
        hostname=None,
        subdomain=None,
        schedulername=None,
        full_pod_spec=None,
        log_events_on_failure=False,
        do_xcom_push=False,
        pod_template_file=None,
        pod_template_dict=None,
        priority_class_name=None,
        termination_grace_period=None,
        configmaps=None,
        skip_on_exit_code=None,
        deferrable=False,
        poll_interval=2,
        log_pod_spec_on_failure=True,
        on_finish_action="delete_pod",
        is_delete_operator_pod=None,
        termination_message_policy="File",
        active_deadline_seconds=None,
        callbacks=None,
        progress_callback=None,
        logging_interval=None,
        trigger_kwargs=None,
        container_name_log_prefix_enabled=True,
        log_formatter=None,
    )


class KubernetesPodOperator(_Arguments):
    """Runs an image in a pod; with do_xcom_push the return value is what the container wrote to
    /airflow/xcom/return.json."""

    BASE_CONTAINER_NAME = "base"
    template_fields: Any = (
        *("image", "name", "hostname", "cmds", "annotations", "arguments", "env_vars", "labels", "config_file"),
        *("pod_template_file", "pod_template_dict", "namespace", "container_resources", "volumes", "volume_mounts"),
        *(
            "cluster_context",
            "env_from",
            "node_selector",
            "kubernetes_conn_id",
            "base_container_name",
            "trigger_kwargs",
        ),
    )
    template_fields_renderers: Any = {"env_vars": "py"}  # noqa: RUF012
    execution_timeout: Any
    skip_on_exit_code: Any
    base_container_name: Any
    namespace: Any
    on_finish_action: Any

    def __init__(self, **kwargs: Any) -> None:
        deletes = kwargs.get("is_delete_operator_pod")
        if deletes is not None:
            kwargs["on_finish_action"] = "delete_pod" if deletes else "keep_pod"
        # As JSON from the start: templates in models are rendered like any others, with or without the distribution.
        super().__init__(**{name: plain(value) if name in _MODELS else value for name, value in kwargs.items()})
        self.on_finish_action = job.OnFinishAction(self.on_finish_action).value
        self.base_container_name = self.base_container_name or self.BASE_CONTAINER_NAME
        if type(self).execute is not KubernetesPodOperator.execute:
            refuse(
                f"{type(self).__name__}: an `execute` around KubernetesPodOperator's",
                "there is no cluster where it would run; do what comes before and after in tasks of their own",
            )

    def cluster(self) -> str:
        """The cluster's name; raises AirflowException if nothing says it."""
        name = os.environ.get("AIRSTEP_EKS_CLUSTER")
        if not name:
            raise AirflowException(
                "no EKS cluster is set: name it in the setting eksCluster and deploy the DAG; here it can be tried with"
                " `airstep dags simulate`"
            )
        return name

    def described_cluster(self) -> Mapping[str, Any]:
        """What a call of its Kubernetes API needs: ClusterName, Endpoint, CertificateAuthority."""
        name = self.cluster()
        client = AwsBaseHook(aws_conn_id=None, client_type="eks").get_conn()
        found = client.describe_cluster(name=name)["cluster"]
        authority = found["certificateAuthority"]["data"]
        return {"ClusterName": name, "Endpoint": found["endpoint"], "CertificateAuthority": authority}

    def request(self, context: Any) -> dict[str, Any]:
        """RunJob's request, once templates are rendered."""
        made = job.made(self, context)
        namespace = made["metadata"]["namespace"]
        return {**self.described_cluster(), "Namespace": namespace, "Job": made, **job.log_options(self)}

    def check(self, pods: list[Mapping[str, Any]], told: str) -> None:
        """Raise for a job that failed. pods: its pods as Kubernetes lists them; told: Step Functions' error."""
        skips = self.skip_on_exit_code
        for pod in pods:
            status = pod.get("status") or {}
            every = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
            base: Mapping[str, Any] = next((each for each in every if each.get("name") == self.base_container_name), {})
            ended = (base.get("state") or {}).get("terminated") or {}
            name, code = pod["metadata"]["name"], ended.get("exitCode")
            if code is not None and code in ([skips] if isinstance(skips, int) else skips or ()):
                raise AirflowSkipException(f"Pod {name} returned exit code {code}. Skipping.")
            if code != 0:
                why = [f"exit code {code}"] if code is not None else []
                why += [ended[each] for each in ("reason", "message") if ended.get(each)]
                why += [status[each] for each in ("reason", "message") if status.get(each)]
                raise AirflowException(f"Pod {name} returned a failure. {', '.join(map(str, why))}".rstrip())
        raise AirflowException(told)

    def result_of(self, logs: Any) -> Any:
        """The return value, from RunJob's `logs`."""
        if not self.do_xcom_push:
            return None
        found = [
            container
            for pod in ((logs or {}).get("pods") or {}).values()
            for name, container in (pod.get("containers") or {}).items()
            if name == job.XCOM_CONTAINER
        ]
        if not found or "log" not in found[0]:
            raise AirflowException(f"the pod's XCom could not be read: {found[0] if found else 'it has no log'}")
        text = str(found[0]["log"]).strip()
        if text == job.EMPTY_XCOM or not text:
            return None
        try:
            return json.loads(text)
        except ValueError as error:
            size = f"{job.MOST_XCOM // 1000} KB"
            raise AirflowException(f"the pod's XCom is no JSON, or has more than {size}: {error}") from None

    def execute(self, context: Any) -> Any:  # noqa: ARG002
        raise AirflowException("a pod runs on an EKS cluster, not here")


class EksPodOperator(KubernetesPodOperator):
    """KubernetesPodOperator on the EKS cluster `cluster_name`. pod_name: the pod's name."""

    template_fields: Any = tuple(
        sorted(
            {*KubernetesPodOperator.template_fields}
            | {"cluster_name", "in_cluster", "namespace", "pod_name", "aws_conn_id", "region"}
        )
    )
    cluster_name: Any
    pod_name: Any

    def __init__(
        self,
        cluster_name: str,
        in_cluster: bool = False,
        namespace: str = "default",
        pod_name: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region: str | None = None,
        on_finish_action: str | None = None,
        **kwargs: Any,
    ) -> None:
        action = on_finish_action or "delete_pod"
        given = {"name": pod_name, "on_finish_action": action, **kwargs}
        super().__init__(in_cluster=in_cluster, namespace=namespace, **given)
        self.cluster_name = cluster_name
        self.pod_name = pod_name
        self.aws_conn_id = aws_conn_id
        self.region = region

    def cluster(self) -> str:
        return str(self.cluster_name)
