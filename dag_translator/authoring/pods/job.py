"""A task's pod as a Kubernetes Job: one pod, one attempt.

With an XCom the task's own container is an init container, and the pod's container prints what that one wrote: a job
is only over when all its containers are, and a sidecar would have to be ended from outside. Sources: Kubernetes API
reference, Job and PodSpec; "Automatic cleanup for finished Jobs"; `apache-airflow-providers-cncf-kubernetes` 10.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from collections.abc import Mapping
from enum import Enum
from typing import Any


class OnFinishAction(str, Enum):  # noqa: UP042 - as the provider has it
    """What becomes of a pod that is over."""

    KEEP_POD = "keep_pod"
    DELETE_POD = "delete_pod"
    DELETE_SUCCEEDED_POD = "delete_succeeded_pod"
    DELETE_ACTIVE_POD = "delete_active_pod"


XCOM_CONTAINER, XCOM_VOLUME, XCOM_FOLDER, XCOM_IMAGE = "airflow-xcom-sidecar", "xcom", "/airflow/xcom", "alpine"
EMPTY_XCOM = "__airflow_xcom_result_empty__"
MOST_XCOM = 200_000  # bytes: a payload has 256 KB
# Seconds until a finished job and its pod are deleted. Step Functions looks at a job every five minutes at times.
_TIME_TO_LIVE = 3600
_LONGEST = 63
_NOT_IN_LABELS = re.compile(r"^[^a-z0-9A-Z]*|[^a-zA-Z0-9_\-.]|[^a-z0-9A-Z]*$")
_PRINT = f"if [ -s {XCOM_FOLDER}/return.json ]; then cat {XCOM_FOLDER}/return.json; else echo {EMPTY_XCOM}; fi"


def made(operator: Any, context: Any) -> dict[str, Any]:
    """The job of one try."""
    labels = {**(operator.labels or {}), **_labels_of(context)}
    described = given({"labels": labels, "annotations": operator.annotations or None})
    place = {"name": _name(operator), "namespace": operator.namespace or "default"}
    limit = operator.execution_timeout
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**place, **described},
        "spec": given(
            {
                "backoffLimit": 0,
                # Nothing outlives the task's own time, whatever becomes of the state that waits for it.
                "activeDeadlineSeconds": None if limit is None else max(1, math.ceil(limit.total_seconds())),
                "ttlSecondsAfterFinished": None if operator.on_finish_action == "keep_pod" else _TIME_TO_LIVE,
                "template": {"metadata": described, "spec": _pod(operator)},
            }
        ),
    }


def log_options(operator: Any) -> dict[str, Any]:
    """What of the pod's log comes back with the job: the XCom."""
    if not operator.do_xcom_push:
        return {}
    parameters = {"limitBytes": [str(MOST_XCOM)]}
    return {"LogOptions": {"RetrieveLogs": True, "RawLogs": True, "LogParameters": parameters}}


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in values.items() if value not in (None, [], {}, "")}


def _pod(operator: Any) -> dict[str, Any]:
    base, volumes = _container(operator), list(operator.volumes or ())
    for secret in operator.secrets or ():
        secret.attach(base, volumes)
    before, containers = list(operator.init_containers or ()), [base]
    if operator.do_xcom_push:
        mount = {"name": XCOM_VOLUME, "mountPath": XCOM_FOLDER}
        base["volumeMounts"] = [*base.get("volumeMounts", ()), mount]
        volumes.append({"name": XCOM_VOLUME, "emptyDir": {}})
        printing = {"name": XCOM_CONTAINER, "image": XCOM_IMAGE, "command": ["sh", "-c", _PRINT]}
        before, containers = [*before, base], [{**printing, "volumeMounts": [mount]}]
    return {
        "restartPolicy": "Never",
        **given(
            {
                "initContainers": before,
                "containers": containers,
                "volumes": volumes,
                "nodeSelector": operator.node_selector,
                "affinity": operator.affinity,
                "tolerations": operator.tolerations,
                "hostAliases": operator.host_aliases,
                "imagePullSecrets": _pull_secrets(operator.image_pull_secrets),
                "serviceAccountName": operator.service_account_name,
                "automountServiceAccountToken": operator.automount_service_account_token,
                "hostNetwork": operator.hostnetwork or None,
                "hostname": operator.hostname,
                "subdomain": operator.subdomain,
                "securityContext": operator.security_context,
                "dnsPolicy": operator.dnspolicy,
                "dnsConfig": operator.dns_config,
                "schedulerName": operator.schedulername,
                "priorityClassName": operator.priority_class_name,
                "activeDeadlineSeconds": operator.active_deadline_seconds,
                "terminationGracePeriodSeconds": operator.termination_grace_period,
            }
        ),
    }


