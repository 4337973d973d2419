"""KubernetesPodOperator and EksPodOperator: the Job that is asked for, what its end means, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from dag_translator.pipeline import Translation
from infra.cli.inprocess import Meter, run_dag
from infra.cli.services import AwsServices
from infra.cli.simulation import PretendedServices, pretend, read_plan
from infra.local.engine import TaskFailed
from tests.operators.aws_fake import FakeAws
from tests.operators.conftest import LOGICAL_DATE, Project, Services

HEAD = """
from kubernetes.client import models as k8s
from airflow.providers.amazon.aws.operators.eks import EksPodOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.cncf.kubernetes.secret import Secret
from airflow.providers.cncf.kubernetes.utils.pod_manager import OnFinishAction
"""
RUN, CALL = "eks:runJob.sync", "eks:call"
JOB = {"kind": "Job", "status": {"succeeded": 1}}
FAILED = TaskFailed("States.TaskFailed", "the job has failed")


def pod(arguments: str, operator: str = "KubernetesPodOperator") -> str:
    return f'{HEAD}{operator}(task_id="run", dag=dag, {arguments})'


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    monkeypatch.setenv("AIRSTEP_EKS_CLUSTER", "work")
    found = {"endpoint": "https://k8s", "certificateAuthority": {"data": "LS0t"}}
    return FakeAws({"eks:DescribeCluster": {"cluster": found}})


def ended(code: int, *, container: str = "base", init: bool = False, message: str = "") -> Any:
    """The pods of a job, as eks:call answers."""
    state = {"terminated": {"exitCode": code, "reason": "Error", "message": message}}
    kind = "initContainerStatuses" if init else "containerStatuses"
    item = {"metadata": {"name": "p-1"}, "status": {"phase": "Failed", kind: [{"name": container, "state": state}]}}
    return {"ResponseBody": {"kind": "PodList", "items": [item]}, "StatusCode": 200, "StatusText": "OK"}


def logs(text: str) -> Any:
    return {**JOB, "logs": {"pods": {"p-1": {"containers": {"airflow-xcom-sidecar": {"log": text}}}}}}


FULL = """
    image="etl:7", name="My_Report", namespace="data", cmds=["python"], arguments=["run.py", "{{ ds }}"],
    env_vars={"DAY": "{{ ds }}"}, labels={"team": "x"}, annotations={"note": "n"},
    container_resources=k8s.V1ResourceRequirements(limits={"memory": "1Gi", "cpu": "{{ params.cpu }}"}),
    params={"cpu": "500m"}, service_account_name="etl", image_pull_policy="Always", image_pull_secrets="one,two",
    node_selector={"disk": "ssd"}, tolerations=[k8s.V1Toleration(key="gpu", operator="Exists", effect="NoSchedule")],
    volumes=[k8s.V1Volume(name="v", host_path=k8s.V1HostPathVolumeSource(path="/data"))],
    volume_mounts=[k8s.V1VolumeMount(name="v", mount_path="/data", read_only=True)],
    secrets=[Secret("env", "password", "db", "pw"), Secret("env", None, "all"), Secret("volume", "/keys", "files")],
    configmaps=["settings"], ports=[k8s.V1ContainerPort(container_port=80, host_ip="10.0.0.1")],
    security_context=k8s.V1PodSecurityContext(run_as_user=1000), execution_timeout=timedelta(hours=1),
