"""Every argument of DAG: Airflow 3.3's, and those that only Airflow 1 and 2 knew."""

from __future__ import annotations

from dag_translator.authoring.arguments import Argument, by_name, signature_of

_OWN_LOOK = "the Step Functions console shows runs in its own way"

DAG_ARGUMENTS: tuple[Argument, ...] = (
    Argument("dag_id", required=True),
    Argument("description"),
    Argument("schedule"),
    Argument("start_date"),
    Argument("end_date"),
    Argument("template_searchpath"),
    Argument("template_undefined"),  # None: Jinja's StrictUndefined, without importing Jinja here
    Argument("user_defined_macros"),
    Argument("user_defined_filters"),
    Argument("default_args", make=dict),
    Argument("max_active_tasks", 16),
    Argument("max_active_runs", 16),
    Argument("max_consecutive_failed_dag_runs", 0),
    Argument("dagrun_timeout"),
    Argument("deadline", None, "ignored", "deadline alerts are not sent; use a CloudWatch alarm"),
    Argument("sla_miss_callback", None, "ignored", "Airflow 3 removed SLAs, it is never called"),
    Argument("catchup", False),
    Argument("on_success_callback"),
    Argument("on_failure_callback"),
    Argument("doc_md", None, "display"),
    Argument("params"),
    Argument("access_control", None, "ignored", "who may see or start a DAG is IAM's business"),
    Argument("is_paused_upon_creation"),
    Argument("jinja_environment_kwargs"),
    Argument("render_template_as_native_obj", False),
    Argument("tags"),
    Argument("owner_links", None, "display"),
    Argument("auto_register", True),
    Argument("fail_fast", False),
    Argument("allowed_run_types"),
    Argument("dag_display_name", None, "display"),
    Argument("disable_bundle_versioning", False, "display"),
    Argument("rerun_with_latest_version", None, "display"),
)

# Airflow 1 and 2 spelled these otherwise: old name → name.
RENAMED: dict[str, str] = {
    "schedule_interval": "schedule",
    "timetable": "schedule",
    "concurrency": "max_active_tasks",
    "fail_stop": "fail_fast",
}

# Airflow 1 and 2 had these; none changes what runs.
DROPPED: dict[str, str] = {
    "default_view": _OWN_LOOK,
    "orientation": _OWN_LOOK,
    "full_filepath": "the file is known",
    "last_loaded": "the file is known",
}

BY_NAME = by_name(DAG_ARGUMENTS)
SIGNATURE = signature_of(DAG_ARGUMENTS, positional=("dag_id", "description", "schedule"))
POSITIONAL = ("dag_id", "description", "schedule")
