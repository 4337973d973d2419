"""Execution status change events, as EventBridge gets them from Step Functions (Standard executions only)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from infra.local.engine import Execution
from infra.local.engine.json_values import dumps, timestamp


def status_change(execution: Execution, account: str, region: str, number: str) -> dict[str, Any]:
    """The event for the execution's present status; `number` is the event's id."""
    succeeded = execution.status == "SUCCEEDED"
    return {
        "version": "0",
        "id": number,
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": account,
        "time": timestamp(execution.stopped or execution.started),
        "region": region,
        "resources": [execution.arn],
        "detail": {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine_arn,
            "stateMachineVersionArn": execution.notes.get("version"),
            "stateMachineAliasArn": execution.notes.get("alias"),
            "name": execution.name,
            "status": execution.status,
            "startDate": _milliseconds(execution.started),
            "stopDate": _milliseconds(execution.stopped) if execution.stopped else None,
            "input": execution.notes.get("input") or dumps(execution.input),
            "inputDetails": {"included": True},
            "output": dumps(execution.output) if succeeded else None,
            "outputDetails": {"included": True} if succeeded else None,
            "error": execution.error,
            "cause": execution.cause,
            "redriveCount": execution.redrive_count,
            "redriveDate": _milliseconds(execution.redriven) if execution.redriven else None,
        },
    }


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
