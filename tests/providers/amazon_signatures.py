"""Measures what the Amazon provider's public operators, sensors and transfers take: arguments, defaults, templates.

    python -m tests.providers.amazon_signatures AIRFLOW_PYTHON   # an environment with Airflow and the distribution

writes `tests/data/amazon_provider.json`, with which `test_amazon_signatures.py` compares Airstep's classes. Modules of
other distributions that the environment lacks are stood in for: what they hold is not measured.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
import textwrap
import types
import warnings
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).parents[1] / "data" / "amazon_provider.json"
PACKAGE = "airflow.providers.amazon.aws."
CONNECTION = {"aws_conn_id": "'aws_default'", "region_name": "None", "verify": "None", "botocore_config": "None"}
PARTS = ("operators", "sensors", "transfers")


class Stand(types.ModuleType):
    """A module that has every name, as an empty class."""

    __path__: list[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        from airflow.sdk import BaseOperator

        operator = name.endswith("Operator")
        found = type(name, (BaseOperator,) if operator else (), {"template_fields": ()} if operator else {})
        setattr(self, name, found)
        return found


class Stands(MetaPathFinder, Loader):
    """Finds what nobody else does, for imports of the provider's modules."""

    absent = ("airflow.providers.", "bson", "pymongo", "pandas", "kubernetes", "simple_salesforce", "sagemaker_studio")

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        outside = name.startswith(self.absent) and not name.startswith("airflow.providers.amazon")
        return ModuleSpec(name, self, is_package=True) if outside else None

    def create_module(self, spec: ModuleSpec) -> Stand:
        return Stand(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def measure() -> dict[str, Any]:
    """Module and class → {"arguments": name → its default's repr or "required", "template_fields"}."""
    from airflow.sdk import BaseOperator

    warnings.simplefilter("ignore")
    sys.meta_path.append(Stands())
    found: dict[str, Any] = {}
    for part in PARTS:
        folder = importlib.import_module(PACKAGE + part)
        for name in sorted(each.name for each in pkgutil.iter_modules(folder.__path__)):
            module = importlib.import_module(f"{PACKAGE}{part}.{name}")
            for kind in vars(module).values():
                own = (
                    isinstance(kind, type) and kind.__module__ == module.__name__ and not kind.__name__.startswith("_")
                )
                if own and issubclass(kind, BaseOperator):
                    found[f"{part}.{name}.{kind.__name__}"] = row(kind)
    return found


def row(kind: Any) -> dict[str, Any]:
    """aws: whether it takes what all operators of AWS do, which is then left out of the arguments."""
    given = arguments(kind)
    aws = given.items() >= CONNECTION.items()
    own = {name: default for name, default in given.items() if not (aws and name in (*CONNECTION, "region"))}
    return {"arguments": own, "template_fields": sorted(kind.template_fields), "aws": aws}


def arguments(kind: Any) -> dict[str, str]:
    """Of all constructors below BaseOperator's, without what a class gives to the one above by itself."""
    found: dict[str, str] = {}
    given: set[str] = set()
    for each in kind.__mro__:
        if each.__module__.startswith("airflow.sdk"):
            continue
        init = vars(each).get("__init__")
        if init is None or each is object:
            continue
        init = getattr(init, "__wrapped__", init)
        named = [
            p for p in inspect.signature(init).parameters.values() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        ]
        for parameter in named:
            if parameter.name != "self" and parameter.name not in given:
                default = "required" if parameter.default is parameter.empty else repr(parameter.default)
                found.setdefault(parameter.name, default)
        given |= _handed_on(init) - found.keys()
    return found


def _handed_on(init: Any) -> set[str]:
    """The keywords of `super().__init__(…)`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError):
        return set()
    calls = [
        each for each in ast.walk(tree) if isinstance(each, ast.Call) and ast.unparse(each.func) == "super().__init__"
    ]
    return {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}


def main() -> None:
    if len(sys.argv) == 2:
        code = "from tests.providers.amazon_signatures import main; main()"
        root = Path(__file__).parents[2]
        done = subprocess.run([sys.argv[1], "-c", code], cwd=root, capture_output=True, text=True, check=True)
        rows = json.loads(done.stdout.splitlines()[-1])
        lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows["classes"].items()]
        head = f'{{"version": {json.dumps(rows["version"])}, "classes": {{\n'
        MEASURED.write_text(head + ",\n".join(lines) + "\n}}\n")
    else:
        print(json.dumps({"version": version("apache-airflow-providers-amazon"), "classes": measure()}))


if __name__ == "__main__":
    main()
