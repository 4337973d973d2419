"""DAG, task groups, edges, BaseOperator and references: what a DAG file builds."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.dag import DAG
from dag_translator.authoring.definitions.dag_arguments import DAG_ARGUMENTS
from dag_translator.authoring.definitions.edges import Label, chain
from dag_translator.authoring.definitions.operator_arguments import OPERATOR_ARGUMENTS
from dag_translator.authoring.definitions.taskgroup import TaskGroup
from dag_translator.authoring.exceptions import DuplicateTaskIdFound
from dag_translator.authoring.operators.bash import BashOperator
from dag_translator.authoring.operators.empty import EmptyOperator
from dag_translator.errors import TranslationError
from dag_translator.load import LoadedFile

Load = Callable[..., LoadedFile]


class Query(BaseOperator):
    template_fields = ("sql", "extra")

    def __init__(self, sql: str, extra: Any = None, database: str = "main", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self.extra = extra
        self.database = database

    def execute(self, context: Any) -> str:
        return f"{self.database}: {self.sql}"


class Child(Query):
    def __init__(self, limit: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit


def test_default_args_reach_constructors_by_parameter_name() -> None:
    defaults = {"sql": "select 1", "database": "d", "limit": 5, "retries": 2, "nobody_takes_this": 1}
    with DAG("d", default_args=defaults):
        child = Child(task_id="child")
        own = Child(task_id="own", limit=7, default_args={"database": "task's", "retries": 9}, retries=0)
        plain = EmptyOperator(task_id="plain")
    assert (child.sql, child.database, child.limit, child.retries) == ("select 1", "d", 5, 2)
    assert (own.limit, own.database, own.retries) == (7, "task's", 0)
    assert not hasattr(plain, "database")


def test_group_defaults_win_over_the_dags_and_reach_nested_groups() -> None:
    with DAG("d", default_args={"retries": 1, "owner": "dag"}), TaskGroup("g", default_args={"retries": 2}):
        outer = EmptyOperator(task_id="outer")
        with TaskGroup("inner", default_args={"owner": "inner"}):
            inner = EmptyOperator(task_id="inner")
    assert (outer.retries, outer.owner) == (2, "dag")
    assert (inner.task_id, inner.retries, inner.owner) == ("g.inner.inner", 2, "inner")


def test_attributes_set_later_are_converted_and_make_edges() -> None:
    with DAG("d"):
        first, task = Query(task_id="first", sql="x"), Query(task_id="task", sql="y")
        task.retries = "3"  # type: ignore[assignment]
        task.retry_delay = 30  # type: ignore[assignment]
        task.trigger_rule = "dummy"
        task.on_failure_callback = print  # type: ignore[assignment]
        task.extra = {"deep": [first.output["key"]]}
    assert (task.retries, task.retry_delay, task.trigger_rule) == (3, timedelta(seconds=30), "always")
    assert task.on_failure_callback == [print]
    assert task.upstream_task_ids == {"first"}


def test_arguments_as_airflow_gives_them() -> None:
    task = EmptyOperator(task_id="a", retries=None, wait_for_downstream=True, pool=None, start_date="2024-03-01")
    assert (task.retries, task.depends_on_past, task.pool) == (0, True, "default_pool")
    assert task.start_date == datetime(2024, 3, 1, tzinfo=UTC)
    assert (task.retry_delay, task.do_xcom_push, task.queue) == (timedelta(minutes=5), True, "default")


def test_unknown_and_missing_arguments_raise_without_a_file() -> None:
    with pytest.raises(TypeError, match="Invalid arguments were passed to EmptyOperator"):
        EmptyOperator(task_id="a", nope=1)
    with pytest.raises(TypeError, match="missing keyword argument 'bash_command'"):
        BashOperator(task_id="a")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Use keyword arguments"):
        EmptyOperator("a")  # type: ignore[call-arg]


def test_wrong_types_are_problems(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        with DAG("d", max_active_runs="3", catchup="yes"):
            EmptyOperator(task_id="a", execution_timeout=30)
            EmptyOperator(task_id="b", depends_on_past="yes")
        """
    )
    assert [problem.code for problem in loaded.problems] == ["invalid-argument"] * 4
    assert loaded.problems[2].message == "execution_timeout must be timedelta, not int: 30"


