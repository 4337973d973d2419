"""A second opinion on control flow: the interpreter of Step Functions' language that moto has from LocalStack.

It shares no code with `infra/local/engine`, but lacks JSONata (a Java bridge that moto leaves out), and calls Lambda by
boto3; `opened` puts the Python package for JSONata and the fakes of `tests/translator/fakes.py` in those places, undone
afterwards. Nothing sleeps: neither bodies nor the delays before retries.

Left out: nested executions, and so DAGs in parts. Starts and ends are not compared, bodies take no time here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from jsonata.jsonata import Jsonata

from dag_translator.model import Dag
from infra.local.engine import Callbacks, TaskFailed
from tests.translator.fakes import FakeLambdas
from tests.translator.reference import Outcome

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
PARSER = "moto.stepfunctions.parser"
# Branches are threads in this engine, and the package for JSONata keeps what it is doing in globals.
_ONE_AT_A_TIME = threading.RLock()


class _Now:
    """The clock of bodies that take no time."""

    def now(self) -> datetime:
        return datetime(2024, 1, 1, tzinfo=UTC)


class _Call:
    """What a fake asks of the call that it answers."""

    clock = _Now()

    async def sleep(self, seconds: float) -> None:
        del seconds


class _Tokens(Callbacks):
    """Answers tokens in the engine's own pool."""

    def __init__(self, answer: Callable[[str, str], None]) -> None:
        super().__init__()
        self._answer = answer

    def send_task_success(self, *, taskToken: str, output: str) -> dict[str, Any]:
        self._answer(taskToken, output)
        return {}


def execute(
    dag: Dag, definition: Mapping[str, Any], outcomes: Mapping[str, Outcome], fake: type[FakeLambdas] = FakeLambdas
) -> tuple[str, FakeLambdas]:
    """How the machine ends (a class name of the engine's `ProgramState`, the error), and what its Lambdas saw."""
    from moto.stepfunctions.parser.api import StateMachineType
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeSuccess
    from moto.stepfunctions.parser.asl.eval.environment import Environment
    from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails
    from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    program = AmazonStateLanguageParser.parse(json.dumps(definition))[0]
    execution = {"Id": ARN, "Input": {}, "Name": "x", "RoleArn": ARN, "StartTime": "2024-01-01T00:00:00.000Z"}
    environment = Environment(
        aws_execution_details=AWSExecutionDetails("123456789012", "us-east-1", ARN),
        execution_type=StateMachineType.STANDARD,
        context={"Execution": execution, "StateMachine": {"Id": ARN, "Name": "m"}},
        event_history_context=EventHistoryContext.of_program_start(),
        cloud_watch_logging_session=None,
        activity_store={},
    )

    def answer(token: str, output: str) -> None:
        environment.callback_pool_manager.notify(token, CallbackOutcomeSuccess(callback_id=token, output=output))

    lambdas = fake(dag, outcomes, _Tokens(answer))
    with opened(lambdas):
        program.eval(environment)
    state = environment.program_state()
    return type(state).__name__ + str(getattr(state, "error", None) or ""), lambdas


@contextmanager
def opened(lambdas: FakeLambdas) -> Iterator[None]:
    """The interpreter with JSONata and with `lambdas` for Lambda."""
    from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
    from moto.stepfunctions.parser.asl.jsonata import jsonata as bridge

    lock = threading.Lock()

    def invoke(parameters: Mapping[str, Any], region: str, state_credentials: Any) -> dict[str, Any]:
        del region, state_credentials
        arguments = {**parameters, "Payload": json.loads(parameters["Payload"])}
        try:
            with lock:
                answer = _finished(lambdas.call("lambda:invoke", arguments, _Call()))  # type: ignore[arg-type]
        except TaskFailed as failure:
            payload = {"errorType": failure.error, "errorMessage": failure.cause}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": payload}
        return {"StatusCode": 200, **json.loads(json.dumps(answer))}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bridge, "_eval_jsonata", _evaluated)
        patch.setattr(lambda_eval_utils, "_invoke_lambda_function", invoke)
        patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda seconds: None))
        # It refuses `$` in a predicate (`[$ in ['failed']]`) too, not only at an expression's outermost level.
        patch.setattr(bridge, "_ILLEGAL_VARIABLE_REFERENCES", frozenset())
        # Its own writes strings into expressions as they are, quotes and all.
        for module in ("asl.eval.states", "asl.eval.variable_store"):
            patch.setattr(f"{PARSER}.{module}.encode_jsonata_variable_declarations", _declared)
        yield


def _evaluated(text: str) -> Any:
    with _ONE_AT_A_TIME:
        return json.loads(json.dumps(Jsonata(text).evaluate(None)))


def _declared(bindings: Mapping[str, Any]) -> str:
    return "".join(f"{name}:={json.dumps(value)};" for name, value in bindings.items())


def _finished(body: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never waits."""
    try:
        body.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a fake waits")
