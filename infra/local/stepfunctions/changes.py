"""Execution status change events, as EventBridge gets them from Step Functions (Standard executions only).

Input and output are left out where they are too large for an event, the input first. Source: Step Functions developer
guide, "Automating Step Functions event delivery with EventBridge".
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from infra.local.engine import Execution
from infra.local.engine.json_values import dumps, timestamp

DATA_LIMIT: Final = 248 * 1024
"""Bytes of escaped input and output together."""


def status_change(execution: Execution, account: str, region: str, number: str) -> dict[str, Any]:
    """The event for the execution's present status; `number` is the event's id."""
    given = execution.notes.get("input") or dumps(execution.input)
    output = dumps(execution.output) if execution.status == "SUCCEEDED" else None
    # As JSON in JSON they are escaped, and an event has its size.
    longest = len(json.dumps(output)) if output is not None else 0
    keeps_output, keeps_input = longest <= DATA_LIMIT, longest + len(json.dumps(given)) <= DATA_LIMIT
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
            "input": given if keeps_input else None,
            "inputDetails": {"included": keeps_input},
            "output": output if keeps_output else None,
            "outputDetails": {"included": keeps_output} if output is not None else None,
            "error": execution.error,
            "cause": execution.cause,
            "redriveCount": execution.redrive_count,
            "redriveDate": _milliseconds(execution.redriven) if execution.redriven else None,
        },
    }


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
