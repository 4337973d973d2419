"""Operators of Amazon Neptune Analytics: graphs, their private endpoints, imports into them.

Source of the permissions: Service Authorization Reference, "Actions … for Amazon Neptune Analytics", with the dependent
actions of the endpoints. Of the states: botocore's waiters of `neptune-graph`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, error_code
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields

_ANY = "neptune-graph:{here}:graph/*"
_TASKS = "neptune-graph:{here}:import-task/*"
_WAITER = {"wait_for_completion": True, "waiter_delay": 30, "waiter_max_attempts": 60, "deferrable": False}
_NETWORK = (
    "ec2:DescribeAvailabilityZones ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcAttribute "
    "ec2:DescribeVpcEndpoints ec2:DescribeVpcs ec2:ModifyVpcEndpoint"
)
_LINKED_ROLE = grant(
    "iam:CreateServiceLinkedRole", "iam::{account}:role/aws-service-role/neptune-graph.amazonaws.com/*"
)
_KEY = grant("kms:CreateGrant kms:Decrypt kms:DescribeKey", "*", given="kms_key_id")
_TAGS = grant("neptune-graph:TagResource", _ANY, given="tags")


def _graph(*resources: str) -> Watch:
    return Watch(
        *("neptune-graph", "GetGraph", "status"),
        success=("AVAILABLE",),
        failure=("DELETING", "FAILED"),
        reason="statusReason",
        grants=(grant("neptune-graph:GetGraph", *resources),),
    )


def _endpoint(argument: str) -> Watch:
    return Watch(
        *("neptune-graph", "GetPrivateGraphEndpoint", "status"),
        success=("AVAILABLE",),
        failure=("DELETING", "FAILED"),
        grants=(grant("neptune-graph:GetPrivateGraphEndpoint", f"neptune-graph:{{here}}:graph/{{{argument}}}"),),
    )


def _import(resource: str) -> Watch:
    return Watch(
        *("neptune-graph", "GetImportTask", "status"),
        success=("SUCCEEDED",),
        failure=("CANCELLING", "CANCELLED", "ROLLING_BACK", "FAILED"),
        reason="statusReason",
        grants=(grant("neptune-graph:GetImportTask", resource),),
    )


class NeptuneCreateGraphOperator(ServiceOperator):
    """Makes an empty graph; the XCom is {"graph_id"}. provisioned_memory: in units of about a GiB."""

    template_fields: Any = aws_template_fields("graph_name", "vector_search_config", "provisioned_memory")
    template_fields_renderers: Any = {"vector_search_config": "json"}  # noqa: RUF012
    service, action = "neptune-graph", "CreateGraph"
    starts = (grant("neptune-graph:CreateGraph", _ANY), _LINKED_ROLE, _KEY, _TAGS)
    watch = _graph(_ANY)
    __init__ = takes(
        *("graph_name", "vector_search_config", "provisioned_memory"),
        public_connectivity=None,
        replica_count=None,
        deletion_protection=False,
        kms_key_id=None,
        tags=None,
        **_WAITER,
    )

    def request(self) -> dict[str, Any]:
        return {
            "graphName": self.graph_name,
            "vectorSearchConfiguration": self.vector_search_config,
            "provisionedMemory": self.provisioned_memory,
            "replicaCount": self.replica_count,
            "publicConnectivity": self.public_connectivity,
            "deletionProtection": self.deletion_protection,
            "kmsKeyIdentifier": self.kms_key_id,
            "tags": self.tags,
        }

    def start(self, context: Any) -> dict[str, Any]:
        graph = self.call(self.action, self.request())["id"]
        self.link(context, "_neptune_graph", graph_id=graph)
        return {"graphIdentifier": graph}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"graph_id": (handle or {})["graphIdentifier"]}


class NeptuneDeleteGraphOperator(ServiceOperator):
    """Deletes a graph; one that is not there is no failure."""

    template_fields: Any = aws_template_fields("graph_id", "skip_snapshot")
    service, action = "neptune-graph", "DeleteGraph"
    starts = (
        grant("neptune-graph:DeleteGraph neptune-graph:CreateGraphSnapshot", "neptune-graph:{here}:graph/{graph_id}"),
    )
    watch = replace(
        _graph("neptune-graph:{here}:graph/{graph_id}"),
        success=(),
        failure=("AVAILABLE", "FAILED", "CREATING", "RESETTING", "UPDATING", "SNAPSHOTTING"),
        gone=("ResourceNotFoundException",),
    )
    __init__ = takes("graph_id", "skip_snapshot", **_WAITER)

    def start(self, context: Any) -> dict[str, Any] | None:  # noqa: ARG002
        graph = {"graphIdentifier": self.graph_id}
        try:
            self.call(self.action, {**graph, "skipSnapshot": self.skip_snapshot})
        except Exception as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return None
        return graph


class NeptuneCreatePrivateGraphEndpointOperator(ServiceOperator):
    """Makes a graph reachable from a VPC; the XCom is {"vpc_endpoint_id", "graph_id", "vpc_id"}."""

    template_fields: Any = aws_template_fields("graph_identifier", "vpc_id", "subnet_ids", "vpc_security_group_ids")
    service, action = "neptune-graph", "CreatePrivateGraphEndpoint"
    watch = _endpoint("graph_identifier")
    starts = (
        grant("neptune-graph:CreatePrivateGraphEndpoint", "neptune-graph:{here}:graph/{graph_identifier}"),
        grant(f"ec2:CreateVpcEndpoint {_NETWORK} route53:AssociateVPCWithHostedZone"),
        *watch.grants,
    )
    __init__ = takes("graph_identifier", vpc_id=None, subnet_ids=None, vpc_security_group_ids=None, **_WAITER)

    def start(self, context: Any) -> dict[str, Any]:
        answer = self.call(
            self.action,
            {
                "graphIdentifier": self.graph_identifier,
                "vpcId": self.vpc_id,
                "subnetIds": self.subnet_ids,
                "vpcSecurityGroupIds": self.vpc_security_group_ids,
            },
        )
        if answer.get("status") == "FAILED":
            raise AirflowException(f"Private endpoint failed to create for graph {self.graph_identifier}")
        handle = {"graphIdentifier": self.graph_identifier, "vpcId": answer.get("vpcId", self.vpc_id)}
        self.link(context, "_vpc_endpoint", endpoint_id=self._id(handle))
        return handle

    def _id(self, handle: dict[str, Any]) -> Any:
        return self.call(self.watch.action, handle).get("vpcEndpointId")

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        handle = handle or {}
        return {"vpc_endpoint_id": self._id(handle), "graph_id": handle["graphIdentifier"], "vpc_id": handle["vpcId"]}


class NeptuneDeletePrivateGraphEndpointOperator(ServiceOperator):
    """Takes a graph out of a VPC."""

    template_fields: Any = aws_template_fields("graph_identifier", "vpc_id")
    service, action = "neptune-graph", "DeletePrivateGraphEndpoint"
    starts = (
        grant("neptune-graph:DeletePrivateGraphEndpoint", "neptune-graph:{here}:graph/{graph_identifier}"),
        grant(f"ec2:DeleteVpcEndpoints {_NETWORK} route53:DisassociateVPCFromHostedZone"),
    )
    watch = replace(
        _endpoint("graph_identifier"),
        success=(),
        failure=("AVAILABLE", "CREATING", "FAILED"),
        gone=("ResourceNotFoundException",),
    )
    __init__ = takes("graph_identifier", "vpc_id", **_WAITER)

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        endpoint = {"graphIdentifier": self.graph_identifier, "vpcId": self.vpc_id}
        if self.call(self.action, endpoint).get("status") == "FAILED":
            raise AirflowException(f"Failed to delete the private endpoint of graph {self.graph_identifier}")
        return endpoint


class NeptuneStartImportTaskOperator(ServiceOperator):
    """Loads data of S3 into an empty graph; the XCom is {"import_task_id", "graph_id"}."""

    template_fields: Any = aws_template_fields("graph_identifier", "role_arn", "source", "import_options")
    template_fields_renderers: Any = {"import_options": "json"}  # noqa: RUF012
    service, action = "neptune-graph", "StartImportTask"
    starts = (
        grant("neptune-graph:StartImportTask", "neptune-graph:{here}:graph/{graph_identifier}", _TASKS),
        passes_role("neptune-graph"),
    )
    watch = _import(_TASKS)
    __init__ = takes(
        *("graph_identifier", "role_arn", "source"),
        blank_node_handling=None,
        fail_on_error=True,
        format=None,
        import_options=None,
        parquet_type="COLUMNAR",
        **_WAITER,
    )

    def request(self) -> dict[str, Any]:
        return {
            "graphIdentifier": self.graph_identifier,
            "roleArn": self.role_arn,
            "source": self.source,
            "blankNodeHandling": self.blank_node_handling,
            "failOnError": self.fail_on_error,
            "format": self.format,
            "importOptions": self.import_options,
            "parquetType": self.parquet_type,
        }

    def start(self, context: Any) -> dict[str, Any]:
        task = self.call(self.action, self.request())["taskId"]
        self.link(context, "_import_task", import_task_id=task)
        return {"taskIdentifier": task}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"import_task_id": (handle or {})["taskIdentifier"], "graph_id": self.graph_identifier}


class NeptuneCancelImportTaskOperator(ServiceOperator):
    """Cancels an import; one that ends before that is no failure. The XCom is {"import_task_id"}."""

    template_fields: Any = aws_template_fields("import_task_id")
    service, action = "neptune-graph", "CancelImportTask"
    starts = (grant("neptune-graph:CancelImportTask", "neptune-graph:{here}:import-task/{import_task_id}"),)
    watch = replace(
        _import("neptune-graph:{here}:import-task/{import_task_id}"),
        success=("SUCCEEDED", "CANCELLED", "FAILED"),
        failure=(),
    )
    __init__ = takes("import_task_id", **_WAITER)

    def request(self) -> dict[str, Any]:
        return {"taskIdentifier": self.import_task_id}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return self.request()

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"import_task_id": self.import_task_id}


class NeptuneCreateGraphWithImportOperator(ServiceOperator):
    """Makes a graph of data on S3, and waits for both; the XCom is {"graph_id"}."""

    template_fields: Any = aws_template_fields("graph_name", "vector_search_config", "source", "role_arn")
    template_fields_renderers: Any = {"vector_search_config": "json"}  # noqa: RUF012
    service, action = "neptune-graph", "CreateGraphUsingImportTask"
    graph = _graph(_ANY)
    watch = replace(_import(_TASKS), grants=(*_import(_TASKS).grants, *graph.grants))
    starts = (
        grant("neptune-graph:CreateGraphUsingImportTask", _ANY, _TASKS),
        passes_role("neptune-graph"),
        *(_LINKED_ROLE, _KEY, _TAGS),
    )
    kept = ("graph",)
    __init__ = takes(
        *("graph_name", "vector_search_config", "source", "role_arn"),
        blank_node_handling=None,
        parquet_type=None,
        format=None,
        min_provisioned_memory=None,
        max_provisioned_memory=None,
        fail_on_error=None,
        public_connectivity=None,
        replica_count=None,
        deletion_protection=None,
        kms_key_id=None,
        tags=None,
        import_options=None,
        **_WAITER,
    )

    def request(self) -> dict[str, Any]:
        return {
            "graphName": self.graph_name,
            "vectorSearchConfiguration": self.vector_search_config,
            "source": self.source,
            "roleArn": self.role_arn,
            "format": self.format,
            "minProvisionedMemory": self.min_provisioned_memory,
            "maxProvisionedMemory": self.max_provisioned_memory,
            "failOnError": self.fail_on_error,
            "replicaCount": self.replica_count,
            "publicConnectivity": self.public_connectivity,
            "deletionProtection": self.deletion_protection,
            "kmsKeyIdentifier": self.kms_key_id,
            "tags": self.tags,
            "importOptions": self.import_options or None,
            "blankNodeHandling": self.blank_node_handling,
            "parquetType": self.parquet_type,
        }

    def start(self, context: Any) -> dict[str, Any]:
        answer = self.call(self.action, self.request())
        self.link(context, "_neptune_graph", graph_id=answer["graphId"])
        self.link(context, "_import_task", import_task_id=answer["taskId"])
        return {"taskIdentifier": answer["taskId"], "graph": answer["graphId"]}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        state, told = super().asked(handle)
        return self.judged(self.graph, {"graphIdentifier": handle["graph"]}) if state == "success" else (state, told)

    def pace(self) -> tuple[float, float | None]:
        delay, attempts = ServiceOperator.pace(self)  # `self` may stand in for a mapped operator
        return delay, attempts and 2 * attempts  # the provider waits for one, then for the other

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"graph_id": (handle or {})["graph"]}
