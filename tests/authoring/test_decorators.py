"""@task, @task_group, @dag, @setup, @teardown, mapping."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.dag import DAG, dag
from dag_translator.authoring.definitions.expand import DictOfListsExpandInput, ListOfDictsExpandInput
from dag_translator.authoring.definitions.group_decorator import task_group
from dag_translator.authoring.definitions.task_decorators import setup, task, teardown
from dag_translator.authoring.definitions.taskgroup import MappedTaskGroup
from dag_translator.authoring.exceptions import AirflowSkipException, XComNotFound
from dag_translator.authoring.operators.bash import BashOperator
from dag_translator.authoring.operators.empty import EmptyOperator
from tests.authoring.conftest import FakeTaskInstance

if TYPE_CHECKING:
    from nowhere import OnlyForTyping  # type: ignore[import-not-found]


@task
def add(x: int, y: int = 1) -> int:
    """Adds."""
    return x + y


def test_calls_make_tasks_with_unique_ids_and_edges_from_arguments() -> None:
    with DAG("d") as made:
        first = add(1)
        add(first, y=add(2))
        add.override(task_id="named", retries=4)([{"deep": first}])
    assert made.task_ids == ["add", "add__1", "add__2", "named"]
    assert made.get_task("add__2").upstream_task_ids == {"add", "add__1"}
    assert made.get_task("named").upstream_task_ids == {"add"}
    assert (made.get_task("named").retries, made.get_task("add").retries) == (4, 0)
    assert made.get_task("add").doc_md == "Adds."


def test_the_function_itself_is_left_callable() -> None:
    assert add.function(1) == 2
    assert add.__name__ == "add"


def test_dag_default_args_fill_the_functions_parameters() -> None:
    with DAG("d", default_args={"y": 40}) as made:
        add(2)
    assert made.get_task("add").execute({}) == 42


def test_context_parameters_need_no_argument_and_no_other_default() -> None:
    @task
    def wants(x: int, ti: Any, ds: Any = None) -> Any:
        return x, ti, ds

    with DAG("d") as made:
        wants(x=1)
        with pytest.raises(TypeError, match="missing a required argument: 'x'"):
            wants()
    assert made.get_task("wants").execute({"ti": "TI", "ds": "DS"}) == (1, "TI", "DS")
    with pytest.raises(ValueError, match="Context key parameter ds can't have a default other than None"):
        task(lambda ds="2024": ds)()


def _unquoted(x: Any) -> dict[str, int]:
    return dict(x)


def _plain(x: Any) -> Any:
    return x


def _forward(x: Any) -> "Mapping[str, Any]":  # noqa: UP037
    return dict(x)


def _unknown(x: Any) -> "OnlyForTyping":  # noqa: UP037
    return x


@pytest.mark.parametrize(
    ("function", "expected"), [(_unquoted, True), (_plain, False), (_forward, True), (_unknown, False)]
)
def test_multiple_outputs_follow_the_annotation(function: Any, expected: bool) -> None:
    with DAG("d"):
        assert task(function)(1).operator.multiple_outputs is expected
        assert task(multiple_outputs=not expected)(function)(1).operator.multiple_outputs is not expected


def test_dag_arguments_become_params() -> None:
    @dag(tags=["x"])
    def pipeline(n: int = 5) -> None:
        """What it is for."""
        add(n)

    made = pipeline()
    assert (made.dag_id, made.doc_md, made.params.dump()) == ("pipeline", "What it is for.", {"n": 5})
    (reference,) = made.get_task("add").op_args
    run = type("DagRun", (), {"conf": {"n": 7}})()
    assert reference.resolve({"dag_run": run, "params": {}}) == 7
    run.conf = {}
    assert reference.resolve({"dag_run": run, "params": {}}) == 5
    assert pipeline(9).params.dump() == {"n": 9}


def test_groups_by_decorator() -> None:
    @task_group(default_args={"retries": 3})
    def work(x: Any) -> Any:
        """About the group."""
        return add(add(x))

    @task_group
    def nothing() -> None:
        EmptyOperator(task_id="e")

    with DAG("d") as made:
        result = work(work(1))
        _ = result >> nothing()
    assert made.task_ids == ["work.add", "work.add__1", "work__1.add", "work__1.add__1", "nothing.e"]
    assert made.get_task("work__1.add").upstream_task_ids == {"work.add__1"}
    assert made.get_task("nothing.e").upstream_task_ids == {"work__1.add__1"}
    assert made.task_group_dict["work"].tooltip == "About the group."
    assert made.get_task("work.add").retries == 3


def test_setup_and_teardown() -> None:
    @setup
    def create() -> str:
        return "id"

    @teardown(on_failure_fail_dagrun=True)
    def delete(x: Any) -> None: ...

    with DAG("d") as made:
        cluster = create()
        with delete(cluster):
            add(1)
            _ = add(2) >> add(3)
    work = {task_id for task_id in made.task_ids if task_id.startswith("add")}
    assert made.get_task("create").downstream_task_ids == {"add", "add__1", "delete"}
    assert made.get_task("delete").upstream_task_ids == {"create", "add", "add__2"}
    assert work == {"add", "add__1", "add__2"}
    gone = made.get_task("delete")
    assert (gone.is_teardown, gone.on_failure_fail_dagrun, gone.trigger_rule) == (True, True, "all_done_setup_success")
    with pytest.raises(ValueError, match="already a setup"):
        made.get_task("create").as_teardown()
    with pytest.raises(RuntimeError, match="Only setup/teardown tasks"), made.get_task("add"):
        pass


def test_conditions_run_before_the_task_and_after_its_own_hook() -> None:
    calls: list[str] = []

    @task.skip_if(lambda context: (context["ds"] == "skip", "because"))
    @task.run_if(lambda context: not calls.append("run_if"))  # type: ignore[func-returns-value]
    @task(pre_execute=lambda context: calls.append("own"))
    def conditional() -> None: ...

    with DAG("d"):
        hook = conditional().operator._pre_execute_hook
    hook({"ds": "go"})
    assert calls == ["own", "run_if"]
    with pytest.raises(AirflowSkipException, match="because"):
        hook({"ds": "skip"})
    with pytest.raises(TypeError, match="decorate with @task before @run_if"):
        task.run_if(lambda context: True)(print)


def test_a_mapped_task_looks_like_an_operator() -> None:
    with DAG("d", default_args={"retries": 2, "append_env": True}) as made:
        source = add(1)
        mapped = BashOperator.partial(task_id="m", env={"a": source}, pool_slots=2).expand(bash_command=["x", "y"])
        _ = mapped >> EmptyOperator(task_id="after")
    assert made.get_task("m") is mapped
    assert (mapped.task_type, mapped.is_mapped, mapped.retries, mapped.pool_slots) == ("BashOperator", True, 2, 2)
    assert (mapped.trigger_rule, mapped.retry_delay.total_seconds(), mapped.queue) == ("all_success", 300, "default")
    assert mapped.upstream_task_ids == {"add"}
    with pytest.raises(AttributeError, match="retris"):
        _ = mapped.retris
    assert isinstance(mapped.expand_input, DictOfListsExpandInput)
    assert mapped.expand_input.parse_time_length() == 2
    one = mapped.unmap({"bash_command": "x"})
    assert isinstance(one, BashOperator)
    assert (one.task_id, one.bash_command, one.retries, one.append_env) == ("m", "x", 2, True)
    assert made.get_task("m") is mapped


def test_a_mixin_may_say_what_its_constructor_takes() -> None:
    """As Cosmos does for Airflow's metaclass: the mixin is no operator, and its own class takes what it is given."""

    class Mixin:
        def __init__(self, project: str) -> None:
            self.project = project

        __init__._BaseOperatorMeta__param_names = frozenset({"project"})  # type: ignore[attr-defined]

    class Operator(Mixin, BaseOperator):
        def __init__(self, **kwargs: Any) -> None:
            Mixin.__init__(self, kwargs.pop("project"))
            BaseOperator.__init__(self, **kwargs)

    with DAG("d"):
        mapped = Operator.partial(task_id="m", retries=2).expand(project=["a", "b"])
    assert mapped.unmap({"project": "b"}).project == "b"
    with pytest.raises(TypeError, match="unexpected keyword argument 'projects'"):
        Operator.partial(task_id="n", projects="a")


