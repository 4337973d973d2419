"""What the other interpreter runs: one function's source, with arguments and result as pickles. Standard library only.

    python -S -P virtualenv_child.py task.json

task.json: {"paths": import path, "sites": folders of installed packages, "module": name of the DAG's module, "source":
file with the function's source, "function": its name, "arguments", "result", "error": files, "string_args": [...],
"airflow": whether `airflow.*` is answered}. The exit code is the function's own, or 1 if it raises.
"""

from __future__ import annotations

import json
import os
import pickle
import site
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def main(file: str) -> None:
    """Run the function of the task file."""
    task: dict[str, Any] = json.loads(Path(file).read_text())
    sys.path[:0] = task["paths"]
    for folder in reversed(task["sites"]):
        site.addsitedir(folder)  # with its .pth files, as in a virtual environment
        sys.path.remove(folder)
        sys.path.insert(0, folder)
    if task["airflow"]:
        _answer_airflow()
    module = ModuleType(task["module"])
    module.__dict__["virtualenv_string_args"] = task["string_args"]
    sys.modules[module.__name__] = module  # what the DAG file's own names were pickled by
    code = compile(Path(task["source"]).read_text(), task["source"], "exec", dont_inherit=True)
    exec(code, module.__dict__)
    given = pickle.loads(Path(task["arguments"]).read_bytes())
    try:
        result = module.__dict__[task["function"]](*given["args"], **given["kwargs"])
    except Exception as error:
        Path(task["error"]).write_text(str(error))
        raise
    Path(task["result"]).write_bytes(b"" if result is None else pickle.dumps(result))


def _answer_airflow() -> None:
    """Imports of airflow.* as in the DAG file; Variables and Connections as in the task's own interpreter."""
    from dag_translator.authoring import imports

    imports.install()
    if "AIRSTEP_TABLE" in os.environ:  # in Lambda
        from dag_translator.authoring.runtime import install
        from lambdas.aws import clients
        from lambdas.backends import AwsLender

        install(AwsLender(clients()))


if __name__ == "__main__":
    main(sys.argv[1])
