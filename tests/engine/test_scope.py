"""Variables and context objects of nested scopes, and the checkpoints of branches."""

from __future__ import annotations

import json

from infra.local.engine import run
from infra.local.engine.validation import problems
from tests.contract.asl import DISTRIBUTED, State, branch, catch, machine, map_, parallel, pass_
from tests.engine.fakes import World, failing, function


def test_inner_scopes_read_outer_variables() -> None:
    both = "{% $states.input[0] + $states.result[0] %}"
    states = {
        "A": pass_(Assign={"x": 1}, Next="P"),
        "P": parallel(branch({"B": pass_("{% $x + 1 %}")}), Next="M"),
        "M": map_([10], branch({"C": pass_("{% $x + $states.input %}")}), Output=both),
    }
    assert run(machine(states), integrations=World()).output == 13


def test_variables_of_a_branch_end_with_it() -> None:
    states = {"P": parallel(branch({"B": pass_(Assign={"inner": 1})}), Next="Z"), "Z": pass_("{% $exists($inner) %}")}
    assert run(machine(states), integrations=World()).output is False


def test_children_of_a_distributed_map_see_no_outer_variables() -> None:
    processor = {**DISTRIBUTED, **branch({"B": pass_("{% $exists($x) %}")})}
    states = {"A": pass_(Assign={"x": 1}, Next="M"), "M": map_([1], processor)}
    assert run(machine(states), integrations=World()).output == [False]


def test_item_selector_of_a_distributed_map_sees_them() -> None:
    processor = {**DISTRIBUTED, **branch({"B": pass_()})}
    states = {"A": pass_(Assign={"x": 1}, Next="M"), "M": map_([1], processor, ItemSelector={"x": "{% $x %}"})}
    assert run(machine(states), integrations=World()).output == [{"x": 1}]


def test_a_failed_attempt_assigns_nothing() -> None:
    states = {
        "A": function("f", Assign={"v": 1}, Catch=catch("E", "B")),
        "B": pass_("{% $exists($v) %}"),
    }
    assert run(machine(states), integrations=World({"f": failing("E")})).output is False


def _complaints(states: State) -> list[str]:
    return [problem.message for problem in problems(json.dumps(machine(states)))]


def test_assigning_an_outer_variable_is_refused() -> None:
    states = {"A": pass_(Assign={"x": 1}, Next="P"), "P": parallel(branch({"B": pass_(Assign={"x": 2})}))}
    assert _complaints(states) == ["The variable 'x' belongs to an outer scope and cannot be assigned here"]


def test_a_distributed_map_has_names_of_its_own() -> None:
    processor = {**DISTRIBUTED, **branch({"B": pass_(Assign={"x": 2})})}
    assert _complaints({"A": pass_(Assign={"x": 1}, Next="M"), "M": map_([1], processor)}) == []


def test_sibling_branches_may_use_the_same_name() -> None:
    branches = [branch({f"B{i}": pass_("{% $states.input %}", Assign={"x": i})}) for i in range(2)]
    assert _complaints({"P": parallel(*branches)}) == []


def test_map_item_is_in_the_context_of_iterations() -> None:
    inner = branch({"A": pass_("{% $states.context.Map.Item.Index & $states.context.Map.Item.Value %}")})
    assert run(machine({"M": map_(["a", "b"], inner)}), integrations=World()).output == ["0a", "1b"]
