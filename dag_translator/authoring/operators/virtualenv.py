"""Operators that build or use another Python environment: refused, a Lambda has one environment, made when
it is packaged.
"""

from __future__ import annotations

from dag_translator.authoring.placeholders import refused_operator

_HINT = "add the requirements to requirements.txt and use PythonOperator or @task: all are packaged with the Lambda"
_EXTERNAL = "use PythonOperator or @task: there is no other interpreter in a Lambda"

PythonVirtualenvOperator = refused_operator("PythonVirtualenvOperator", __name__, _HINT)
BranchPythonVirtualenvOperator = refused_operator("BranchPythonVirtualenvOperator", __name__, _HINT)
ExternalPythonOperator = refused_operator("ExternalPythonOperator", __name__, _EXTERNAL)
BranchExternalPythonOperator = refused_operator("BranchExternalPythonOperator", __name__, _EXTERNAL)
_PythonVirtualenvDecoratedOperator = refused_operator(
    "_PythonVirtualenvDecoratedOperator", __name__, _HINT, "@task.virtualenv"
)
_BranchPythonVirtualenvDecoratedOperator = refused_operator(
    "_BranchPythonVirtualenvDecoratedOperator", __name__, _HINT, "@task.branch_virtualenv"
)
_PythonExternalDecoratedOperator = refused_operator(
    "_PythonExternalDecoratedOperator", __name__, _EXTERNAL, "@task.external_python"
)
_BranchExternalPythonDecoratedOperator = refused_operator(
    "_BranchExternalPythonDecoratedOperator", __name__, _EXTERNAL, "@task.branch_external_python"
)
