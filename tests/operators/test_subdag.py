"""SubDagOperator: the inner DAG's tasks run as tasks of the outer one."""

from __future__ import annotations

import pytest

from tests.operators.conftest import Project

FACTORY = """
from airflow.exceptions import AirflowSkipException
from airflow.operators.python import BranchPythonOperator
from airflow.operators.subdag import SkippedStatePropagationOptions, SubDagOperator
from airflow.utils.task_group import TaskGroup

def fail():
    raise ValueError("no")

def skip():
    raise AirflowSkipException

def python(task_id, result=None, **kwargs):
    return PythonOperator(task_id=task_id, python_callable=result if callable(result) else lambda: result, **kwargs)

def section(parent, child, result="x"):
    with DAG(f"{parent}.{child}", start_date=datetime(2024, 1, 1), schedule="@daily") as subdag:
        first = python("first", result)
        with TaskGroup("g"):
            with TaskGroup("h"):
                inner = python("inner", lambda ti: ti.xcom_pull(task_ids="first"))
        first >> inner
    return subdag
"""


def test_sections_one_after_the_other(project: Project) -> None:
    text = (
        FACTORY
        + """
with dag:
    start = python("start", 1)
    one = SubDagOperator(task_id="one", subdag=section("d", "one"))
    two = SubDagOperator(task_id="two", subdag=section("d", "two", 2))
    end = python("end", lambda ti: [ti.xcom_pull(task_ids="one.first"), ti.xcom_pull(dag_id="d.two", task_ids="first")])
    start >> one >> two >> end
"""
    )
    dag, translated = project.load(text)
    assert translated.dag_id == "d"
    assert {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks} == {
        "start": [],
        "one": ["one.g.h.inner"],
        "one.first": ["start"],
        "one.g.h.inner": ["one.first"],
        "two": ["two.g.h.inner"],
        "two.first": ["one"],
        "two.g.h.inner": ["two.first"],
        "end": ["two"],
    }
    assert sorted(dag.task_group_dict) == ["one.g", "one.g.h", "two.g", "two.g.h"]
    result = project.run(text)
    assert set(result.tasks.values()) == {"success"}, result.errors
    assert result.xcoms["one.g.h.inner"]["return_value"] == "x"
    assert result.xcoms["end"]["return_value"] == ["x", 2]


@pytest.mark.parametrize(
    ("result", "arguments", "states"),
    [
        ("fail", "", ("failed", "upstream_failed", "upstream_failed", "upstream_failed")),
        ("skip", "", ("skipped", "skipped", "skipped", "skipped")),
        ("'x'", "trigger_rule='all_done'", ("success", "success", "success", "success")),
    ],
)
def test_states(project: Project, result: str, arguments: str, states: tuple[str, ...]) -> None:
    found = project.run(
        FACTORY
        + f"""
with dag:
    sub = SubDagOperator(task_id="s", subdag=section("d", "s", {result}), {arguments})
    before = python("before", fail if "all_done" in {arguments!r} else 1)
    before >> sub >> python("after")
"""
    )
    assert tuple(found.tasks[each] for each in ("s.first", "s.g.h.inner", "s", "after")) == states


@pytest.mark.parametrize(
    ("option", "state"),
    [("", "success"), (", propagate_skipped_state=SkippedStatePropagationOptions.ANY_LEAF", "skipped")],
)
def test_a_branch_inside_a_subdag_in_a_group(project: Project, option: str, state: str) -> None:
    found = project.run(
        FACTORY
        + f"""
with dag:
    with TaskGroup("outer"):
        inner = DAG("d.outer.s", start_date=datetime(2024, 1, 1))
        deepest = DAG("d.outer.s.t", start_date=datetime(2024, 1, 1))
        python("leaf", dag=deepest)
        branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "yes", dag=inner)
        branch >> [python("yes", dag=inner), python("no", dag=inner)]
        python("yes2", dag=inner) >> SubDagOperator(task_id="t", subdag=deepest, dag=inner)
        SubDagOperator(task_id="s", subdag=inner{option})
"""
    )
    assert found.tasks == {
        "outer.s": state,
        "outer.s.branch": "success",
        "outer.s.yes": "success",
        "outer.s.no": "skipped",
        "outer.s.yes2": "success",
        "outer.s.t": "success",
        "outer.s.t.leaf": "success",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('SubDagOperator(task_id="s", subdag=section("d", "other"), dag=dag)', "Expected 'd.s'; received 'd.other'"),
        ('SubDagOperator(task_id="s", subdag=section("d", "s"), conf={"a": 1}, dag=dag)', "conf"),
        (
            (
                'inner = section("d", "s")\ninner.user_defined_macros = {"a": 1}\n'
                'SubDagOperator(task_id="s", subdag=inner, dag=dag)'
            ),
            "user_defined_macros of the inner DAG",
        ),
    ],
)
def test_what_is_refused(project: Project, text: str, message: str) -> None:
    from dag_translator.load import load

    project.load("")
    path = project.folder / "file.py"
    path.write_text(path.read_text() + FACTORY + text)
    assert any(message in each.message for each in load(path).problems)


def test_retries_of_its_own_are_told(project: Project) -> None:
    text = 'SubDagOperator(task_id="s", subdag=section("d", "s"), dag=dag, retries=2)'
    (problem,) = project.translate(FACTORY + text).problems
    assert (problem.code, problem.severity) == ("unused-argument", "approximated")
