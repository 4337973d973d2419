"""Names of Airflow's core that provider code uses, beside those of `modules.py`; the same form, merged into its table.

>>> CORE["airflow.sdk.lineage"]["get_hook_lineage_collector"]
'utils.lineage:get_hook_lineage_collector'
"""

from __future__ import annotations


def _from(module: str, *names: str) -> dict[str, str]:
    return {name: f"{module}:{name}" for name in names}


_ARGUMENTS = _from("types", "NOTSET", "ArgNotSet") | _from("utils.core", "is_arg_set")
_VARIABLES = _from("utils.core", "AIRFLOW_VAR_NAME_FORMAT_MAPPING", "DEFAULT_FORMAT_PREFIX", "context_to_airflow_vars")
_KEYWORDS = _from("utils.core", "determine_kwargs", "KeywordParameters")
_DECORATORS = {
    **_from("definitions.decorated", "DecoratedOperator", "DecoratedMappedOperator", "TaskDecorator"),
    **_from("definitions.task_decorators", "task_decorator_factory"),
    "get_unique_task_id": "definitions.decorated:unique_task_id",
    **_KEYWORDS,
}
_LINEAGE = {
    **_from("utils.lineage", "HookLineage", "NoOpCollector", "get_hook_lineage_collector"),
    "HookLineageCollector": "utils.lineage:NoOpCollector",
}
_MASKING = _from("utils.secrets_masker", "mask_secret", "redact")
_STATS = _from("utils.observing", "Stats")
_LISTENERS = _from("utils.observing", "hookimpl", "get_listener_manager")
_PLUGIN = _from("utils.observing", "AirflowPlugin")
_KEY = _from("utils.core", "TaskInstanceKey")
_XCOM = {"XCom": "models.typing_only:XCom", "BaseXCom": "models.typing_only:XCom"}
_MODULE_LOADING = _from("providers.manager", "import_string") | _from("utils.core", "qualname", "iter_namespace")
_EVENT_TRIGGER = _from("models.triggers", "BaseEventTrigger")
_TIMEOUT = _from("utils.core", "timeout")
_MD5 = _from("utils.core", "md5")
_PATH = _from("storage.path", "ObjectStoragePath")
_STORE = _from("storage.filesystems", "attach", "ObjectStore")
_FILESYSTEMS = _from("storage.filesystems", "get_fs", "has_fs")
_IO = _PATH | _STORE | _FILESYSTEMS | _from("storage.filesystems", "Properties")

CORE: dict[str, dict[str, str]] = {
    "airflow.decorators.base": _DECORATORS,
    "airflow.sdk.bases.decorator": _DECORATORS,
    "airflow.sdk.definitions._internal.types": _ARGUMENTS,
    "airflow.utils.types": _ARGUMENTS,
    "airflow.sdk.definitions.context": _from("utils.core", "context_merge"),
    "airflow.utils.context": _from("utils.core", "context_merge"),
    "airflow.sdk.execution_time.context": _VARIABLES,
    "airflow.utils.operator_helpers": _VARIABLES | _KEYWORDS,
    **dict.fromkeys(("airflow.io", "airflow.sdk.io"), _IO),
    **dict.fromkeys(("airflow.io.path", "airflow.sdk.io.path"), _PATH),
    **dict.fromkeys(("airflow.io.store", "airflow.sdk.io.store"), _STORE),
    **dict.fromkeys(("airflow.io.fs", "airflow.sdk.io.fs"), _FILESYSTEMS),
    "airflow.sdk.io.typedef": _from("storage.filesystems", "Properties"),
    "airflow.io.typedef": _from("storage.filesystems", "Properties"),
    "airflow.sdk.lineage": _LINEAGE,
    "airflow.lineage.hook": _LINEAGE,
    "airflow.providers.common.compat.lineage.hook": _LINEAGE,
    "airflow.sdk.log": _MASKING,
    "airflow.sdk.execution_time.secrets_masker": _MASKING,
    "airflow.sdk._shared.secrets_masker": _MASKING,
    "airflow.utils.log.secrets_masker": _MASKING,
    "airflow.sdk.observability.stats": _STATS,
    "airflow.stats": _STATS,
    "airflow.listeners": _LISTENERS,
    "airflow.listeners.listener": _LISTENERS,
    "airflow.sdk.listener": _LISTENERS,
    "airflow.sdk._shared.listeners": _LISTENERS,
    "airflow.sdk.plugins_manager": _PLUGIN,
    "airflow.plugins_manager": _PLUGIN,
    "airflow.sdk.types": _KEY,
    "airflow.models.taskinstance": _KEY,
    "airflow.models.taskinstancekey": _KEY,
    "airflow.models.xcom": _XCOM,
    "airflow.sdk.execution_time.xcom": _XCOM,
    "airflow.models.baseoperatorlink": {"BaseOperatorLink": "models.notifier:BaseOperatorLink"},
    "airflow.sdk.bases.operatorlink": {"BaseOperatorLink": "models.notifier:BaseOperatorLink"},
    "airflow.sdk.module_loading": _MODULE_LOADING,
    "airflow.sdk._shared.module_loading": _MODULE_LOADING,
    "airflow.utils.module_loading": _MODULE_LOADING,
    "airflow.triggers.base": _EVENT_TRIGGER,
    "airflow.providers_manager": _from(
        "providers.manager", "ProvidersManager", "HookInfo", "ProviderInfo", "DialectInfo"
    ),
    "airflow.sdk.execution_time.timeout": _TIMEOUT,
    "airflow.utils.timeout": _TIMEOUT,
    "airflow.utils.deprecation_tools": _from("utils.core", "add_deprecated_classes"),
    "airflow.utils.strings": _from("utils.core", "to_boolean"),
    "airflow.utils.net": _from("utils.core", "get_hostname"),
    "airflow.utils.platform": _from("utils.core", "getuser"),
    "airflow.utils.hashlib_wrapper": _MD5,
    "airflow.utils.helpers": _from("utils.core", "convert_camel_to_snake") | _from("definitions.node", "validate_key"),
    "airflow.utils.log.logging_mixin": _from("utils.core", "remove_escape_codes"),
    "airflow.utils.process_utils": _from("utils.core", "patch_environ"),
    "airflow.utils.session": _from("models.typing_only", "NEW_SESSION"),
    "airflow.settings": _from("utils.core", "pod_mutation_hook"),
    "airflow.utils.yaml": _from("utils.yaml", "safe_load", "safe_load_all", "safe_dump", "dump", "load", "YAMLError"),
}