def _container(operator: Any) -> dict[str, Any]:
    maps = [{"configMapRef": {"name": name}} for name in operator.configmaps or ()]
    return given(
        {
            "name": operator.base_container_name,
            "image": operator.image,
            "imagePullPolicy": operator.image_pull_policy,
            "command": operator.cmds,
            "args": operator.arguments,
            "env": [*variables(operator.env_vars), *(operator.pod_runtime_info_envs or ())],
            "envFrom": [*(operator.env_from or ()), *maps],
            "ports": operator.ports,
            "resources": operator.container_resources or _resources(operator.resources),
            "volumeMounts": list(operator.volume_mounts or ()),
            "securityContext": operator.container_security_context,
            "terminationMessagePolicy": operator.termination_message_policy,
        }
    )


def variables(env_vars: Any) -> list[dict[str, Any]]:
    """Environment variables from a dictionary, or from a list of models.

    >>> variables({"A": "1"})
    [{'name': 'A', 'value': '1'}]
    """
    from dag_translator.authoring.exceptions import AirflowException

    if isinstance(env_vars, Mapping):
        return [{"name": name, "value": value} for name, value in env_vars.items()]
    if not isinstance(env_vars, list | tuple | None):
        raise AirflowException(f"Expected dict or list, got {type(env_vars)}")
    return list(env_vars or ())


def _resources(old: Any) -> Any:
    """Airflow 1's and 2's `resources`: request_memory, limit_cpu and so on."""
    if not isinstance(old, Mapping) or {"limits", "requests"} & old.keys():
        return old
    found: dict[str, dict[str, Any]] = {}
    for name, value in old.items():
        kind, _, what = str(name).partition("_")
        what = "nvidia.com/gpu" if what == "gpu" else what.replace("ephemeral_storage", "ephemeral-storage")
        if value is not None:
            found.setdefault(f"{kind}s", {})[what] = value
    return found


def _pull_secrets(given_: Any) -> Any:
    return [{"name": name.strip()} for name in given_.split(",")] if isinstance(given_, str) else given_


def _name(operator: Any) -> str:
    stem = safe_name(operator.name or operator.task_id) or "pod"
    return f"{stem[: _LONGEST - 9].rstrip('-')}-{secrets.token_hex(4)}"


def _labels_of(context: Any) -> dict[str, str]:
    """The labels by which Airflow finds a task's pod."""
    ti = context["ti"]
    found = {
        "dag_id": ti.dag_id,
        "task_id": ti.task_id,
        "run_id": context["run_id"],
        "kubernetes_pod_operator": "True",
        "try_number": str(ti.try_number),
        **({"map_index": str(ti.map_index)} if ti.map_index >= 0 else {}),
    }
    return {name: _safe_label(value) for name, value in found.items()}


def _safe_label(text: str) -> str:
    safe = _NOT_IN_LABELS.sub("", text)
    if len(safe) <= _LONGEST and safe == text:
        return safe
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:9]
    return f"{safe[: _LONGEST - len(digest) - 1]}-{digest}"


def safe_name(name: str) -> str:
    """A name as pods may have it.

    >>> safe_name("My_Report")
    'my-report'
    """
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")