def test_a_mapped_function() -> None:
    with DAG("d") as made:
        mapped = add.partial(y=10).expand(x=[1, 2, 3]).operator
        by_dicts = add.expand_kwargs([{"x": 1}, {"x": 2, "y": 3}]).operator
        over = add.expand(x=add(1)).operator
    assert made.task_ids == ["add", "add__1", "add__2", "add__3"]
    assert mapped.unmap({"x": 2}).execute({}) == 12
    assert isinstance(by_dicts.expand_input, ListOfDictsExpandInput)
    assert by_dicts.expand_input.parse_time_length() == 2
    assert over.upstream_task_ids == {"add__2"}
    assert over.expand_input.parse_time_length() is None


def test_expand_input_resolves_by_map_index() -> None:
    ti = FakeTaskInstance(up={"p": 1, "q": 2})
    with DAG("d"):
        up = EmptyOperator(task_id="up")
    product = DictOfListsExpandInput({"x": [1, 2], "y": up.output})
    assert product.length({"ti": ti}) == 4
    found = []
    for index in range(4):
        ti.map_index = index
        found.append(product.resolve({"ti": ti}))
    assert found == [
        {"x": 1, "y": ("p", 1)},
        {"x": 1, "y": ("q", 2)},
        {"x": 2, "y": ("p", 1)},
        {"x": 2, "y": ("q", 2)},
    ]
    assert found == list(product.combinations({"ti": ti}))
    ti.map_index = 1
    assert ListOfDictsExpandInput([{"a": 1}, {"a": up.output}]).resolve({"ti": ti}) == {"a": {"p": 1, "q": 2}}


