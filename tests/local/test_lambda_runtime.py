"""The Lambda runtime by itself: processes, their answers, their errors."""

import dataclasses
import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local.lambda_runtime.function import Function, Invocation, Package
from infra.local.lambda_runtime.runtime import LambdaRuntime
from tests.local.conftest import digest, zipped

APP = """
import json, logging, os, sys, time

loaded = time.time()

class Custom(Exception):
    pass

def handler(event, context):
    return globals()[event.get("do", "echo")](event, context)

def echo(event, context): return event
def pid(event, context): time.sleep(event.get("seconds", 0)); return os.getpid()
def fail(event, context): raise Custom("no luck")
def crash(event, context): print("last words"); os._exit(3)
def killed(event, context): os.kill(os.getpid(), 9)
def leave(event, context): sys.exit(0)
def sleep(event, context): time.sleep(event["seconds"])
def variables(event, context): return dict(os.environ)
def ours(event, context): import pendulum
def boto(event, context): import boto3; return sorted({m.split(".")[0] for m in sys.modules})
def unserializable(event, context): return object()
def big(event, context): return "x" * 6_300_000
def children(event, context): os.system("sleep 60 &"); os._exit(1)
def words(event, context):
    print("first"); logging.warning("second"); sys.stderr.write("third"); return 1
def about(event, context):
    return [context.aws_request_id, context.function_version, context.invoked_function_arn, context.log_group_name,
            context.memory_limit_in_mb, 0 < context.get_remaining_time_in_millis() <= 5000]
"""
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:work"


def function(files: dict[str, str] | None = None, **changes: Any) -> Function:
    code = zipped(**(files or {"app": APP}))
    base = Function(
        name="work",
        version="7",
        arn=ARN,
        handler="app.handler",
        runtime="python3.11",
        timeout=5,
        memory=256,
        account="111122223333",
        region="eu-west-1",
        log_group="/aws/lambda/work",
        environment={"STAGE": "test", "AWS_REGION": "not-this"},
        code=Package(digest(code), code),
    )
    return dataclasses.replace(base, **changes)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaRuntime]:
    made = LambdaRuntime(tmp_path_factory.mktemp("lambda"), "http://127.0.0.1:1", lambda *_: None)
    yield made
    made.close()


def invoke(runtime: LambdaRuntime, event: Any, of: Function | None = None) -> Invocation:
    return runtime.invoke(of or function(), event, request_id="request-1", invoked_arn=f"{ARN}:7")


def error(invocation: Invocation) -> dict[str, Any]:
    assert invocation.failed
    found: dict[str, Any] = json.loads(invocation.payload)
    return found


def messages(invocation: Invocation) -> list[str]:
    return [line.message for line in invocation.log]


@pytest.mark.parametrize("event", [{}, {"a": [1, "é", None]}, {"line": "two\nlines"}])
def test_the_event_comes_through_as_it_is(runtime: LambdaRuntime, event: dict[str, Any]) -> None:
    assert json.loads(invoke(runtime, event).payload) == event


def test_an_exception_is_reported_by_its_class(runtime: LambdaRuntime) -> None:
    found = error(invoke(runtime, {"do": "fail"}))
    assert (found["errorType"], found["errorMessage"], found["requestId"]) == ("Custom", "no luck", "request-1")
    assert "/var/task/app.py" in found["stackTrace"][-1]


def test_a_worker_outlives_an_exception(runtime: LambdaRuntime) -> None:
    before = invoke(runtime, {"do": "pid"}).payload
    invoke(runtime, {"do": "fail"})
    assert invoke(runtime, {"do": "pid"}).payload == before


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        ("crash", "Runtime exited with error: exit status 3"),
        ("killed", "Runtime exited with error: signal: kill"),
        ("leave", "Runtime exited without providing a reason"),
    ],
)
def test_a_lost_process_is_an_exit_error(runtime: LambdaRuntime, do: str, reason: str) -> None:
    invocation = invoke(runtime, {"do": do})
    found = error(invocation)
    assert found == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: request-1 Error: {reason}"}
    if do == "crash":
        assert "last words" in messages(invocation)
    assert not invoke(runtime, {}).failed


def test_a_timeout_ends_the_process(runtime: LambdaRuntime) -> None:
    quick = function(timeout=0.3)
    before = invoke(runtime, {"do": "pid"}, quick).payload
    found = error(invoke(runtime, {"do": "sleep", "seconds": 30}, quick))
    assert found["errorType"] == "Sandbox.Timedout"
    assert found["errorMessage"].endswith("Task timed out after 0.30 seconds")
    assert not Path(f"/proc/{before}").exists()


def test_what_a_lost_process_started_ends_with_it(runtime: LambdaRuntime) -> None:
    started = time.monotonic()
    error(invoke(runtime, {"do": "children"}))
    assert time.monotonic() - started < 5