"""


def test_the_job(project: Project, aws: FakeAws) -> None:
    services = Services({RUN: JOB})
    result = project.run(pod(FULL), services, aws)
    assert result.tasks["run"] == "success"
    ((_, request),) = services.calls
    made = request.pop("Job")
    assert request == {
        "ClusterName": "work",
        "Endpoint": "https://k8s",
        "CertificateAuthority": "LS0t",
        "Namespace": "data",
    }
    metadata, spec = made["metadata"], made["spec"]
    assert metadata["name"].startswith("my-report-")
    assert metadata["labels"]["team"] == "x"
    assert (metadata["labels"]["dag_id"], metadata["labels"]["try_number"]) == ("d", "1")
    assert metadata["annotations"] == {"note": "n"}
    template = spec.pop("template")
    assert spec == {"backoffLimit": 0, "activeDeadlineSeconds": 3600, "ttlSecondsAfterFinished": 3600}
    inside = template["spec"]
    (container,) = inside.pop("containers")
    keys = inside["volumes"].pop()
    assert keys["secret"] == {"secretName": "files"}
    assert inside == {
        "restartPolicy": "Never",
        "volumes": [{"name": "v", "hostPath": {"path": "/data"}}],
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "imagePullSecrets": [{"name": "one"}, {"name": "two"}],
        "serviceAccountName": "etl",
        "securityContext": {"runAsUser": 1000},
    }
    assert container == {
        "name": "base",
        "image": "etl:7",
        "imagePullPolicy": "Always",
        "command": ["python"],
        "args": ["run.py", "2024-01-15"],
        "env": [
            {"name": "DAY", "value": "2024-01-15"},
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pw"}}},
        ],
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "all"}}],
        "ports": [{"containerPort": 80, "hostIP": "10.0.0.1"}],
        "resources": {"limits": {"memory": "1Gi", "cpu": "500m"}},
        "volumeMounts": [
            {"name": "v", "mountPath": "/data", "readOnly": True},
            {"name": keys["name"], "mountPath": "/keys", "readOnly": True},
        ],
        "terminationMessagePolicy": "File",
    }


@pytest.mark.parametrize(
    ("printed", "pushed"),
    [('{"rows": 42}\n', {"rows": 42}), ("__airflow_xcom_result_empty__\n", None), ("[1, 2]", [1, 2])],
)
def test_what_the_container_wrote_is_its_xcom(project: Project, aws: FakeAws, printed: str, pushed: Any) -> None:
    services = Services({RUN: logs(printed)})
    result = project.run(pod('image="x", do_xcom_push=True'), services, aws)
    assert result.xcoms.get("run", {}).get("return_value") == pushed
    ((_, request),) = services.calls
    assert request["LogOptions"]["RetrieveLogs"]
    inside = request["Job"]["spec"]["template"]["spec"]
    assert [each["name"] for each in inside["initContainers"]] == ["base"]
    assert [each["name"] for each in inside["containers"]] == ["airflow-xcom-sidecar"]
    shared = {"name": "xcom", "mountPath": "/airflow/xcom"}
    assert inside["initContainers"][0]["volumeMounts"] == inside["containers"][0]["volumeMounts"] == [shared]


@pytest.mark.parametrize("answer", [logs('{"cut'), JOB])
def test_an_xcom_that_cannot_be_read_fails_the_task(project: Project, aws: FakeAws, answer: Any) -> None:
    result = project.run(pod('image="x", do_xcom_push=True'), Services({RUN: answer}), aws)
    assert result.tasks["run"] == "failed"
    assert "XCom" in result.errors["run"]


@pytest.mark.parametrize(
    ("told", "outcome", "calls"),
    [
        (ended(99), "skipped", 1),  # at once, whatever retries are left
        (ended(1, message="no such table"), "failed", 2),
        (ended(99, container="other"), "failed", 2),
        (TaskFailed("EKS.404", "gone"), "failed", 2),
    ],
)
def test_a_job_that_failed(project: Project, aws: FakeAws, told: Any, outcome: str, calls: int) -> None:
    services = Services({RUN: FAILED, CALL: told})
    result = project.run(pod('image="x", namespace="n", skip_on_exit_code=99, retries=1'), services, aws)
    asked = [request for name, request in services.calls if name == RUN]
    assert (result.tasks["run"], len(asked)) == (outcome, calls)
    about = next(request for name, request in services.calls if name == CALL)
    assert about == {
        "ClusterName": "work",
        "Endpoint": "https://k8s",
        "CertificateAuthority": "LS0t",
        "Method": "GET",
        "Path": "/api/v1/namespaces/n/pods",
        "QueryParameters": {"labelSelector": [f"job-name={asked[0]['Job']['metadata']['name']}"]},
    }
    if calls == 2:
        assert asked[0]["Job"]["metadata"]["name"] != asked[1]["Job"]["metadata"]["name"]
    if isinstance(told, dict) and outcome == "failed":
        assert "Pod p-1 returned a failure" in result.errors["run"]


def test_with_an_xcom_the_exit_code_is_an_init_containers(project: Project, aws: FakeAws) -> None:
    services = Services({RUN: FAILED, CALL: ended(99, init=True)})
    result = project.run(pod('image="x", do_xcom_push=True, skip_on_exit_code=[99]'), services, aws)
    assert result.tasks["run"] == "skipped"


def test_a_cluster_that_does_not_let_the_machine_in(project: Project, aws: FakeAws) -> None:
    refused = TaskFailed("EKS.401", "Unauthorized")
    result = project.run(pod('image="x"'), Services({RUN: refused, CALL: refused}), aws)
    assert "eksAccessEntry" in result.errors["run"]


def test_the_cluster_of_an_eks_pod_is_its_argument(project: Project, aws: FakeAws, actions: Any) -> None:
    text = pod('image="x", cluster_name="c", pod_name="p", namespace="n", get_logs=True', "EksPodOperator")
    services = Services({RUN: JOB})
    assert project.run(text, services, aws).tasks["run"] == "success"
    ((_, request),) = services.calls
    assert (request["ClusterName"], request["Namespace"]) == ("c", "n")
    assert request["Job"]["metadata"]["name"].startswith("p-")
    manifest = project.translate(text).manifest
    assert manifest["tasks"][0]["eks"] == {"cluster": "c", "namespace": "n"}
    (cluster,) = actions(manifest["task_permissions"])["eks:DescribeCluster"]
    assert cluster.endswith(":cluster/c")
    assert manifest["permissions"] == []


def test_without_a_cluster_the_task_fails(project: Project) -> None:
    assert "eksCluster" in project.run(pod('image="x"'), Services({})).errors["run"]


@pytest.mark.parametrize(
    "arguments",
    [
        'image="x", pod_template_file="/pod.yaml"',
        'image="x", pod_template_dict={"spec": {}}',
        'image="x", full_pod_spec=k8s.V1Pod()',
        'image="x", callbacks=[object]',
        'name="x"',
        'image="x", on_finish_action="burn_pod"',
    ],
)
def test_what_a_job_cannot_do_is_refused(project: Project, arguments: str) -> None:
    ((code, _),) = project.refused(pod(arguments))
    assert code in ("unsupported-argument", "missing-argument", "file-raised")


def test_a_typo_in_a_model_is_found(project: Project) -> None:
    ((code, message),) = project.refused(pod('image="x", tolerations=[k8s.V1Toleration(kee="gpu")]'))
    assert (code, "kee" in message) == ("file-raised", True)


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ('in_cluster=True, config_file="x", kubernetes_conn_id="k"', ["unused-argument"] * 3),
        ("log_events_on_failure=True", ["unused-argument"]),
        ("random_name_suffix=False", ["unused-argument"]),
        ('on_finish_action="delete_succeeded_pod"', ["pods-deleted"]),
        ("deferrable=True, poll_interval=30, get_logs=False", []),
    ],
)
def test_what_is_otherwise_is_said(project: Project, arguments: str, codes: list[str]) -> None:
    text = pod(f'image="x", execution_timeout=timedelta(hours=1), {arguments}')
    assert [each.code for each in project.translate(text).problems] == codes


def test_without_a_time_limit_a_pod_that_cannot_start_is_waited_for(project: Project) -> None:
    assert [each.code for each in project.translate(pod('image="x"')).problems] == ["no-startup-timeout"]


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ('on_finish_action="keep_pod"', True),
        ("on_finish_action=OnFinishAction.KEEP_POD", True),
        ("is_delete_operator_pod=False", True),
        ("", False),
    ],
)
def test_what_becomes_of_the_pod(project: Project, aws: FakeAws, arguments: str, kept: bool) -> None:
    services = Services({RUN: JOB})
    project.run(pod(f'image="x", {arguments}'), services, aws)
    assert ("ttlSecondsAfterFinished" not in services.calls[0][1]["Job"]["spec"]) == kept


def test_each_instance_has_its_job(project: Project, aws: FakeAws) -> None:
    text = (
        f"{HEAD}with dag:\n    KubernetesPodOperator.partial(task_id='run', image='x').expand(arguments=[['a'], ['b']])"
    )
    services = Services({RUN: JOB})
    assert project.run(text, services, aws).state == "success"
    containers = [request["Job"]["spec"]["template"]["spec"]["containers"][0] for _, request in services.calls]
    assert sorted(each["args"] for each in containers) == [["a"], ["b"]]


def test_old_spellings(project: Project, aws: FakeAws) -> None:
    text = """
