"""Task groups and labels between them."""

from __future__ import annotations

from dag_translator.authoring.definitions.dag import DAG
from dag_translator.authoring.definitions.edges import Label
from dag_translator.authoring.definitions.taskgroup import TaskGroup
from dag_translator.authoring.operators.empty import EmptyOperator


def test_groups_by_argument() -> None:
    dag = DAG("d")
    with TaskGroup("outer", dag=dag) as outer:
        free = TaskGroup("free", parent_group=None, dag=dag)
        inner = TaskGroup("inner")
    inside = EmptyOperator(task_id="x", task_group=inner)
    assert (free.group_id, inner.group_id, inside.task_id) == ("free", "outer.inner", "outer.inner.x")
    assert inside.dag is dag
    assert [task.task_id for task in outer] == ["outer.inner.x"]


def test_a_label_between_groups_widens_to_them() -> None:
    with DAG("d"):
        with TaskGroup("g"):
            x, y = EmptyOperator(task_id="x"), EmptyOperator(task_id="y")
            _ = x >> Label("inside") >> y
        after = EmptyOperator(task_id="after")
        _ = x >> Label("out") >> after
    assert x.downstream_task_ids == {"g.y"}
    assert after.upstream_task_ids == {"g.y"}


def test_an_empty_group_hands_its_upstream_on() -> None:
    with DAG("d"):
        before, after = EmptyOperator(task_id="before"), EmptyOperator(task_id="after")
        with TaskGroup("empty") as empty:
            pass
        _ = before >> empty >> after
    assert after.upstream_task_ids == {"before"}
