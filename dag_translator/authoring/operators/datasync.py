"""DataSyncOperator: runs a task of AWS DataSync that is given, found by its locations, or made."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlsplit

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, at, grant, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields

_TASK = "datasync:{here}:task/*"
_LOCATION = "datasync:{here}:location/*"
_EXECUTION = f"{_TASK}/execution/*"
# Scheme of a location's URI → the action that makes one.
_CREATES = {
    "smb": "CreateLocationSmb",
    "s3": "CreateLocationS3",
    "nfs": "CreateLocationNfs",
    "efs": "CreateLocationEfs",
}
_CREATE = " ".join(f"datasync:{action}" for action in _CREATES.values())


class DataSyncOperator(ServiceOperator):
    """Runs a task; the XCom is {"TaskArn", "TaskExecutionArn"}. An execution that takes too long is cancelled."""

    template_fields: Any = aws_template_fields(
        *("task_arn", "source_location_uri", "destination_location_uri", "create_task_kwargs"),
        *("create_source_location_kwargs", "create_destination_location_kwargs", "update_task_kwargs"),
        "task_execution_kwargs",
    )
    ui_color = "#44b5e2"
    service = "datasync"
    starts = (
        grant("datasync:StartTaskExecution", _TASK),
        grant("datasync:DescribeTask", _TASK),
        grant("datasync:CancelTaskExecution", _EXECUTION),
        grant("datasync:ListLocations datasync:ListTasks", given="source_location_uri"),
        grant("datasync:CreateTask datasync:TagResource", _LOCATION, _TASK, given="create_task_kwargs"),
        grant(_CREATE, given="create_source_location_kwargs"),
        grant(_CREATE, given="create_destination_location_kwargs"),
        grant("iam:PassRole", "iam::{account}:role/*", given="create_source_location_kwargs"),
        grant("iam:PassRole", "iam::{account}:role/*", given="create_destination_location_kwargs"),
        grant("datasync:UpdateTask", _TASK, given="update_task_kwargs"),
        grant("datasync:DeleteTask", _TASK, given="delete_task_after_execution"),
    )
    watch = Watch(
        "datasync",
        "DescribeTaskExecution",
        "Status",
        success=("SUCCESS",),
        failure=("ERROR",),
        reason="Result.ErrorDetail",
        grants=(grant("datasync:DescribeTaskExecution", _EXECUTION),),
    )
    kept = ("TaskArn",)
    __init__ = takes(
        wait_interval_seconds=30,
        max_iterations=60,
        wait_for_completion=True,
        task_arn=None,
        source_location_uri=None,
        destination_location_uri=None,
        allow_random_task_choice=False,
        allow_random_location_choice=False,
        create_task_kwargs=None,
        create_source_location_kwargs=None,
        create_destination_location_kwargs=None,
        update_task_kwargs=None,
        task_execution_kwargs=None,
        delete_task_after_execution=False,
    )

    def pace(self) -> tuple[float, float | None]:
        # The provider sleeps twice between two questions.
        return 2 * float(self.wait_interval_seconds), float(self.max_iterations)

    def start(self, context: Any) -> dict[str, Any]:
        if not self.task_arn and not (self.source_location_uri and self.destination_location_uri):
            raise ValueError("Either specify task_arn or both source_location_uri and destination_location_uri.")
        task = self.task_arn or self._task()
        name = task.rsplit("/", 1)[-1]
        self.link(context, "datasync_task", task_id=name)
        if self.update_task_kwargs:
            self.call("UpdateTask", {"TaskArn": task, **self.update_task_kwargs})
        started = self.call("StartTaskExecution", {"TaskArn": task, **(self.task_execution_kwargs or {})})
        execution = started["TaskExecutionArn"]
        self.link(context, "datasync_task_execution", task_id=name, task_execution_id=execution.rsplit("/", 1)[-1])
        return {"TaskExecutionArn": execution, "TaskArn": task}

    def abandon(self, handle: dict[str, Any]) -> None:
        if self.asked(handle)[0] == "running":
            self.cancel(handle)

    def cancel(self, handle: dict[str, Any]) -> None:
        self.call("CancelTaskExecution", self.question(handle))

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        handle = handle or {}
        if self.delete_task_after_execution:
            self.call("DeleteTask", {"TaskArn": handle["TaskArn"]})
        return {"TaskArn": handle["TaskArn"], "TaskExecutionArn": handle["TaskExecutionArn"]}

    def _task(self) -> str:
        """The ARN of the task between the two locations; of a new one if there is none."""
        sources, targets = self._locations(self.source_location_uri), self._locations(self.destination_location_uri)
        found = []
        for arn in at({"Pages": self._all("list_tasks")}, "Pages.Tasks.TaskArn") if sources and targets else []:
            told = self.call("DescribeTask", {"TaskArn": arn})
            if told["SourceLocationArn"] in sources and told["DestinationLocationArn"] in targets:
                found.append(arn)
        if found:
            return self._one(found, self.allow_random_task_choice, "Task")
        if not self.create_task_kwargs:
            raise AirflowException("DataSync TaskArn could not be identified or created.")
        source = self._location(sources, self.source_location_uri, self.create_source_location_kwargs)
        target = self._location(targets, self.destination_location_uri, self.create_destination_location_kwargs)
        ends = {"SourceLocationArn": source, "DestinationLocationArn": target}
        return str(self.call("CreateTask", {**ends, **self.create_task_kwargs})["TaskArn"])

    def _all(self, method: str) -> list[Any]:
        return list(self.client().get_paginator(method).paginate())

    def _locations(self, uri: str) -> list[str]:
        """ARNs; capitals and a slash at the end make no difference."""
        named = uri.lower().removesuffix("/")
        return [
            location["LocationArn"]
            for page in self._all("list_locations")
            for location in page["Locations"]
            if location["LocationUri"].lower().removesuffix("/") == named
        ]

    def _location(self, found: list[str], uri: str, kwargs: dict[str, Any] | None) -> str:
        if found:
            return self._one(found, self.allow_random_location_choice, "Location")
        action = _CREATES.get(urlsplit(uri).scheme)
        if action is None or not kwargs:
            raise AirflowException(f"Unable to determine a LocationArn of {uri}. Does a suitable location exist?")
        return str(self.call(action, kwargs)["LocationArn"])

    @staticmethod
    def _one(arns: list[str], at_random: bool, what: str) -> str:
        if len(arns) > 1 and not at_random:
            raise AirflowException(f"Unable to choose a {what} from {arns}")
        return random.choice(arns)
