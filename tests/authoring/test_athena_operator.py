"""AthenaOperator."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import pytest

from dag_translator.authoring import runtime
from dag_translator.authoring.exceptions import (
    AirflowException,
)
from dag_translator.authoring.operators.athena import AthenaOperator
from tests.authoring.conftest import Aws, FakeAthena


def test_athena_request_and_result() -> None:
    operator = AthenaOperator(
        task_id="q",
        query="select 1",
        database="db",
        output_location="s3://b/k",
        max_tries=None,
        sleep_time=0,
        region_name="eu-west-1",
        client_request_token="token",
        query_execution_context={"Catalog": "mine"},
        catalog="other",
    )
    request = {
        "QueryString": "select 1",
        "QueryExecutionContext": {"Catalog": "other", "Database": "db"},
        "ResultConfiguration": {"OutputLocation": "s3://b/k"},
        "WorkGroup": "primary",
        "ClientRequestToken": "token",
    }
    assert operator.start_query_arguments() == request
    athena = FakeAthena("QUEUED", "RUNNING", "SUCCEEDED")
    with runtime.use(Aws(athena)) as aws:
        assert operator.execute({}) == "q1"
    assert aws.asked == [("athena", {"region_name": "eu-west-1"})]  # type: ignore[attr-defined]
    assert athena.calls[0] == ("start", request)
    assert [kind for kind, _ in athena.calls[1:]] == ["get"] * 3


@pytest.mark.parametrize(("state", "message"), [("FAILED", "Error: because"), ("RUNNING", "Max tries")])
def test_athena_failures(state: str, message: str) -> None:
    operator = AthenaOperator(task_id="q", query="x", max_polling_attempts=2, sleep_time=0)
    athena = FakeAthena(state)
    with runtime.use(Aws(athena)):
        with pytest.raises(AirflowException, match=message):
            operator.execute({})
        operator.on_kill()
    assert athena.calls[-1] == ("stop", {"QueryExecutionId": "q1"})
