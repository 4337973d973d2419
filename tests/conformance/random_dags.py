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
from dataclasses import dataclass, field
from random import Random

HEAD = '''\
import os
from datetime import datetime, timedelta

from airflow.decorators import dag, task, task_group
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.latest_only import LatestOnlyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.sensors.python import PythonSensor
from airflow.utils.task_group import TaskGroup
from airflow import DAG


def log(event):
    def callback(context):
        if "DAG_LOG" in os.environ:
            ti = context.get("ti")
            with open(os.environ["DAG_LOG"], "a") as file:
                file.write(f"{event} {ti.task_id + ' ' + str(ti.map_index) if event[:4] == 'task' else ''}\\n")
    return callback


def end(how, value=None, **context):
    """s: success, f: failure, k: skipped, x: exit, F: failure for good, digits: that many failures before a success."""
    if isinstance(how, (list, tuple)):
        how = how[0] if how else "k"
    if how == "f" or how.isdigit() and context["ti"].try_number <= int(how):
        raise ValueError("told to fail")
    if how == "k":
        raise AirflowSkipException("told to skip")
    if how == "x":
        raise SystemExit(3)
    if how == "F":
        raise AirflowFailException("for good")
    return value


def show(*args, **kwargs):
    return repr([args, {key: kwargs[key] for key in sorted(kwargs) if key.startswith("arg")}])


def refine(how):
    if how == "k":
        raise AirflowSkipException("not this one")
    return how


ended = task(end)
shown = task(show)
CALLBACKS = dict(
    on_execute_callback=log("task executes"), on_success_callback=log("task succeeded"),
    on_failure_callback=log("task failed"), on_retry_callback=log("task retries"), on_skipped_callback=log("task skipped"),
)
'''
RULES = (
    "all_success", "all_failed", "all_done", "all_done_min_one_success", "one_success", "one_failed", "one_done",
    "none_failed", "none_failed_min_one_success", "none_skipped", "all_skipped", "always",
)  # fmt: skip
HOWS = "sssssssfffkkkxF12"


@dataclass(slots=True)
class Node:
    """What can stand beside `>>`: a task or a group, by the expression that names it.

    roots, leaves: of a group, its tasks; yields: what its XCom is ("list", "dict", "text", None); `how` it ends.
    """

    name: str
    task_ids: list[str]
    yields: str | None = None
    is_group: bool = False
    in_group: bool = False
    plain: bool = True


