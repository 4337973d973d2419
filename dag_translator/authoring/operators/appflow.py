"""Operators of Amazon AppFlow: run a flow, with a filter on a date that is written into it before. The XCom is the
execution's id, under `execution_id` as well.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Grant, Watch, grant, judge, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.python import ShortCircuitOperator

_FLOW = "appflow:{here}:flow/{flow_name}"
_UPDATED = (
    grant("appflow:DescribeFlow appflow:UpdateFlow", _FLOW),
    grant("appflow:UseConnectorProfile", "appflow:{here}:connectorprofile/*"),
)
# Seconds that a change takes to reach everywhere.
_PROPAGATION = 15


class _Run(ServiceOperator):
    """Runs a flow. flow_update: first make it run on demand, without its filters but with `filters`."""

    template_fields: Any = aws_template_fields("flow_name", "source", "source_field", "filter_date")
    ui_color = "#2bccbd"
    service = "appflow"
    starts: tuple[Grant, ...] = (grant("appflow:StartFlow", _FLOW), *_UPDATED)
    watch = Watch(
        "appflow",
        "DescribeFlowExecutionRecords",
        "executionStatus",
        success=("Successful",),
        failure=("Error",),
        reason="executionResult.errorInfo.executionMessage",
        grants=(grant("appflow:DescribeFlowExecutionRecords", _FLOW),),
    )
    kept, returns = ("execution",), "execution"
    sources: tuple[str, ...] = ("salesforce", "zendesk")
    needs_date = False
    source: Any = None
    source_field: Any = None
    filter_date: Any = None
    flow_update: bool = True
    __init__ = takes("flow_name", poll_interval=20, max_attempts=60, wait_for_completion=True)

    def filters(self, day: datetime) -> dict[str, Any]:  # noqa: ARG002
        """The filter's operator and its properties, if there is to be one."""
        return {}

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        self._check()
        if self.flow_update:
            self._update()
            time.sleep(_PROPAGATION)
        started = self.call("StartFlow", {"flowName": self.flow_name})
        return {"flowName": self.flow_name, "execution": started["executionId"]}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        record = record_of(self, self.flow_name, handle["execution"])
        return ("running", "no record yet") if record is None else judge(self.watch, record)

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:
        context["ti"].xcom_push(key="execution_id", value=(handle or {})["execution"])
        return super().finish(handle, context)

    def _check(self) -> None:
        if self.source is None:
            return
        if self.source not in self.sources:
            raise ValueError(f"Source {self.source} is not supported for {type(self).__name__}!")
        if self.needs_date and not self.filter_date:
            raise ValueError(f"The filter_date argument is mandatory for {type(self).__name__}!")
        if self.needs_date and not self.source_field:
            raise ValueError(f"Invalid source_field argument value: {self.source_field}")
        connector = self._described()["sourceFlowConfig"]["connectorType"]
        if self.source != connector.lower():
            raise ValueError(f"Incompatible source ({self.source} and connector type ({connector})!")

    def _described(self) -> dict[str, Any]:
        return self.call("DescribeFlow", {"flowName": self.flow_name})

    def _update(self) -> None:
        flow = self._described()
        connector = flow["sourceFlowConfig"]["connectorType"]
        tasks = [task for task in flow["tasks"] if not _is_filter(task, connector)]
        if self.needs_date:
            own = self.filters(datetime.fromisoformat(self.filter_date))
            properties = {"DATA_TYPE": "datetime", **{name: own[name] for name in own if name != "operator"}}
            operator = {connector: own["operator"]}
            task = {"taskType": "Filter", "connectorOperator": operator, "sourceFields": [self.source_field]}
            tasks.append({**task, "taskProperties": properties})
        trigger = {name: each for name, each in flow["triggerConfig"].items() if name != "triggerProperties"}
        self.call(
            "UpdateFlow",
            {
                "flowName": flow["flowName"],
                "destinationFlowConfigList": flow["destinationFlowConfigList"],
                "sourceFlowConfig": flow["sourceFlowConfig"],
                "triggerConfig": trigger,
                "description": flow.get("description", "Flow description."),
                "tasks": tasks,
            },
        )