def test_our_own_packages_are_out_of_sight(runtime: LambdaRuntime) -> None:
    found = error(invoke(runtime, {"do": "ours"}))
    assert (found["errorType"], found["errorMessage"]) == ("ModuleNotFoundError", "No module named 'pendulum'")


def test_boto3_is_there(runtime: LambdaRuntime) -> None:
    assert {"boto3", "botocore"} <= set(json.loads(invoke(runtime, {"do": "boto"}).payload))


def test_the_environment_is_aws_s_and_the_function_s(runtime: LambdaRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRSTEP_OF_THE_SERVER", "1")
    found = json.loads(invoke(runtime, {"do": "variables"}, function(version="8")).payload)
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": "work",
        "AWS_LAMBDA_FUNCTION_VERSION": "8",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/work",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "111122223333",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "_HANDLER": "app.handler",
        "STAGE": "test",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert not {"AIRSTEP_OF_THE_SERVER", "HOME", "VIRTUAL_ENV"} & found.keys()


def test_the_context_tells_about_the_invocation(runtime: LambdaRuntime) -> None:
    found = json.loads(invoke(runtime, {"do": "about"}).payload)
    assert found == ["request-1", "7", f"{ARN}:7", "/aws/lambda/work", "256", True]


def test_output_is_logged_between_start_and_report(runtime: LambdaRuntime) -> None:
    invoke(runtime, {})
    found = messages(invoke(runtime, {"do": "words"}))
    assert found[0] == "START RequestId: request-1 Version: 7"
    assert found[1] == "first"
    assert found[2].startswith("[WARNING]\t")
    assert found[2].endswith("\trequest-1\tsecond")
    assert found[3:5] == ["third", "END RequestId: request-1"]
    assert found[5].startswith("REPORT RequestId: request-1\tDuration: ")


def test_answers_that_are_no_json_or_too_long_are_errors(runtime: LambdaRuntime) -> None:
    assert error(invoke(runtime, {"do": "unserializable"}))["errorType"] == "Runtime.MarshalError"
    assert error(invoke(runtime, {"do": "big"}))["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("files", "handler", "expected"),
    [
        ({"app": "import nowhere"}, "app.handler", "Runtime.ImportModuleError"),
        ({"app": ""}, "other.handler", "Runtime.ImportModuleError"),
        ({"app": "def"}, "app.handler", "Runtime.UserCodeSyntaxError"),
        ({"app": ""}, "app.handler", "Runtime.HandlerNotFound"),
        ({"app": ""}, "app", "Runtime.MalformedHandlerName"),
        ({"app": "1 / 0"}, "app.handler", "ZeroDivisionError"),
        ({"app": "import os; os._exit(4)"}, "app.handler", "Runtime.ExitError"),
    ],
)
def test_a_handler_that_cannot_be_loaded(
    runtime: LambdaRuntime, files: dict[str, str], handler: str, expected: str
) -> None:
    assert error(invoke(runtime, {}, function(files, handler=handler)))["errorType"] == expected


def test_concurrent_invocations_run_side_by_side(runtime: LambdaRuntime) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: invoke(runtime, {"do": "pid", "seconds": 0.5}).payload, range(4)))
    assert len(set(found)) == 4


def test_a_changed_function_gets_new_workers(runtime: LambdaRuntime) -> None:
    first = function({"app": "def handler(event, context): return 1"}, version="$LATEST")
    second = function({"app": "def handler(event, context): return 2"}, version="$LATEST")
    assert [invoke(runtime, {}, of).payload for of in (first, second, second)] == ["1", "2", "2"]


def test_a_layer_is_importable(runtime: LambdaRuntime) -> None:
    layer = zipped(**{"python/shared": "value = 42"})
    user = function(
        {"app": "import shared\ndef handler(event, context): return shared.value"},
        layers=(Package(digest(layer), layer),),
    )
    assert invoke(runtime, {}, user).payload == "42"


def test_warm_invocations_take_milliseconds(runtime: LambdaRuntime) -> None:
    invoke(runtime, {})
    started = time.monotonic()
    for _ in range(50):
        invoke(runtime, {})
    assert (time.monotonic() - started) / 50 < 0.02


def test_closing_ends_all_workers(tmp_path: Path) -> None:
    runtime = LambdaRuntime(tmp_path, "http://127.0.0.1:1", lambda *_: None)
    idle = invoke(runtime, {"do": "pid"}).payload
    outcome: list[Invocation] = []
    busy = threading.Thread(target=lambda: outcome.append(invoke(runtime, {"do": "sleep", "seconds": 30})))
    busy.start()
    time.sleep(0.3)
    runtime.close()
    busy.join(5)
    assert error(outcome[0])["errorType"] == "Runtime.ExitError"
    with pytest.raises(ProcessLookupError):
        os.kill(int(idle), 0)
