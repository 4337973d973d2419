"""Lets our own runtime execute Python functions, and translates ministack's records of functions.

Invariant: ministack keeps the API, the versions and the aliases; which code an invocation runs is decided by the record
that it hands over (the version's own), never looked up again by name.
"""

import json
from collections.abc import Callable
from typing import Any

from infra.local.lambda_runtime.function import Function, Invocation, Package
from infra.local.ministack import internals
from infra.local.ministack.gateway import Gateway

# (function, event, request id, ARN as invoked) -> outcome; called on a thread of its own.
RunFunction = Callable[[Function, object, str, str], Invocation]


def run_python_functions_with(gateway: Gateway, run: RunFunction) -> None:
    """Let `run` execute Python functions from zip files; others stay ministack's."""
    lambdas: Any = internals.module("services.lambda_svc")
    original = lambdas._execute_function_dispatch

    def dispatch(func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
        if not str(config.get("Runtime", "")).startswith("python") or not func.get("code_zip"):
            return original(func, config, event, request_id, started)
        function = _function(gateway, lambdas, func, config)
        invocation = run(function, event, request_id, config.get("FunctionArn", function.arn))
        return {
            "body": json.loads(invocation.payload),
            "error": invocation.failed,
            "log": "\n".join(line.message for line in invocation.log) + "\n",
        }

    lambdas._execute_function_dispatch = dispatch


def give_versions_their_code() -> None:
    """Let the URL that GetFunction answers give the code of that version; ministack's gives the newest code."""
    lambdas: Any = internals.module("services.lambda_svc")
    get, serve = lambdas._get_function, lambdas.serve_function_code

    def get_function(name: str, qualifier: str | None = None) -> Any:
        status, headers, body = get(name, qualifier)
        answer = json.loads(body)
        location = (answer.get("Code") or {}).get("Location")
        if status >= 400 or not qualifier or not location:
            return status, headers, body
        path, _, query = location.partition("?")
        answer["Code"]["Location"] = f"{path}:{qualifier}?{query}"
        return status, headers, json.dumps(answer).encode()

    def serve_function_code(func_name: str, account_id: str | None = None, region: str | None = None) -> Any:
        name, _, qualifier = func_name.partition(":")
        if not qualifier:
            return serve(func_name, account_id, region)
        record = lambdas._effective_func_record_for_qualifier(
            lambdas._functions.get_scoped(account_id, region, name), qualifier
        )[0]
        if record is None:
            return 404, {"Content-Type": "text/plain"}, b"Function not found"
        return 200, {"Content-Type": "application/zip"}, record.get("code_zip") or b""

    lambdas._get_function, lambdas.serve_function_code = get_function, serve_function_code


def _function(gateway: Gateway, lambdas: Any, func: dict[str, Any], config: dict[str, Any]) -> Function:
    name = config["FunctionName"]
    scope = gateway.scope()
    layers = [layer["Arn"] if isinstance(layer, dict) else layer for layer in config.get("Layers") or []]
    return Function(
        name=name,
        version=config.get("Version", "$LATEST"),
        arn=f"arn:aws:lambda:{scope.region}:{scope.account}:function:{name}",
        handler=config.get("Handler", ""),
        runtime=config["Runtime"],
        timeout=float(config.get("Timeout", 3)),
        memory=int(config.get("MemorySize", 128)),
        account=scope.account,
        region=scope.region,
        log_group=(config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}",
        environment=dict((config.get("Environment") or {}).get("Variables") or {}),
        code=Package(_file_name(config["CodeSha256"]), func["code_zip"]),
        layers=tuple(Package(_file_name(arn), lambdas._resolve_layer_zip(arn)) for arn in layers),
    )


def _file_name(text: str) -> str:
    """A digest in base64, or an ARN, as the name of a directory."""
    return "".join(character if character.isalnum() else f"-{ord(character):x}-" for character in text)