def test_references_resolve() -> None:
    ti = FakeTaskInstance(**{"up": [1, 2], "other": ["a", "b", "c"], "up.key": 5})
    context = {"ti": ti}
    with DAG("d"):
        up, other = EmptyOperator(task_id="up").output, EmptyOperator(task_id="other").output
        unknown = EmptyOperator(task_id="unknown")
    assert up.resolve(context) == [1, 2]
    assert up["key"].resolve(context) == 5
    assert list(up.map(lambda x: x * 2).map(str).resolve(context)) == ["2", "4"]
    assert list(up.zip(other).resolve(context)) == [(1, "a"), (2, "b")]
    assert list(up.zip(other, fillvalue=0).resolve(context)) == [(1, "a"), (2, "b"), (0, "c")]
    assert list(up.concat(other).resolve(context)) == [1, 2, "a", "b", "c"]
    assert unknown.output.resolve(context) is None
    with pytest.raises(XComNotFound):
        unknown.output["key"].resolve(context)


def test_a_mapped_group() -> None:
    @task_group
    def per_item(item: Any) -> None:
        add(item)

    with DAG("d") as made:
        group = per_item.expand(item=add(1))
        _ = group >> EmptyOperator(task_id="end")
    assert isinstance(made.task_group_dict["per_item"], MappedTaskGroup)
    inner = made.get_task("per_item.add")
    assert inner.upstream_task_ids == {"add"}
    assert inner.get_needs_expansion()
    assert made.get_task("end").upstream_task_ids == {"per_item.add"}
    (argument,) = inner.op_args
    ti = FakeTaskInstance(add=["x", "y"])
    ti.map_index = 1
    assert argument.resolve({"ti": ti}) == "y"
