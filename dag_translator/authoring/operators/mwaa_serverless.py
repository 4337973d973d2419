"""Operators of Amazon MWAA Serverless's workflows."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask, error_code
from dag_translator.authoring.aws.rows import grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_ANY = "airflow-serverless:{here}:workflow/*"


class _Workflow(ServiceTask):
    service = "mwaa-serverless"


class MwaaServerlessStartWorkflowRunOperator(_Workflow):
    """Starts a run; the XCom is its id."""

    template_fields: Any = aws_template_fields("workflow_arn", "override_parameters", "workflow_version")
    action = "StartWorkflowRun"
    starts = (grant("airflow-serverless:StartWorkflowRun", _ANY),)
    returns = "RunId"
    __init__ = takes("workflow_arn", override_parameters=None, workflow_version=None)

    def request(self) -> dict[str, Any]:
        return {
            "WorkflowArn": self.workflow_arn,
            "OverrideParameters": self.override_parameters,
            "WorkflowVersion": self.workflow_version,
        }


class MwaaServerlessStopWorkflowRunOperator(_Workflow):
    """Stops a run; the XCom is its status."""

    template_fields: Any = aws_template_fields("workflow_arn", "run_id")
    action = "StopWorkflowRun"
    starts = (grant("airflow-serverless:StopWorkflowRun", _ANY),)
    returns = "Status"
    __init__ = takes("workflow_arn", "run_id")

    def request(self) -> dict[str, Any]:
        return {"WorkflowArn": self.workflow_arn, "RunId": self.run_id}


class MwaaServerlessCreateWorkflowOperator(_Workflow):
    """Makes a workflow; the XCom is its ARN. if_exists: "skip" or "fail"."""

    template_fields: Any = aws_template_fields(
        *("workflow_name", "definition_s3_location", "code", "role_arn", "description", "create_workflow_kwargs")
    )
    action = "CreateWorkflow"
    # The two actions have no resource.
    starts = (
        grant("airflow-serverless:CreateWorkflow airflow-serverless:ListWorkflows"),
        grant("airflow-serverless:TagResource", _ANY, given="tags"),
        passes_role("airflow-serverless"),
    )
    returns = "WorkflowArn"
    __init__ = takes(
        *("workflow_name", "definition_s3_location", "role_arn"),
        code=None,
        description=None,
        tags=None,
        create_workflow_kwargs=None,
        if_exists="skip",
    )

    def request(self) -> dict[str, Any]:
        return {
            "Name": self.workflow_name,
            "DefinitionS3Location": self.definition_s3_location,
            "Code": self.code,
            "RoleArn": self.role_arn,
            "Description": self.description,
            "Tags": self.tags,
            **(self.create_workflow_kwargs or {}),
        }

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        try:
            return self.call(self.action, self.request())
        except Exception as error:
            if error_code(error) != "ConflictException" or self.if_exists != "skip":
                raise
            for page in self.client().get_paginator("list_workflows").paginate():
                for workflow in page["Workflows"]:
                    if workflow.get("Name") == self.workflow_name:
                        return {"WorkflowArn": workflow["WorkflowArn"]}
            raise


class MwaaServerlessUpdateWorkflowOperator(_Workflow):
    """Changes a workflow; the XCom is its ARN."""

    template_fields: Any = aws_template_fields(
        *("workflow_arn", "definition_s3_location", "code", "role_arn", "description", "update_workflow_kwargs")
    )
    action = "UpdateWorkflow"
    starts = (grant("airflow-serverless:UpdateWorkflow", _ANY), passes_role("airflow-serverless"))
    returns = "WorkflowArn"
    __init__ = takes(
        *("workflow_arn", "definition_s3_location", "role_arn"),
        code=None,
        description=None,
        update_workflow_kwargs=None,
    )

    def request(self) -> dict[str, Any]:
        return {
            "WorkflowArn": self.workflow_arn,
            "DefinitionS3Location": self.definition_s3_location,
            "Code": self.code,
            "RoleArn": self.role_arn,
            "Description": self.description,
            **(self.update_workflow_kwargs or {}),
        }


class MwaaServerlessDeleteWorkflowOperator(_Workflow):
    """Deletes a workflow, or one version of it."""

    template_fields: Any = aws_template_fields("workflow_arn", "workflow_version")
    action = "DeleteWorkflow"
    starts = (grant("airflow-serverless:DeleteWorkflow", _ANY),)
    __init__ = takes("workflow_arn", workflow_version=None)

    def request(self) -> dict[str, Any]:
        return {"WorkflowArn": self.workflow_arn, "WorkflowVersion": self.workflow_version}