@dataclass(slots=True)
class Writer:
    """The file so far. below: what the edges written so far say, for branches; each group has its place."""

    random: Random
    lines: list[str] = field(default_factory=list)
    count: int = 0
    budget: int = 0
    below_setup: bool = False
    branches: list[tuple[Node, str]] = field(default_factory=list)
    below: dict[str, list[Node]] = field(default_factory=dict)
    all_tasks: list[Node] = field(default_factory=list)

    def say(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def odds(self, chance: float) -> bool:
        return self.random.random() < chance

    def how(self) -> str:
        return self.random.choice(HOWS)

    def hows(self) -> list[str]:
        return [self.how() for _ in range(self.random.choice([0, 1, 1, 2, 2, 3]))]


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
    kinds: list[tuple[Callable[[Writer, int, str, list[Node]], Node], float]] = [
        (_classic, 5), (_decorated, 4), (_empty, 3), (_branch, 3), (_short_circuit, 2), (_mapped, 4), (_reader, 3),
        (_sensor, 1), (_bash, 0.5), (_latest_only, 0.3), (_setup_teardown, 2), (_several_outputs, 1),
        (_group, 3 if depth < 3 else 0), (_mapped_group, 1 if depth == 1 else 0),
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
    children = [each for each in writer.below.get(branch.name, ())]
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


def _settings(writer: Writer, rule: float = 0.45) -> str:
    """More arguments of an operator."""
    settings = ""
    if writer.odds(rule) and not writer.below_setup:
        settings += f', trigger_rule="{writer.random.choice(RULES)}"'
    if writer.odds(0.15):
        settings += f", retries={writer.random.choice([0, 1, 2])}, retry_delay=timedelta(0)"
    if writer.odds(0.15):
        settings += ", **CALLBACKS"
    return settings


def _task(writer: Writer, name: str, prefix: str, yields: str | None = None, *, plain: bool = True) -> Node:
    node = Node(name, [prefix + name], yields, plain=plain)
    writer.all_tasks.append(node)
    return node


def _empty(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("e")
    writer.say(depth, f'{name} = EmptyOperator(task_id="{name}"{_settings(writer)})')
    return _task(writer, name, prefix)


def _value(writer: Writer) -> tuple[str, str | None]:
    """What a task returns, and what that can be used for."""
    return writer.random.choice(
        [
            ("None", None),
            (repr(writer.hows()), "list"),
            (repr(dict.fromkeys(writer.hows(), 1)), "dict"),
            ("'text'", "text"),
        ]
    )


def _classic(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, (value, yields) = writer.name("p"), _value(writer)
    arguments = f'op_kwargs={{"how": "{writer.how()}", "value": {value}}}'
    writer.say(depth, f'{name} = PythonOperator(task_id="{name}", python_callable=end, {arguments}{_settings(writer)})')
    return _task(writer, name, prefix, yields, plain=False)


def _decorated(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, (value, yields) = writer.name("d"), _value(writer)
    writer.say(depth, f'{name} = ended.override(task_id="{name}"{_settings(writer)})("{writer.how()}", value={value})')
    return _task(writer, name, prefix, yields)


def _branch(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("b")
    mark = f"@{name}@"
    if writer.odds(0.5):
        call = f'task.branch(lambda: {mark}, task_id="{name}"{_settings(writer, 0.2)})()'
    else:
        call = f'BranchPythonOperator(task_id="{name}", python_callable=lambda: {mark}{_settings(writer, 0.2)})'
    writer.say(depth, f"{name} = {call}")
    node = _task(writer, name, prefix)
    writer.branches.append((node, mark))
    return node


def _short_circuit(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, value = writer.name("c"), writer.random.choice(["True", "False", "False", "[]"])
    soft = ", ignore_downstream_trigger_rules=False" if writer.odds(0.5) else ""
    if writer.odds(0.5):
        call = f'task.short_circuit(lambda: {value}, task_id="{name}"{soft}{_settings(writer, 0.2)})()'
    else:
        call = f'ShortCircuitOperator(task_id="{name}", python_callable=lambda: {value}{soft}{_settings(writer, 0.2)})'
    writer.say(depth, f"{name} = {call}")
    return _task(writer, name, prefix)


def _sensor(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, value = writer.name("w"), writer.random.choice(["True", "True", "False", "1 / 0"])
    more = f", soft_fail={writer.odds(0.5)}, mode={writer.random.choice(['poke', 'reschedule'])!r}"
    more += ", poke_interval=0.1, timeout=0.25" + _settings(writer, 0.2)
    if writer.odds(0.5):
        call = f'task.sensor(lambda: {value}, task_id="{name}"{more})()'
    else:
        call = f'PythonSensor(task_id="{name}", python_callable=lambda: {value}{more})'
    writer.say(depth, f"{name} = {call}")
    return _task(writer, name, prefix)


def _bash(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, code = writer.name("s"), writer.random.choice([0, 0, 1, 99])
    command = f"echo {{{{ ti.task_id }}}} {{{{ ds }}}}; exit {code}"
    writer.say(depth, f'{name} = BashOperator(task_id="{name}", bash_command="{command}"{_settings(writer)})')
    return _task(writer, name, prefix)


def _latest_only(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("l")
    writer.say(depth, f'{name} = LatestOnlyOperator(task_id="{name}"{_settings(writer, 0.1)})')
    return _task(writer, name, prefix)


def _reader(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """Reads what was pushed: as an argument, or in a template."""
    name = writer.name("r")
    tasks = [node for node in nodes if not node.is_group and node.yields]
    if not tasks:
        return _classic(writer, depth, prefix, nodes)
    read, other = writer.random.choice(tasks), writer.random.choice(tasks)
    reference = read.name if read.plain else f"{read.name}.output"
    task_id = read.task_ids[0]
    match writer.random.randrange(5):
        case 0:
            call = f'shown.override(task_id="{name}"{_settings(writer)})({reference})'
        case 1:
            call = f'shown.override(task_id="{name}"{_settings(writer)})(arg_a=[{reference}, 1], arg_b={{"c": {reference}}})'
        case 2:
            template = f"{{{{ ti.xcom_pull(task_ids='{task_id}') }}}} {{{{ ds }}}}"
            call = f'PythonOperator(task_id="{name}", python_callable=show, op_args=["{template}"]{_settings(writer)})'
        case 3:
            template = f"{{{{ ti.xcom_pull('{task_id}', key='nothing') }}}}"
            arguments = f'op_kwargs={{"arg_a": "{template}", "arg_b": {reference}}}'
            call = f'PythonOperator(task_id="{name}", python_callable=show, {arguments}{_settings(writer)})'
        case _:
            template = f"{{{{ ti.xcom_pull(task_ids=['{task_id}', '{other.task_ids[0]}']) }}}}"
            call = f'PythonOperator(task_id="{name}", python_callable=show, op_args=["{template}"]{_settings(writer)})'
    writer.say(depth, f"{name} = {call}")
    writer.say(depth, f"[{', '.join(sorted({read.name, other.name}))}] >> {name}")  # templates make no edge
    node = _task(writer, name, prefix, "text", plain=call.startswith("shown"))
    for each in (read, other):
        writer.below.setdefault(each.name, []).append(node)
    return node


def _several_outputs(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("o")
    value = writer.random.choice(['{"a": 1, "b": ["s", "k"]}', '{"a": None}', "{}", "{1: 2}"])
    call = f'task(multiple_outputs=True)(end).override(task_id="{name}"{_settings(writer, 0.1)})'
    writer.say(depth, f'{name} = {call}("{writer.how()}", value={value})')
    node = _task(writer, name, prefix)
    if writer.odds(0.7):
        reader = writer.name("r")
        rule = _settings(writer)
        writer.say(
            depth, f'{reader} = shown.override(task_id="{reader}"{rule})({name}["{writer.random.choice("ab")}"])'
        )
        node = _task(writer, reader, prefix, "text")
    return node


def _mapped(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("m")
    lists = [node for node in nodes if node.yields in ("list", "mapped") and not node.is_group]
    source = repr(writer.hows())
    if lists and writer.odds(0.6):
        read = writer.random.choice(lists)
        source = read.name if read.plain else f"{read.name}.output"
        if writer.odds(0.3):
            source += ".map(refine)"
        elif writer.odds(0.2):
            source += f".zip({source}, fillvalue='s')"
    settings = _settings(writer, 0.35).replace(', trigger_rule="always"', "")
    kind = writer.random.randrange(4)
    if kind == 0 and ".zip" not in source and ".map" not in source:
        source = f"{source}.map(lambda how: [how])" if not source.startswith("[") else f"[[how] for how in {source}]"
        call = f'PythonOperator.partial(task_id="{name}", python_callable=end{settings}).expand(op_args={source})'
    elif kind == 1:
        call = f'ended.override(task_id="{name}"{settings}).expand(how={source}, value={writer.hows()!r})'
    else:
        call = f'ended.override(task_id="{name}"{settings}).partial(value={writer.how()!r}).expand(how={source})'
    writer.say(depth, f"{name} = {call}")
    return _task(writer, name, prefix, "mapped", plain=not call.startswith("Python"))


def _setup_teardown(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """A setup, work, a teardown, in one of the forms."""
    setup, teardown = writer.name("up"), writer.name("down")
    make = '{0} = ended.override(task_id="{0}"{2})("{1}")'
    writer.say(depth, make.format(setup, writer.random.choice("sssfk"), _settings(writer, 0.1)))
    failing = ", on_failure_fail_dagrun=True" if writer.odds(0.3) else ""
    no_setups = writer.odds(0.1)
    writer.say(depth, make.format(teardown, writer.random.choice("sssfk"), ""))
    up, down = _task(writer, setup, prefix), _task(writer, teardown, prefix)
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


def _works(writer: Writer, depth: int, prefix: str) -> list[Node]:
    """One to three tasks between a setup and its teardown."""
    works: list[Node] = []
    for _ in range(writer.random.choice([1, 2, 2, 3])):
        kind = writer.random.choice([_classic, _decorated, _empty, _branch, _mapped, _short_circuit])
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
    writer.say(depth + 1, f'{first} = ended.override(task_id="{first}"{_settings(writer, 0.1)})(how, value="s")')
    writer.say(depth + 1, f'{second} = EmptyOperator(task_id="{second}"{_settings(writer)})')
    writer.say(depth + 1, f'{third} = shown.override(task_id="{third}"{_settings(writer)})(how)')
    writer.say(depth + 1, writer.random.choice([f"{first} >> {second} >> {third}", f"{first} >> [{second}, {third}]"]))
    writer.say(depth, f"{name} = make_{name}.expand(how={source})")
    return Node(name, [prefix + name], is_group=True)