def test_arguments_without_effect_are_noted_once(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        with DAG("d", default_args={"sla": 5, "owner": "me"}, sla_miss_callback=print, default_view="graph"):
            EmptyOperator(task_id="a")
            EmptyOperator(task_id="b", queue="big")
        """
    )
    assert [(problem.code, problem.line, problem.task_id) for problem in loaded.problems] == [
        ("ignored-argument", 4, None),
        ("ignored-argument", 4, None),
        ("ignored-argument", 6, "b"),
    ]
    assert {problem.severity for problem in loaded.problems} == {"approximated"}


def test_every_dag_argument_is_accepted() -> None:
    values = {
        "dag_id": "d", "description": "x", "schedule": "@daily", "default_args": {"retries": 1}, "params": {"a": 1},
        "template_searchpath": "/x", "tags": ["t"], "dagrun_timeout": timedelta(hours=1), "dag_display_name": "D",
        "user_defined_macros": {}, "user_defined_filters": {}, "jinja_environment_kwargs": {},
        "start_date": datetime(2024, 1, 1), "end_date": "2025-01-01",
    }  # fmt: skip
    given = {row.name: values.get(row.name, row.fresh_default()) for row in DAG_ARGUMENTS}
    dag = DAG(**given)
    assert (dag.dag_id, dag.description, dag.template_searchpath, dag.tags) == ("d", "x", ["/x"], {"t"})
    assert dag.params.dump() == {"a": 1}
    assert dag.end_date == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("schedule_interval", "schedule", "0 5 * * *"),
        ("timetable", "schedule", None),
        ("concurrency", "max_active_tasks", 3),
        ("fail_stop", "fail_fast", True),
    ],
)
def test_old_names_of_dag_arguments(old: str, new: str, value: Any) -> None:
    assert getattr(DAG("d", **{old: value}), new) == value


def test_dag_argument_mistakes(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.models.param import Param
        DAG("a", schedule="@daily", schedule_interval="@hourly")
        DAG("b", on_warning_callback=print)
        DAG("c", schedule=5)
        DAG("d", schedule="@daily", params={"x": Param(type="integer")})
        DAG("e", schedule="@daily", catchup=True)
        """
    )
    assert [(problem.code, problem.line) for problem in loaded.problems] == [
        ("invalid-argument", 4),
        ("unknown-argument", 5),
        ("invalid-schedule", 6),
        ("invalid-params", 7),
        ("missing-start-date", 8),
    ]


def test_start_dates_and_time_zones() -> None:
    from zoneinfo import ZoneInfo

    seoul = ZoneInfo("Asia/Seoul")
    dag = DAG("d", start_date=datetime(2024, 1, 1, 9, tzinfo=seoul), end_date=datetime(2024, 2, 1))
    assert (dag.zone, dag.start_date) == (seoul, datetime(2024, 1, 1, tzinfo=UTC))
    assert dag.timezone.name == "Asia/Seoul"  # pendulum's, as in Airflow
    assert DAG("fixed", start_date=datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=2)))).timezone.name == "+02:00"
    assert DAG("none").timezone.name == "UTC"
    early = EmptyOperator(task_id="early", dag=dag, start_date=datetime(2020, 1, 1))
    late = EmptyOperator(task_id="late", dag=dag, start_date=datetime(2024, 1, 5), end_date=datetime(2030, 1, 1))
    assert (early.start_date, late.start_date) == (dag.start_date, datetime(2024, 1, 5, tzinfo=UTC))
    assert late.end_date == datetime(2024, 2, 1, tzinfo=UTC)
    assert DAG("e", default_args={"start_date": "2024-01-01"}).start_date == datetime(2024, 1, 1, tzinfo=UTC)