def record_of(operator: Any, flow_name: str, execution_id: str) -> dict[str, Any] | None:
    """What AppFlow has recorded of a flow's execution."""
    page: dict[str, Any] = {}
    while True:
        asked = {"flowName": flow_name, "nextToken": page.get("nextToken")}
        page = operator.call("DescribeFlowExecutionRecords", asked)
        for record in page["flowExecutions"]:
            if record["executionId"] == execution_id:
                found: dict[str, Any] = record
                return found
        if not page.get("nextToken"):
            return None


def _is_filter(task: dict[str, Any], connector: str) -> bool:
    return bool(task["taskType"] == "Filter") and task.get("connectorOperator", {}).get(connector) != "PROJECTION"


def _millis(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


class AppflowBaseOperator(_Run):
    """Runs a flow, for subclasses: with `filters` of their own."""

    __init__ = takes("flow_update", source=None, source_field=None, filter_date=None)


class AppflowRunOperator(_Run):
    """Runs a flow as it is. source: what it has to be connected with, if given."""

    starts = (grant("appflow:StartFlow", _FLOW), grant("appflow:DescribeFlow", _FLOW, given="source"))
    flow_update = False
    __init__ = takes(source=None)


class AppflowRunFullOperator(_Run):
    """Runs a flow without filters. source: "salesforce" or "zendesk"."""

    __init__ = takes("source")


class AppflowRunBeforeOperator(_Run):
    """Runs a flow on what is before filter_date (ISO 8601). source: "salesforce"."""

    sources: tuple[str, ...] = ("salesforce",)
    needs_date = True
    __init__ = takes("source", "source_field", "filter_date")

    def filters(self, day: datetime) -> dict[str, Any]:
        return {"operator": "LESS_THAN", "VALUE": _millis(day)}


class AppflowRunAfterOperator(AppflowRunBeforeOperator):
    """Runs a flow on what is after filter_date. source: "salesforce" or "zendesk"."""

    sources = ("salesforce", "zendesk")

    def filters(self, day: datetime) -> dict[str, Any]:
        return {"operator": "GREATER_THAN", "VALUE": _millis(day)}


class AppflowRunDailyOperator(AppflowRunBeforeOperator):
    """Runs a flow on one day. source: "salesforce"."""

    def filters(self, day: datetime) -> dict[str, Any]:
        lower, upper = day - timedelta(milliseconds=1), day + timedelta(days=1)
        return {"operator": "BETWEEN", "LOWER_BOUND": _millis(lower), "UPPER_BOUND": _millis(upper)}


class AppflowRecordsShortCircuitOperator(ShortCircuitOperator, ServiceTask):
    """Skips what is downstream if the run that task `appflow_run_task_id` made processed no records.

    The XCom `records_processed` is their number.
    """

    template_fields: Any = aws_template_fields()
    ui_color = "#33ffec"
    service = "appflow"
    starts = (grant("appflow:DescribeFlowExecutionRecords", _FLOW),)

    def __init__(
        self,
        *,
        flow_name: str,
        appflow_run_task_id: str,
        ignore_downstream_trigger_rules: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            python_callable=self._has_records,
            op_kwargs={"flow_name": flow_name, "appflow_run_task_id": appflow_run_task_id},
            ignore_downstream_trigger_rules=ignore_downstream_trigger_rules,
            **kwargs,
        )
        self.flow_name = flow_name

    def _has_records(self, flow_name: str, appflow_run_task_id: str, ti: Any) -> bool:
        execution = ti.xcom_pull(task_ids=appflow_run_task_id, key="execution_id")
        if not execution:
            raise AirflowException(f"No execution_id found from task_id {appflow_run_task_id}!")
        record = record_of(self, flow_name, execution) or {}
        processed = record.get("executionResult", {}).get("recordsProcessed")
        if processed is None:
            raise AirflowException(f"Flow ({execution}) without recordsProcessed info!")
        ti.xcom_push("records_processed", processed)
        return bool(processed > 0)
