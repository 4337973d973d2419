"""KubernetesPodOperator, EksPodOperator: a Job on an EKS cluster. Prepare → `eks:runJob.sync` → record.

A job that failed doesn't say why; so its pods are asked for (`eks:call`) before Lambda judges it: an exit code may
skip the task. When the run is stopped, Step Functions does what it can to cancel the job; with an execution_timeout
Kubernetes itself ends it. There is nothing to allow in IAM: the cluster has to let the machine's role in, for which
the stack makes an access entry (`infra.clusters`). Source: Step Functions developer guide, "Create and manage Amazon
EKS clusters with Step Functions".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dag_translator import asl
from dag_translator.model import Task
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.service import ARN, HERE, INNER, literal, lower_call, note, recorded

RUN_JOB, CALL = "arn:aws:states:::eks:runJob.sync", "arn:aws:states:::eks:call"
_TRANSIENT = ("EKS.429", "EKS.500", "EKS.502", "EKS.503", "EKS.504", "EKS.SdkClientException", "EKS.ServerException")
_RETRIER = asl.Retrier(_TRANSIENT, 5, interval=1, backoff=2, full_jitter=True)
_PARTS = "give its parts as arguments (volumes, tolerations, security_context, …)"
# What would change the outcome.
_REFUSED: Mapping[str, str] = {
    "full_pod_spec": _PARTS,
    "pod_template_file": _PARTS,
    "pod_template_dict": _PARTS,
    "callbacks": "they would be called by a process that watches the pod; use on_success_callback and its kin",
    "progress_callback": "nobody reads the pod's log while it runs; the container may tell of its progress itself",
    "region": "Step Functions calls clusters of its own region; deploy the DAG there",
}
# Which cluster it is, and how Airflow would reach it.
_ELSEWHERE: Mapping[str, Any] = {
    "kubernetes_conn_id": ("kubernetes_default", None),
    "config_file": (None,),
    "cluster_context": (None,),
    "in_cluster": (None, False),
    "aws_conn_id": ("aws_default", None),
}
# How Airflow watches a pod, with its usual values.
_WATCHING: Mapping[str, Any] = {
    "startup_check_interval_seconds": 5,
    "base_container_status_polling_interval": 1,
    "init_container_logs": None,
    "container_logs": None,
    "log_events_on_failure": False,
    "logging_interval": None,
    "log_formatter": None,
}


def settings(operator: Any) -> Mapping[str, Any]:
    refusals = [
        note("unsupported-argument", f"{name} is not supported: the pod is a Job's, which Step Functions runs", hint)
        for name, hint in _REFUSED.items()
        if getattr(operator, name, None) not in (None, [], {})
    ]
    mapped: frozenset[str] = getattr(operator, "mapped_over", frozenset())
    if getattr(operator, "image", None) is None and "image" not in mapped:
        refusals.append(note("missing-argument", "image is missing", "name the image"))
    named = hasattr(operator, "cluster_name") or "cluster_name" in mapped
    cluster = (literal(getattr(operator, "cluster_name", None)) or "*") if named else ""
    namespace = "*" if "namespace" in mapped else literal(getattr(operator, "namespace", None) or "default") or "*"
    said = {"refusals": refusals} if refusals else {"notes": [*_notes(operator)]}
    return {"eks": {"cluster": cluster, "namespace": namespace}, **said}


def _notes(operator: Any) -> Iterator[list[str]]:
    for name, usual in _ELSEWHERE.items():
        if getattr(operator, name, None) not in usual:
            message = f"{name} has no effect: the setting eksCluster, or cluster_name, says which cluster it is"
            yield note("unused-argument", message, "leave it out")
    for name, default in _WATCHING.items():
        if getattr(operator, name, default) != default:
            yield note("unused-argument", f"{name} has no effect: Step Functions watches the job", "leave it out")
    if not getattr(operator, "random_name_suffix", True):
        what = "random_name_suffix has no effect: every try's job has a name of its own"
        yield note("unused-argument", what, "leave it out")
    if getattr(operator, "execution_timeout", None) is None:
        what = "startup_timeout_seconds has no effect: a pod that can't start is waited for"
        yield note("no-startup-timeout", what, "set execution_timeout")
    if getattr(operator, "on_finish_action", None) in ("delete_succeeded_pod", "delete_active_pod"):
        what = "pods are deleted an hour after their end, failed ones too"
        yield note("pods-deleted", what, 'keep them all with on_finish_action="keep_pod"')


def lower(task: Task, site: Site) -> States:
    pods = site.names.name(task.task_id, "pods")
    asking: States = {}

    def failed(record: str) -> tuple[asl.Catcher, ...]:
        asking[pods] = _asking(record)
        return (asl.Catcher(("States.TaskFailed",), pods, _failed()),)

    result = "{'logs': $states.result.logs}"
    return lower_call(task, site, RUN_JOB, retry=(_RETRIER,), result=result, caught=failed, tries=True) | asking


def _asking(record: str) -> asl.Task:
    """The state that asks for the pods of a job that failed."""
    # An array constructor, as JSONata makes a single item of a list of one.
    found = "{'error': $states.input.error, 'pods': [$states.result.ResponseBody.items]}"
    unknown = recorded("{'error': $states.input.error}", "0")
    return asl.Task(
        CALL,
        _pods_of_the_job(),
        record,
        output=recorded(found, "0"),
        retry=(_RETRIER,),
        catch=(asl.Catcher(("States.ALL",), record, unknown),),
    )


def _failed() -> str:
    return f"{{% {{'states': {INNER}, 'arguments': $states.input.arguments, 'error': $states.errorOutput}} %}}"


def _pods_of_the_job() -> asl.Json:
    given = "$states.input.arguments"
    return {
        **{name: f"{{% {given}.{name} %}}" for name in ("ClusterName", "CertificateAuthority", "Endpoint")},
        "Method": "GET",
        "Path": f"{{% '/api/v1/namespaces/' & {given}.Namespace & '/pods' %}}",
        "QueryParameters": {"labelSelector": [f"{{% 'job-name=' & {given}.Job.metadata.name %}}"]},
    }


def _task_permissions(task: Task) -> tuple[Permission, ...]:
    cluster = task.settings["eks"]["cluster"] or "*"
    reason = f"where the cluster of task {task.task_id} is"
    return (Permission(("eks:DescribeCluster",), (f"{ARN}:eks:{HERE}:cluster/{cluster}",), reason),)


_POD = Lowering(
    lower,
    settings,
    task_permissions=_task_permissions,
    tells=("eks",),
    native=True,
    tries=True,
    becomes="Lambda → `eks:runJob.sync` → Lambda (which asks for the pods of a failed job by `eks:call`)",
)
LOWERINGS: Mapping[str, Lowering] = {"KubernetesPodOperator": _POD}
