"""The process in which a Lambda handler runs: imports it once, then answers one request after another.

Started as a script by `worker.py` with `python -I -S -u bootstrap.py SETTINGS`; imports the standard library only, so
that it adds nothing to what the function sees. Requests come as JSON lines on one pipe, answers go out on another, each
with a letter for what it is; stdout and stderr are the function's log.

Invariant: an answer is written after everything the handler printed, and a mark follows the output in the log pipe, so
the parent knows when it has read all of an invocation's output. The process ends when its parent does.

    I                     the handler is imported
    F{"errorType": ...}   it could not be
    R{"some": "answer"}   what the handler returned
    E{"errorType": ...}   what it raised
"""

import importlib
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO, NoReturn

Handler = Callable[[Any, Any], Any]


class Context:
    """The second argument of a handler, with AWS's attribute names."""

    def __init__(self, request: dict[str, Any]) -> None:
        environment = os.environ
        self.aws_request_id: str = request["request_id"]
        self.invoked_function_arn: str = request["arn"]
        self.function_name = environment["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environment["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = environment["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self.tenant_id = None
        self._deadline_ms: int = request["deadline_ms"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_ms - int(time.time() * 1000))


class LambdaLogFormatter(logging.Formatter):
    """Lines of the root logger look as on AWS: level, time, request id, message, separated by tabs."""

    converter = staticmethod(time.gmtime)
    request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        record.aws_request_id = self.request_id
        return super().format(record)


class JsonEncoder(json.JSONEncoder):
    """AWS's runtime turns a Decimal into a number and refuses what else JSON lacks."""

    def default(self, o: object) -> object:
        if type(o).__module__ == "decimal" and type(o).__name__ == "Decimal":
            return float(o)  # type: ignore[arg-type]
        return super().default(o)


def main(settings: dict[str, Any]) -> None:
    requests, answers, lifeline = (int(settings[name]) for name in ("requests", "answers", "lifeline"))
    for descriptor in (requests, answers, lifeline):
        os.set_inheritable(descriptor, False)
    threading.Thread(target=_die_with_parent, args=(lifeline,), daemon=True).start()
    sys.path[:0] = settings["path"]
    mark = bytes.fromhex(settings["mark"])
    formatter = _set_up_logging()
    with open(requests, "rb") as incoming, open(answers, "wb") as outgoing:
        handler = _load_handler(os.environ["_HANDLER"], outgoing, mark)
        _answer(outgoing, mark, "I", "")
        for line in incoming:
            request = json.loads(line)
            formatter.request_id = request["request_id"]
            os.environ["_X_AMZN_TRACE_ID"] = request["trace_id"]
            _answer(outgoing, mark, *_run(handler, request))


def _run(handler: Handler, request: dict[str, Any]) -> tuple[str, str]:
    try:
        result = handler(request["event"], Context(request))
    except Exception as error:
        return "E", _describe(error, request["request_id"])
    try:
        return "R", json.dumps(result, cls=JsonEncoder, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        problem = {"errorMessage": f"Unable to marshal response: {error}", "errorType": "Runtime.MarshalError"}
        _log_error(problem, [])
        return "E", json.dumps({**problem, "requestId": request["request_id"], "stackTrace": []})


def _load_handler(name: str, outgoing: BinaryIO, mark: bytes) -> Handler:
    """Import `module.function` (slashes count as dots); on failure report as AWS words it, and end."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        _fail(outgoing, mark, "Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        _fail(outgoing, mark, "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}", error)
    except SyntaxError as error:
        _fail(outgoing, mark, "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", error)
    except Exception as error:
        _fail(outgoing, mark, type(error).__name__, str(error), error)
    try:
        handler: Handler = getattr(module, function_name)
    except AttributeError:
        problem = f"Handler '{function_name}' missing on module '{module_name}'"
        _fail(outgoing, mark, "Runtime.HandlerNotFound", problem)
    return handler


def _fail(
    outgoing: BinaryIO, mark: bytes, error_type: str, message: str, error: BaseException | None = None
) -> NoReturn:
    trace = [] if error is None else _trace(error)
    problem = {"errorMessage": message, "errorType": error_type}
    _log_error(problem, trace)
    _answer(outgoing, mark, "F", json.dumps({**problem, "requestId": "", "stackTrace": trace}))
    os._exit(1)


def _describe(error: Exception, request_id: str) -> str:
    problem = {"errorMessage": str(error), "errorType": type(error).__name__}
    trace = _trace(error)
    _log_error(problem, trace)
    return json.dumps({**problem, "requestId": request_id, "stackTrace": trace})


def _trace(error: BaseException) -> list[str]:
    """The stack as AWS shows it: the user's frames only, in files under /var/task."""
    frames = traceback.extract_tb(error.__traceback__)
    shown = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    return [line.replace(os.environ["LAMBDA_TASK_ROOT"], "/var/task") for line in traceback.format_list(shown)]


def _log_error(problem: dict[str, str], trace: list[str]) -> None:
    lines = [f"[ERROR] {problem['errorType']}: {problem['errorMessage']}"]
    if trace:
        lines += ["Traceback (most recent call last):", "".join(trace).rstrip("\n")]
    sys.stderr.write("\n".join(lines) + "\n")


def _answer(outgoing: BinaryIO, mark: bytes, kind: str, text: str) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(2, mark)
    outgoing.write(kind.encode() + text.encode("utf-8", "backslashreplace") + b"\n")
    outgoing.flush()


def _set_up_logging() -> LambdaLogFormatter:
    """Give the root logger AWS's format; its level stays WARNING unless the function sets it."""
    formatter = LambdaLogFormatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    return formatter


def _die_with_parent(lifeline: int) -> None:
    """Nothing is ever written to the lifeline: reading it returns when the parent is gone, however it went."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
