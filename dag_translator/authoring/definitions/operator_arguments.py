"""Every argument that all operators take: BaseOperator's in Airflow 3.3, and those that only Airflow 2 knew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dag_translator.authoring.arguments import Argument, by_name, signature_of
from dag_translator.authoring.states import TriggerRule, WeightRule

DEFAULT_OWNER = "airflow"
DEFAULT_POOL = "default_pool"
DEFAULT_QUEUE = "default"
DEFAULT_RETRY_DELAY = timedelta(seconds=300)

_NO_WORKERS = "tasks run in AWS Lambda, there are no workers to choose from"

OPERATOR_ARGUMENTS: tuple[Argument, ...] = (
    Argument("task_id", required=True),
    Argument("owner", DEFAULT_OWNER, "display"),
    Argument("email"),
    Argument("email_on_retry", True),
    Argument("email_on_failure", True),
    Argument("retries", 0),
    Argument("retry_delay", DEFAULT_RETRY_DELAY),
    Argument("retry_exponential_backoff", 0),
    Argument("max_retry_delay"),
    Argument("retry_policy"),
    Argument("start_date"),
    Argument("end_date"),
    Argument("depends_on_past", False),
    Argument("ignore_first_depends_on_past", False),
    Argument("wait_for_past_depends_before_skipping", False),
    Argument("wait_for_downstream", False),
    Argument("dag"),
    Argument("params"),
    Argument("default_args"),
    Argument("priority_weight", 1, "display"),
    Argument("weight_rule", WeightRule.DOWNSTREAM, "display"),
    Argument("queue", DEFAULT_QUEUE, "ignored", _NO_WORKERS),
    Argument("pool", DEFAULT_POOL),
    Argument("pool_slots", 1),
    Argument("sla", None, "ignored", "Airflow 3 removed SLAs, they have no effect"),
    Argument("execution_timeout"),
    Argument("on_execute_callback", make=list),
    Argument("on_failure_callback", make=list),
    Argument("on_success_callback", make=list),
    Argument("on_retry_callback", make=list),
    Argument("on_skipped_callback", make=list),
    Argument("pre_execute"),
    Argument("post_execute"),
    Argument("trigger_rule", TriggerRule.ALL_SUCCESS),
    Argument("resources", None, "ignored", "size the Lambda with executor_config instead"),
    Argument("run_as_user", None, "ignored", "a Lambda has one user"),
    Argument("task_concurrency"),
    Argument("map_index_template"),
    Argument("max_active_tis_per_dag"),
    Argument("max_active_tis_per_dagrun"),
    Argument("executor", None, "ignored", _NO_WORKERS),
    Argument("executor_config", make=dict),
    Argument("do_xcom_push", True),
    Argument("multiple_outputs", False),
    Argument("inlets", make=list),
    Argument("outlets", make=list),
    Argument("task_group"),
    Argument("doc", None, "display"),
    Argument("doc_md", None, "display"),
    Argument("doc_json", None, "display"),
    Argument("doc_yaml", None, "display"),
    Argument("doc_rst", None, "display"),
    Argument("task_display_name", None, "display"),
    Argument("logger_name"),
    Argument("allow_nested_operators", True),
    Argument("render_template_as_native_obj"),
    Argument("start_trigger_args", None, "refused", "there is no triggerer"),
    Argument("start_from_trigger", False, "refused", "there is no triggerer"),
)

BY_NAME = by_name(OPERATOR_ARGUMENTS)
SIGNATURE = signature_of(OPERATOR_ARGUMENTS)

# What the value has to be, None aside; Airflow checks the same ones.
EXPECTED_TYPES: dict[str, type | tuple[type, ...]] = {
    "task_id": str,
    "email": (str, Sequence),
    "email_on_retry": bool,
    "email_on_failure": bool,
    "retries": int,
    "retry_exponential_backoff": (int, float),
    "depends_on_past": bool,
    "ignore_first_depends_on_past": bool,
    "wait_for_past_depends_before_skipping": bool,
    "wait_for_downstream": bool,
    "priority_weight": int,
    "queue": str,
    "pool": str,
    "pool_slots": int,
    "trigger_rule": str,
    "run_as_user": str,
    "map_index_template": str,
    "max_active_tis_per_dag": int,
    "max_active_tis_per_dagrun": int,
    "executor": str,
    "do_xcom_push": bool,
    "multiple_outputs": bool,
    "doc": str,
    "doc_md": str,
    "doc_json": str,
    "doc_yaml": str,
    "doc_rst": str,
    "task_display_name": str,
    "logger_name": str,
    "allow_nested_operators": bool,
    "start_date": datetime,
    "end_date": datetime,
    "execution_timeout": timedelta,
    "retry_delay": timedelta,
    "max_retry_delay": timedelta,
}


def type_names(expected: type | tuple[type, ...]) -> str:
    kinds = expected if isinstance(expected, tuple) else (expected,)
    return " or ".join(kind.__name__ for kind in kinds)


def as_list(value: Any) -> list[Any]:
    """None → [], one → [one], a collection of several → a list of them."""
    if value is None or value == []:
        return []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def as_timedelta(value: Any) -> timedelta | None:
    """Seconds or a timedelta."""
    return value if value is None or isinstance(value, timedelta) else timedelta(seconds=value)


def as_retries(value: Any) -> int:
    if value is None:
        return 0
    try:
        return int(value)
    except (TypeError, ValueError):
        raise TypeError(f"'retries' type must be int, not {type(value).__name__}") from None


def as_trigger_rule(value: Any) -> TriggerRule:
    return TriggerRule(value)


# How a value is brought into shape whenever the attribute is set, in the constructor or later.
CONVERSIONS: dict[str, Any] = {
    "retries": as_retries,
    "retry_delay": as_timedelta,
    "max_retry_delay": as_timedelta,
    **{f"on_{moment}_callback": as_list for moment in ("execute", "failure", "success", "retry", "skipped")},
    "inlets": as_list,
    "outlets": as_list,
    "trigger_rule": as_trigger_rule,
}
