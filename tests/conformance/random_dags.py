"""Writes random DAG files in Airflow's own syntax, as people write them: the text, not the objects.

A file is a pure function of its seed. Edges lead from earlier tasks to later ones; a branch chooses among its children
when the edges are known, so its choice is filled in last (`@…@` in the lines). Tasks end as one letter says (`HOWS`).
A value is only read where Airflow's answer does not depend on the order in which it happened to run the tasks.

>>> write(7) == write(7)
True
>>> compile(write(7), "dag.py", "exec") is not None
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from tests.conformance import random_mapping as mapping
from tests.conformance import random_tasks as tasks
from tests.conformance.random_head import HEAD
from tests.conformance.random_writer import RULES, Node, Writer, extra, made


def write(seed: int) -> str:
    """The text of one DAG file."""
    writer = Writer(Random(seed))
    random = writer.random
    writer.budget = random.choice([3, 4, 5, 6, 8, 10, 12])
    arguments = ["schedule=None", "start_date=datetime(2024, 1, 1)", "catchup=False"]
    defaults = [f'"retries": {random.choice([1, 2])}, "retry_delay": timedelta(0)'] if writer.odds(0.4) else []
    defaults += ["**CALLBACKS"] if writer.odds(0.4) else []
    defaults += [f'"trigger_rule": "{random.choice(RULES[:-1])}"'] if writer.odds(0.06) else []
    if defaults:
        arguments.append(f"default_args={{{', '.join(defaults)}}}")
    if writer.odds(0.3):
        arguments.append('on_success_callback=log("dag succeeded"), on_failure_callback=log("dag failed")')
    arguments.append('params={"who": "world"}, user_defined_macros={"double": lambda number: 2 * number}')
    arguments.append('user_defined_filters={"shout": lambda text: text.upper() + "!"}')
    arguments += ["render_template_as_native_obj=True"] if writer.odds(0.15) else []
    writer.say(0, f'with DAG("fuzz_{seed}", {", ".join(arguments)}):')
    _block(writer, 1, "", [])
    text = "\n".join(writer.lines) + "\n"
    for branch, mark in writer.branches:
        text = text.replace(mark, _choice(writer, branch))
    return f"{HEAD}\n\n{text}"


def _block(writer: Writer, depth: int, prefix: str, outer: Sequence[Node]) -> list[Node]:
    """A body: of the DAG, or of a group; its nodes, wired among each other."""
    nodes: list[Node] = []
    size = writer.budget if depth == 1 else writer.random.choice([1, 2, 3])
    while size > 0:
        size -= 1
        kind = _kind(writer, depth)
        node = kind(writer, depth, prefix, nodes)
        _wire(writer, depth, nodes, node)
        nodes.append(node)
    if depth == 1 and writer.odds(0.25) and len(nodes) > 2:
        _lists(writer, nodes)
    return nodes


def _kind(writer: Writer, depth: int) -> Callable[[Writer, int, str, list[Node]], Node]:
    maps = 0 if writer.in_mapped else 1
    kinds: list[tuple[Callable[[Writer, int, str, list[Node]], Node], float]] = [
        (tasks.classic, 5), (tasks.decorated, 4), (tasks.empty, 3), (tasks.branch, 3), (tasks.short_circuit, 2),
        (tasks.mapped, 4 * maps), (tasks.reader, 3), (tasks.sensor, 1), (tasks.bash, 0.5), (tasks.latest_only, 0.3),
        (_setup_teardown, 2), (_several_setups, 1), (tasks.several_outputs, 1), (mapping.pushing, 1.5),
        (mapping.templated, 1), (mapping.pulling_instances, maps), (mapping.expanded_kwargs, 1.5 * maps),
        (mapping.concatenated, maps), (mapping.mapped_operator, maps),
        (_group, 3 if depth < 3 else 0), (_mapped_group, maps if depth < 3 else 0),
        (partial(mapping.mapped_group, _block), 1.5 * maps if depth < 3 else 0),
    ]  # fmt: skip
    return writer.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]


def _wire(writer: Writer, depth: int, nodes: Sequence[Node], node: Node) -> None:
    """Edges from earlier nodes of the same body; sometimes `chain`-like, sometimes with a list."""
    if not nodes or writer.odds(0.12):
        return
    # what is near is likelier
    wanted = writer.random.choice([1, 1, 1, 2, 2, 3])
    near = list(nodes[-5:])
    chosen = [near.pop(writer.random.randrange(len(near))) for _ in range(min(wanted, len(near)))]
    names = ", ".join(each.name for each in chosen)
    writer.say(depth, f"[{names}] >> {node.name}" if len(chosen) > 1 else f"{names} >> {node.name}")
    for each in chosen:
        writer.below.setdefault(each.name, []).append(node)


def _lists(writer: Writer, nodes: Sequence[Node]) -> None:
    """One more edge that crosses the others."""
    first, second = sorted(writer.random.sample(range(len(nodes)), 2))
    writer.say(1, f"{nodes[second].name}.set_upstream({nodes[first].name})")
    writer.below.setdefault(nodes[first].name, []).append(nodes[second])


def _choice(writer: Writer, branch: Node) -> str:
    """What a branch returns: some children, all, none, a group, a task further below, something unknown."""
    children = writer.below.get(branch.name, [])
    ids = [task_id for child in children for task_id in child.task_ids]
    kind = writer.random.random()
    if not ids or kind < 0.08:
        return writer.random.choice(["None", "[]"])
    if kind < 0.12:
        deeper = [each.task_ids[0] for child in children for each in writer.below.get(child.name, ())]
        return repr(writer.random.choice(deeper or ids))
    if kind < 0.14:
        return repr("nobody")
    if kind < 0.5:
        return repr(writer.random.choice(ids))
    return repr(writer.random.sample(ids, writer.random.randint(1, len(ids))))


def _setup_teardown(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """A setup, work, a teardown, in one of the forms."""
    setup, teardown = writer.name("up"), writer.name("down")
    make = '{0} = ended.override(task_id="{0}"{2})("{1}")'
    writer.say(depth, make.format(setup, writer.random.choice("sssfk"), extra(writer, 0.1)))
    failing = ", on_failure_fail_dagrun=True" if writer.odds(0.3) else ""
    no_setups = writer.odds(0.1)
    writer.say(depth, make.format(teardown, writer.random.choice("sssfk"), ""))
    up, down = made(writer, setup, prefix), made(writer, teardown, prefix)
    setups = "" if no_setups else f"setups={setup}"
    if not no_setups and writer.odds(0.5):
        writer.say(depth, f"with {teardown}.as_teardown({setups}{failing}):")
        works = _works(writer, depth + 1, prefix)
    else:
        if no_setups:
            writer.say(depth, f"{setup}.as_setup()")
        works = _works(writer, depth, prefix)
        as_teardown = f"{teardown}.as_teardown({(setups + failing).strip(', ')})"
        writer.say(depth, f"{setup} >> {works[0].name}")
        writer.say(depth, f"{works[-1].name} >> {as_teardown}")
    writer.below.setdefault(setup, []).append(works[0])
    _wire(writer, depth, nodes, up)
    return writer.random.choice([down, down, works[-1], works[0]])


def _several_setups(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """Two setups and their teardowns over the same work, one inside the other or side by side."""
    make = '{0} = ended.override(task_id="{0}")("{1}")'
    names = [writer.name(kind) for kind in ("up", "up", "down", "down")]
    for name in names:
        writer.say(depth, make.format(name, writer.random.choice("sssssfk")))
    one, other, first, second = (made(writer, name, prefix) for name in names)
    works = _works(writer, depth, prefix)
    if writer.odds(0.5):
        writer.say(depth, f"{one.name} >> {other.name} >> {works[0].name}")
        writer.say(depth, f"{works[-1].name} >> {second.name}.as_teardown(setups={other.name})")
        writer.say(depth, f"{second.name} >> {first.name}.as_teardown(setups={one.name})")
    else:
        writer.say(depth, f"[{one.name}, {other.name}] >> {works[0].name}")
        writer.say(depth, f"{works[-1].name} >> {first.name}.as_teardown(setups=[{one.name}, {other.name}])")
        writer.say(depth, f"{works[-1].name} >> {second.name}.as_teardown(setups={other.name})")
    _wire(writer, depth, nodes, one)
    return writer.random.choice([first, works[-1], works[0]])


def _works(writer: Writer, depth: int, prefix: str) -> list[Node]:
    """One to three tasks between a setup and its teardown."""
    works: list[Node] = []
    for _ in range(writer.random.choice([1, 2, 2, 3])):
        kind = writer.random.choice(
            [tasks.classic, tasks.decorated, tasks.empty, tasks.branch, tasks.short_circuit, mapping.pushing]
            + ([] if writer.in_mapped else [tasks.mapped, mapping.expanded_kwargs])
        )
        chained = bool(works) and writer.odds(0.8)
        writer.below_setup = not chained  # Airflow insists on all_success there
        works.append(kind(writer, depth, prefix, works))
        writer.below_setup = False
        if chained:
            writer.say(depth, f"{works[-2].name} >> {works[-1].name}")
            writer.below.setdefault(works[-2].name, []).append(works[-1])
    return works


def _group(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("g")
    prefixed = not writer.odds(0.2)
    more = "" if prefixed else ", prefix_group_id=False"
    if writer.odds(0.2):
        more += ', default_args={"retries": 1, "retry_delay": timedelta(0)}'
    elif writer.odds(0.1):
        more += f', default_args={{"trigger_rule": "{writer.random.choice(RULES[:-1])}"}}'
    writer.say(depth, f'with TaskGroup("{name}"{more}) as {name}:')
    inside = f"{prefix}{name}." if prefixed else prefix
    body = _block(writer, depth + 1, inside, nodes)
    ids = [task_id for each in body for task_id in each.task_ids]
    return Node(name, [prefix + name, *ids], is_group=True)


def _mapped_group(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("mg")
    first, second, third = (writer.name("i") for _ in range(3))
    lists = [node for node in nodes if node.yields in ("list", "mapped") and not node.is_group and node.plain]
    source = writer.random.choice(lists).name if lists and writer.odds(0.5) else repr(writer.hows())
    writer.say(depth, f'@task_group(group_id="{name}")')
    writer.say(depth, f"def make_{name}(how):")
    writer.say(depth + 1, f'{first} = ended.override(task_id="{first}"{extra(writer, 0.1)})(how, value="s")')
    writer.say(depth + 1, f'{second} = EmptyOperator(task_id="{second}"{extra(writer)})')
    writer.say(depth + 1, f'{third} = shown.override(task_id="{third}"{extra(writer)})(how)')
    writer.say(depth + 1, writer.random.choice([f"{first} >> {second} >> {third}", f"{first} >> [{second}, {third}]"]))
    writer.say(depth, f"{name} = make_{name}.expand(how={source})")
    return Node(name, [prefix + name], is_group=True)
