"""Which files count as DAG files."""

from __future__ import annotations

from pathlib import Path

from infra.dag_files import dag_files
from tests.infra.project import write_tree

DAG = "from airflow import DAG"


def test_files_that_mention_dag_and_airflow_outside_of_what_is_ignored(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "a.py": DAG,
            "team/b.py": DAG.lower(),
            "helpers.py": "import json",
            "notes.txt": DAG,
            ".hidden/c.py": DAG,
            "__pycache__/d.py": DAG,
            "old/e.py": DAG,
            "team/draft_f.py": DAG,
            "team/draft_keep.py": DAG,
            "team/sub/g.py": DAG,
            ".airflowignore": "old/  # not any more\ndraft_*\n!draft_keep.py\n\n# comment\n",
            "team/.airflowignore": "sub/*.py\n",
        },
    )
    found = [file.relative_to(tmp_path).as_posix() for file in dag_files(tmp_path)]
    assert found == ["a.py", "team/b.py", "team/draft_keep.py"]
