"""The environment variables of a worker process: AWS's reserved ones, the function's own, nothing of ours.

Invariant: no variable of the server's environment reaches a function, save the endpoint it must talk to.
"""

from pathlib import Path

from infra.local.lambda_runtime.function import Function


def worker_environment(
    function: Function, *, endpoint: str, task_root: Path, runtime_root: Path, temporary: Path, log_stream: str
) -> dict[str, str]:
    """Environment of one worker. The function's variables can't override the reserved ones, as on AWS."""
    defaults = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        # The account is chosen by the access key id; the rest is not checked.
        "AWS_ACCESS_KEY_ID": function.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        # Bytecode goes aside, so that the unpacked package stays as it was deployed.
        "PYTHONPYCACHEPREFIX": str(task_root.parent / "bytecode"),
    }
    reserved = {
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(runtime_root),
        "TMPDIR": str(temporary),
    }
    return {**defaults, **function.environment, **reserved}


def module_search_path(task_root: Path, layers: list[Path], runtime_root: Path) -> list[str]:
    """Where a function's imports are looked for, ahead of the standard library, in AWS's order."""
    paths = [task_root]
    for layer in layers:
        paths += sorted((layer / "python" / "lib").glob("python3.*/site-packages"))
        paths.append(layer / "python")
    return [str(path) for path in (*paths, runtime_root)]