def test_duplicate_ids_raise_without_a_file() -> None:
    with DAG("d"):
        EmptyOperator(task_id="a")
        with pytest.raises(DuplicateTaskIdFound):
            EmptyOperator(task_id="a")
        with TaskGroup("g"):
            EmptyOperator(task_id="a")
        with pytest.raises(DuplicateTaskIdFound):
            TaskGroup("g")
        assert TaskGroup("g", add_suffix_on_collision=True).group_id == "g__1"


def test_illegal_operands_say_what_they_are(load_text: Load) -> None:
    with DAG("d"):
        a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
        operands: tuple[Any, ...] = ({a, b}, "b", None, 5, [a, None], [[]], [[a, [b]]])
        for operand in operands:
            with pytest.raises(AttributeError):
                _ = b >> operand
        assert a.downstream_task_ids == set()
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        from airflow.decorators import task
        @task
        def f(): ...
        with DAG("d"):
            EmptyOperator(task_id="a") >> f
        """
    )
    assert [(problem.code, problem.line) for problem in loaded.problems] == [("illegal-edge", 8)]
    assert "the @task function 'f' (which is not called)" in loaded.problems[0].message


def test_edges_make_no_edge_out_of_nothing_and_return_their_right_side() -> None:
    with DAG("d"):
        a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
        assert (a >> []) == []
        assert ([] >> b) is b
        assert (a >> b) is b
        assert (b << a) is a
        assert a.downstream_task_ids == {"b"}


def test_an_edge_brings_a_task_into_the_dag_and_never_joins_two() -> None:
    with DAG("d") as dag:
        inside = EmptyOperator(task_id="inside")
    outside = EmptyOperator(task_id="outside")
    _ = inside >> outside
    assert outside.dag is dag
    other = EmptyOperator(task_id="x", dag=DAG("e"))
    with pytest.raises(RuntimeError, match="more than one Dag"):
        _ = inside >> other
    with pytest.raises(ValueError, match="don't have Dags yet"):
        _ = EmptyOperator(task_id="y") >> EmptyOperator(task_id="z")


def test_labels() -> None:
    with DAG("d") as dag:
        a, b, c = (EmptyOperator(task_id=i) for i in "abc")
        _ = a >> Label("yes") >> [b, c]
        chain(b, Label("after b"), c)
    assert dag.edge_info == {"a": {"b": {"label": "yes"}, "c": {"label": "yes"}}, "b": {"c": {"label": "after b"}}}
    assert a.downstream_task_ids == {"b", "c"}


def test_references_are_templates_in_text() -> None:
    with DAG("d"):
        a = EmptyOperator(task_id="a")
    assert str(a.output["k"]) == "{{ task_instance.xcom_pull(task_ids='a', dag_id='d', key='k') }}"
    with pytest.raises(TypeError, match="not iterable"):
        list(a.output)


def test_the_tables_say_why_something_has_no_effect() -> None:
    for row in (*DAG_ARGUMENTS, *OPERATOR_ARGUMENTS):
        assert bool(row.why) == (row.kind in ("ignored", "refused")), row


def test_refused_arguments(load_text: Load) -> None:
    loaded = load_text(
        "from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.empty import EmptyOperator\n"
        "with DAG('d'):\n    EmptyOperator(task_id='a', start_from_trigger=True)"
    )
    assert [(problem.code, problem.severity) for problem in loaded.problems] == [("unsupported-argument", "refused")]
    assert all(problem.hint for problem in loaded.problems)
    with pytest.raises(TranslationError):
        EmptyOperator(task_id="a", start_from_trigger=True)


def test_topological_order_and_walks() -> None:
    with DAG("d") as dag:
        d, c, b, a = (EmptyOperator(task_id=i) for i in "dcba")
        _ = a >> b >> [c, d]
        _ = a >> d
    assert [task.task_id for task in dag.topological_sort()] == ["a", "b", "d", "c"]
    assert a.get_flat_relative_ids() == {"b", "c", "d"}
    assert d.get_flat_relative_ids(upstream=True) == {"a", "b"}
    assert a.get_flat_relative_ids(depth=1) == {"b", "d"}
    assert [task.task_id for task in dag.leaves] == ["d", "c"]
