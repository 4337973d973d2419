"""An HTTP task on the local AWS: EventBridge's connection brings the credentials, which no history shows."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.test_http import server
from tests.local.conftest import ROLE, Client

pytestmark = pytest.mark.local_aws
__all__ = ["server"]


def test_a_connections_login_is_sent_and_not_shown(client: Client, wait_for: Callable[..., Any], server: str) -> None:
    login = {"Username": "me", "Password": "opensesame"}
    made = client("events").create_connection(
        Name="api", AuthorizationType="BASIC", AuthParameters={"BasicAuthParameters": login}
    )
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::http:invoke",
        "Arguments": {
            "ApiEndpoint": f"{server}/a",
            "Method": "GET",
            "Authentication": {"ConnectionArn": made["ConnectionArn"]},
        },
        "Output": "{% $states.result.ResponseBody.Authorization %}",
        "End": True,
    }
    machine = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
    states = client("stepfunctions")
    arn = states.create_state_machine(name="http", definition=json.dumps(machine), roleArn=ROLE)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    done = wait_for(lambda: (told := states.describe_execution(executionArn=execution))["status"] != "RUNNING" and told)
    assert done["status"] == "SUCCEEDED", done.get("cause")
    # The server has told it; nobody else does.
    assert json.loads(done["output"]) == "Basic " + base64.b64encode(b"me:opensesame").decode()
    assert "opensesame" not in json.dumps(states.get_execution_history(executionArn=execution)["events"], default=str)
