"""What the authoring tests share: a DAG file from its text, and a context to run operators in."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dag_translator.authoring import runtime
from dag_translator.load import LoadedFile, load


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[..., LoadedFile]:
    """Load a DAG file given as text; keyword arguments are further files of the DAG folder (`helper="x = 1"`)."""

    def run(text: str, **others: str) -> LoadedFile:
        for name, content in others.items():
            other = tmp_path / (name.replace("__", "/") + ".py")
            other.parent.mkdir(parents=True, exist_ok=True)
            other.write_text(textwrap.dedent(content))
        path = tmp_path / "a_dag.py"
        path.write_text(textwrap.dedent(text))
        return load(path)

    return run


@pytest.fixture
def only_dag(load_text: Callable[..., LoadedFile]) -> Callable[..., Any]:
    """The DAG of a file that has one, and no problems."""

    def run(text: str, **others: str) -> Any:
        loaded = load_text(text, **others)
        assert [str(problem) for problem in loaded.problems] == []
        (dag,) = loaded.dags
        return dag

    return run


class FakeTaskInstance:
    """`ti`, as far as operators ask for it."""

    def __init__(self, **xcoms: Any) -> None:
        self.dag_id = "d"
        self.task_id = "t"
        self.try_number = 1
        self.map_index = -1
        self.xcoms = xcoms

    def xcom_pull(self, task_ids: Any = None, key: str = "return_value", default: Any = None, **_: Any) -> Any:
        return self.xcoms.get(task_ids if key == "return_value" else f"{task_ids}.{key}", default)


@pytest.fixture
def context() -> dict[str, Any]:
    return {"ti": FakeTaskInstance(), "ds": "2024-01-15", "params": {}}


class FakeAthena:
    """Answers get_query_execution with the given states, one after the other."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def start_query_execution(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(("start", arguments))
        return {"QueryExecutionId": "q1"}

    def get_query_execution(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(("get", arguments))
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"QueryExecution": {"Status": {"State": state, "StateChangeReason": "because"}}}

    def stop_query_execution(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(("stop", arguments))
        return {}


class Aws(runtime.Runtime):
    def __init__(self, client: Any) -> None:
        super().__init__()
        self.made = client
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def client(self, service: str, **arguments: Any) -> Any:
        self.asked.append((service, arguments))
        return self.made
