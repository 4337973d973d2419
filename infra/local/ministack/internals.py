"""ministack's modules, checked: what we replace or call in them must be there with the parameters we know.

Invariant: a changed ministack ends the server with `MinistackChangedError` before anything is patched half.
"""

import functools
import importlib
import inspect
from importlib.metadata import version
from types import ModuleType

EXPECTED_VERSION = "1.5.33"

# Module -> function -> its parameters.
EXPECTED: dict[str, dict[str, str]] = {
    "app": {"app": "scope receive send", "_get_module": "name", "_registry_state_map": ""},
    "core.responses": {"get_account_id": "", "get_region": "", "request_scope": "account_id region"},
    "core.persistence": {
        "_state_format_version": "service",
        "_json_default": "obj",
        "_json_object_hook": "obj",
    },
    "services.lambda_svc": {
        "_execute_function_dispatch": "func config event request_id started",
        "_resolve_layer_zip": "attachment",
        "_get_function": "name qualifier",
        "_effective_func_record_for_qualifier": "func qualifier",
        "serve_function_code": "func_name account_id region",
        "_prune_orphan_code_blobs": "referenced",
        "get_state": "",
    },
    "services.ecs": {"_mark_task_stopped": "task_arn task reason stop_code exit_code"},
    "services.eventbridge": {
        "_dispatch_to_stepfunctions": "arn payload",
        "_put_events": "data allow_aws_source",
        "_connection_auth_headers": "conn token_key force_refresh",
        "_connection_params_map": "params",
    },
    "services.cloudformation.stacks": {"_runs_on_worker_thread": "resource_type"},
    "services.cloudformation.provisioners": {
        "_physical_name": "stack_name logical_id lowercase max_len seeded",
        "_provision_resource": "resource_type logical_id props stack_name",
    },
}


class MinistackChangedError(Exception):
    """ministack is not the one that this package was written for."""


def check_version() -> None:
    found = version("ministack")
    if found != EXPECTED_VERSION:
        raise MinistackChangedError(f"ministack {found} is installed, but {EXPECTED_VERSION} is needed")


@functools.cache
def module(name: str) -> ModuleType:
    """`ministack.<name>`, imported, and checked before anybody patches it."""
    imported = importlib.import_module(f"ministack.{name}")
    for function, parameters in EXPECTED[name].items():
        found = getattr(imported, function, None)
        if found is None:
            raise MinistackChangedError(f"ministack.{name} has no {function} any more")
        actual = " ".join(inspect.signature(found).parameters)
        if actual != parameters:
            raise MinistackChangedError(f"ministack.{name}.{function} takes ({actual}), not ({parameters})")
    return imported
