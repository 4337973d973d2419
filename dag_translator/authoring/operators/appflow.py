"""Operators of Amazon AppFlow: run a flow, with a filter on a date that is written into it before. The XCom is the
execution's id, under `execution_id` as well.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Grant, Watch, grant, judge, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_FLOW = "appflow:{here}:flow/{flow_name}"
_UPDATED = (
    grant("appflow:DescribeFlow appflow:UpdateFlow", _FLOW),
    grant("appflow:UseConnectorProfile", "appflow:{here}:connectorprofile/*"),
)
# Seconds that a change takes to reach everywhere.
_PROPAGATION = 15


class AppflowBaseOperator(ServiceOperator):
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
        if self.flow_update:
            self._check()
            self._update()
            time.sleep(_PROPAGATION)
        started = self.call("StartFlow", {"flowName": self.flow_name})
        return {"flowName": self.flow_name, "execution": started["executionId"]}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        page: dict[str, Any] = {}
        while True:
            page = self.call(self.watch.action, {**self.question(handle), "nextToken": page.get("nextToken")})
            for record in page["flowExecutions"]:
                if record["executionId"] == handle["execution"]:
                    return judge(self.watch, record)
            if not page.get("nextToken"):
                return "running", "no record yet"

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:
        context["ti"].xcom_push(key="execution_id", value=(handle or {})["execution"])
        return super().finish(handle, context)

    def _check(self) -> None:
        if self.source not in self.sources:
            raise ValueError(f"Source {self.source} is not supported for {type(self).__name__}!")
        if self.needs_date and not self.filter_date:
            raise ValueError(f"The filter_date argument is mandatory for {type(self).__name__}!")
        if self.needs_date and not self.source_field:
            raise ValueError(f"Invalid source_field argument value: {self.source_field}")

    def _update(self) -> None:
        flow = self.call("DescribeFlow", {"flowName": self.flow_name})
        connector = flow["sourceFlowConfig"]["connectorType"]
        if self.source != connector.lower():
            raise ValueError(f"Incompatible source ({self.source} and connector type ({connector})!")
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


def _is_filter(task: dict[str, Any], connector: str) -> bool:
    return bool(task["taskType"] == "Filter") and task.get("connectorOperator", {}).get(connector) != "PROJECTION"


def _millis(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


class AppflowRunOperator(AppflowBaseOperator):
    """Runs a flow as it is."""

    starts = (grant("appflow:StartFlow", _FLOW),)
    flow_update = False
    __init__ = takes()


class AppflowRunFullOperator(AppflowBaseOperator):
    """Runs a flow without filters. source: "salesforce" or "zendesk"."""

    __init__ = takes("source")


class AppflowRunBeforeOperator(AppflowBaseOperator):
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
