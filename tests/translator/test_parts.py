"""A DAG too large for one definition: what its machines need of AWS besides their definitions."""

from __future__ import annotations

from pathlib import Path

from dag_translator.pipeline import Translation, translate_file

MANY = """
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("wide"):
    for number in range(600):
        BashOperator(task_id=f"task_{number}", bash_command="true", retries=2)
"""


def test_parts_are_authorised_by_their_own_arn(tmp_path: Path) -> None:
    """Definitions name versions of parts; IAM is asked about the machine itself ("Authorization for versions")."""
    (tmp_path / "wide.py").write_text(MANY)
    (wide,) = translate_file(tmp_path / "wide.py", tmp_path)
    assert isinstance(wide, Translation)
    names = set(wide.manifest["parts"].values())
    assert len(names) > 1
    allowed = {
        resource.split(":stateMachine:")[1]
        for permission in wide.manifest["permissions"]
        if "states:StartExecution" in permission["actions"]
        for resource in permission["resources"]
    }
    assert allowed == names
