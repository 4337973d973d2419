"""A run's params: the DAG's and the task's defaults, overridden by the run's conf, checked against their schemas.

As Airflow with `dag_run_conf_overrides_params` (its default): every key of conf becomes a param.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def run_params(dag: Any, conf: Mapping[str, Any], task: Any = None) -> dict[str, Any]:
    """name → value. Raises ParamValidationError, naming the param that does not fit."""
    from dag_translator.authoring.definitions.param import ParamsDict

    params = ParamsDict(dag.params)
    for name, param in (ParamsDict(task.params).own_params() if task is not None and task.params else {}).items():
        params[name] = param
    for name, value in conf.items():
        params[name] = value
    return params.validate()