from airflow.contrib.operators.kubernetes_pod_operator import KubernetesPodOperator
from airflow.contrib.kubernetes.secret import Secret
KubernetesPodOperator(task_id="run", dag=dag, image="x", name="n", namespace="default", in_cluster=False,
    resources={"request_memory": "1Gi", "limit_cpu": 1}, is_delete_operator_pod=True)
"""
    services = Services({RUN: JOB})
    assert project.run(text, services, aws).tasks["run"] == "success"
    (container,) = services.calls[0][1]["Job"]["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {"requests": {"memory": "1Gi"}, "limits": {"cpu": 1}}


def test_here_there_is_no_cluster(project: Project, aws: FakeAws) -> None:
    def unreachable() -> Any:
        raise AssertionError("AWS was asked")

    result = project.run(pod('image="x"'), AwsServices(unreachable), aws)
    assert "airstep dags simulate" in result.errors["run"]


@pytest.mark.parametrize("outcome", ["success", "failed"])
def test_simulated(project: Project, outcome: str) -> None:
    dag, translated = project.load(pod('image="{{ params.x }}"'))
    assert isinstance(translated, Translation)
    plan = read_plan(dag.task_dict, {"run": 60}, {"run": outcome})
    meter = Meter()
    pretend(dag, plan, meter)
    services = PretendedServices.of(translated.manifest, plan, dag)
    assert run_dag(translated, dag, LOGICAL_DATE, services=services, meter=meter).tasks["run"] == outcome
