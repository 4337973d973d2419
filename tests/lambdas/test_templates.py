"""Templates in files, in nested values, and how lazily the context is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest

from lambdas.context import templates
from tests.lambdas.driver import Run, start

DAG = """
from collections import namedtuple
from datetime import datetime
from airflow import DAG
from airflow.models import BaseOperator
from airflow.operators.python import PythonOperator
Pair = namedtuple("Pair", "x y")

class Inner:
    template_fields = ("text",)
    def __init__(self, text): self.text = text

class Op(BaseOperator):
    template_fields = ("value", "other")
    template_ext = (".sql", ".json")
    def __init__(self, value=None, other=None, prepared=None, **kwargs):
        super().__init__(**kwargs)
        self.value, self.other, self.prepared = value, other, None
    def prepare_template(self):
        self.prepared = "before"
    def execute(self, context):
        value = self.value.text if isinstance(self.value, Inner) else self.value
        return [value, self.other, self.prepared]

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1), template_searchpath={searchpath!r}) as dag:
{tasks}
"""


@pytest.fixture
def render(make_dag: Any, make_runtime: Any, tmp_path: Path) -> Any:
    """Run the last task; its [value, other, prepared]."""

    def go(*tasks: str) -> Any:
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        body = "\n".join(f"    {task}" for task in tasks)
        dag = make_dag(DAG.format(searchpath=str(tmp_path / "elsewhere"), tasks=body))
        run = start(make_runtime(dag))
        for task in dag.topological_sort():
            run.states.update(run.call("run_task", task.task_id, attempt=0))
        return from_last(run)

    return go


def from_last(run: Run) -> Any:
    last = list(run.runtime.dag.task_dict)[-1]
    return run.xcoms()[last]["return_value"]


def test_files_beside_the_dag_file_and_in_the_searchpath(render: Any, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("SELECT '{{ ds }}' -- {% include 'part.sql' %}\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "part.sql").write_text("{{ ti.task_id }}")
    assert render("Op(task_id='a', value='q.sql', other=['part.sql', 'x'])") == [
        "SELECT '2024-01-15' -- a",
        ["a", "x"],
        "before",
    ]


def test_a_file_that_is_not_there(render: Any) -> None:
    with pytest.raises(jinja2.TemplateNotFound, match=r"gone\.sql"):
        render("Op(task_id='a', value='gone.sql')")


def test_nested_values(render: Any) -> None:
    value, other, _ = render(
        "Op(task_id='a', value={'k': ['{{ ds }}', ('{{ ds_nodash }}', {'{{ ds }}'}), Pair('{{ ds }}', 1)]})"
    )
    tagged_set = {"__type__": "set", "value": ["2024-01-15"]}
    pair = {"__type__": "tuple", "value": ["2024-01-15", 1]}
    assert value == {"k": ["2024-01-15", {"__type__": "tuple", "value": ["20240115", tagged_set]}, pair]}
    assert other is None


def test_objects_with_template_fields_of_their_own(render: Any) -> None:
    assert render("Op(task_id='a', value=Inner('{{ ds }}'))")[0] == "2024-01-15"


def test_references_inside_values(render: Any) -> None:
    tasks = (
        "p = PythonOperator(task_id='p', python_callable=lambda: {'n': [1, 2]})",
        "Op(task_id='a', value=[p.output, {'x': p.output}], other=f'n: {p.output}')",
    )
    assert render(*tasks)[:2] == [[{"n": [1, 2]}, {"x": {"n": [1, 2]}}], "n: {'n': [1, 2]}"]


def test_literals_are_left_as_they_are(render: Any) -> None:
    tasks = (
        "literal = type('Literal', (), {'resolve': lambda self, context: '{{ ds }}'})",
        "Op(task_id='a', value=[literal()])",
    )
    assert render(*tasks)[0] == ["{{ ds }}"]


def test_render_template_of_the_task(render: Any) -> None:
    function = "lambda task, **context: task.render_template('{{ ds }}/{{ x }}', {**context, 'x': 1})"
    assert render(f"PythonOperator(task_id='a', python_callable={function})") == "2024-01-15/1"


@pytest.mark.parametrize("text", ["plain", "a\n", "a\n\n", "a\r\nb\r\n", "100 %", "{ not markup }", "# x", ""])
def test_text_without_markup_is_what_jinja_makes_of_it(text: str) -> None:
    env = templates.environment(None)
    operator = type("Operator", (), {"template_ext": ()})
    assert templates.render_template(operator, text, {}, env) == env.from_string(text).render()


def test_only_what_a_template_uses_is_read() -> None:
    class Watched(dict[str, Any]):
        def __init__(self) -> None:
            super().__init__(ds="2024-01-15", costly="…")
            self.asked: list[str] = []

        def __getitem__(self, key: str) -> Any:
            self.asked.append(key)
            return super().__getitem__(key)

    context = Watched()
    operator = type("Operator", (), {"template_ext": ()})
    text = "{% for i in [1, 2] %}{{ ds }}{{ i }} {% endfor %}{{ ds | upper }}"
    rendered = templates.render_template(operator, text, context, templates.environment(None))
    assert rendered == "2024-01-151 2024-01-152 2024-01-15"
    assert set(context.asked) == {"ds"}


def test_internals_are_out_of_reach() -> None:
    env = templates.environment(None)
    operator = type("Operator", (), {"template_ext": ()})

    class Thing:
        _private = 1

    assert templates.render_template(operator, "{{ thing._private }}", {"thing": Thing()}, env) == "1"
    with pytest.raises(jinja2.exceptions.SecurityError):
        templates.render_template(operator, "{{ thing.__class__.__mro__ }}", {"thing": Thing()}, env)
