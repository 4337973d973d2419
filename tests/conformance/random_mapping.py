"""Random tasks in the less usual forms: XComs by key, `expand_kwargs`, `concat`, classic operators that are mapped, mapped
task groups with a body of their own. As in `random_tasks`: each writes its lines, returns what stands for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.conformance.random_writer import Node, Writer, extra, made

TEMPLATES = (
    "{{ params.who }}", "{{ ti.map_index }}", "{{ task.task_id }}", "{{ dag.dag_id }}", "{{ macros.ds_add(ds, 2) }}",
    "{{ (logical_date + macros.timedelta(hours=1)) | ts_nodash }}", "{{ ti.try_number }}", "{{ dag_run.run_type }}",
    "{{ double(21) }}", "{{ 'x' | shout }}", "{{ [1, 2] }}", "{{ missing }}", "{{ params.missing }}",
    "{{ data_interval_start | ds }}", "{{ prev_data_interval_end_success }}", "{{ outlets }}", "{% if true %}y{% endif %}",
)  # fmt: skip


def pushing(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """Pushes under keys of its own; mostly somebody pulls one of them."""
    name = writer.name("x")
    how, values = writer.how(), {"a": writer.hows(), "b": writer.random.choice([None, 1, "é", {"c": [1, (2,)]}])}
    writer.say(depth, f'{name} = pushed.override(task_id="{name}"{extra(writer, 0.2)})("{how}", {values!r})')
    node = made(writer, name, prefix)
    if not writer.odds(0.8):
        return node
    reader, key = writer.name("y"), writer.random.choice(["a", "b", "nothing", "return_value"])
    asked = repr(node.task_ids[0] if writer.odds(0.5) else node.task_ids)
    more = ", default='none'" if writer.odds(0.2) else ""
    call = f'pulled.override(task_id="{reader}"{extra(writer)})({asked}, {key!r}{more})'
    writer.say(depth, f"{reader} = {call}")
    writer.say(depth, f"{name} >> {reader}")
    found = made(writer, reader, prefix, "text")
    writer.below.setdefault(name, []).append(found)
    return found


def pulling_instances(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """Reads what a mapped task pushed: all of it, or some indexes."""
    mapped = [node for node in nodes if node.yields == "mapped"]
    if not mapped:
        return pushing(writer, depth, prefix, nodes)
    read, name = writer.random.choice(mapped), writer.name("y")
    indexes = writer.random.choice(["", ", map_indexes=0", ", map_indexes=[1, 0]", ", map_indexes=-1"])
    writer.say(
        depth,
        f'{name} = pulled.override(task_id="{name}"{extra(writer)})({read.task_ids[0]!r}, "return_value"{indexes})',
    )
    writer.say(depth, f"{read.name} >> {name}")
    node = made(writer, name, prefix, "text")
    writer.below.setdefault(read.name, []).append(node)
    return node


def templated(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("t")
    some = writer.random.sample(TEMPLATES, 3)
    arguments = f"op_args={some[:1]!r}, op_kwargs={{'arg_a': {{'k': [{some[1]!r}]}}, 'arg_b': {some[2]!r}}}"
    writer.say(depth, f'{name} = PythonOperator(task_id="{name}", python_callable=show, {arguments}{extra(writer)})')
    return made(writer, name, prefix, "text", plain=False)


def expanded_kwargs(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """`expand_kwargs`, over literals or over what `map` makes of an upstream task's list."""
    name = writer.name("k")
    source = _list_of(writer, nodes)
    if source is not None:
        wanted = f'{source}.map(lambda how: {{"how": how, "value": how}})'
    else:
        items = [{"how": how} if writer.odds(0.5) else {"how": how, "value": [how]} for how in writer.hows()]
        wanted = repr(items)
    call = f'ended.override(task_id="{name}"{_rule(writer)}{_label(writer)}).expand_kwargs({wanted})'
    writer.say(depth, f"{name} = {call}")
    return made(writer, name, prefix, "mapped")


def concatenated(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("j")
    first, second = _list_of(writer, nodes), _list_of(writer, nodes)
    if first is None or second is None:
        return expanded_kwargs(writer, depth, prefix, nodes)
    source = f"{first}.concat({second})"
    source += writer.random.choice(["", ".map(refine)", f".zip({first})"])
    call = f'ended.override(task_id="{name}"{_rule(writer)}{_label(writer)}).partial(value=1).expand(how={source})'
    writer.say(depth, f"{name} = {call}")
    return made(writer, name, prefix, "mapped")


def mapped_operator(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """A classic operator or sensor that is mapped; a mapped branch skips nothing."""
    name = writer.name("q")
    rule = _rule(writer)
    match writer.random.randrange(4):
        case 0:
            codes = [f"exit {writer.random.choice([0, 0, 1, 99])}" for _ in range(writer.random.randrange(4))]
            call = f'BashOperator.partial(task_id="{name}"{rule}).expand(bash_command={codes!r})'
        case 1:
            values = ", ".join(writer.random.choice(["lambda: True", "lambda: False", "lambda: []"]) for _ in range(2))
            call = f'ShortCircuitOperator.partial(task_id="{name}"{rule}).expand(python_callable=[{values}])'
        case 2:
            kwargs = [{"how": how, "value": how} for how in writer.hows()]
            call = f'PythonOperator.partial(task_id="{name}", python_callable=end{rule}).expand(op_kwargs={kwargs!r})'
        case _:
            values = ", ".join(writer.random.choice(["lambda: True", "lambda: False"]) for _ in range(2))
            more = f", soft_fail={writer.odds(0.5)}, poke_interval=0.1, timeout=0.15, mode='reschedule'{rule}"
            call = f'PythonSensor.partial(task_id="{name}"{more}).expand(python_callable=[{values}])'
    writer.say(depth, f"{name} = {call}")
    return made(writer, name, prefix, plain=False)


Block = Callable[[Writer, int, str, Sequence[Node]], list[Node]]


def mapped_group(block: Block, writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """A mapped group whose body is a random block: nested groups, setups, branches."""
    name, first = writer.name("mh"), writer.name("i")
    source = _list_of(writer, nodes) or repr(writer.hows())
    form = writer.random.randrange(3)
    writer.say(depth, f'@task_group(group_id="{name}")')
    writer.say(depth, f"def make_{name}(how, value=None):")
    writer.say(depth + 1, f'{first} = ended.override(task_id="{first}"{extra(writer, 0.1)})(how, value=value)')
    before, writer.in_mapped = writer.in_mapped, True
    own = made(writer, first, f"{prefix}{name}.")
    body = block(writer, depth + 1, f"{prefix}{name}.", nodes)
    writer.in_mapped = before
    for each in body[: writer.random.choice([1, 1, 2])]:
        writer.say(depth + 1, f"{first} >> {each.name}")
        writer.below.setdefault(own.name, []).append(each)
    match form:
        case 0:
            call = f"expand(how={source})"
        case 1:
            call = f"partial(value=1).expand(how={source})"
        case _:
            call = f"expand(how={source}, value={writer.hows()!r})"
    writer.say(depth, f"{name} = make_{name}.{call}")
    return Node(name, [prefix + name], is_group=True)


def _list_of(writer: Writer, nodes: Sequence[Node]) -> str | None:
    """What returns a list: an upstream task's output."""
    lists = [node for node in nodes if node.yields in ("list", "mapped") and not node.is_group]
    if not lists:
        return None
    read = writer.random.choice(lists)
    return read.name if read.plain else f"{read.name}.output"


def _rule(writer: Writer) -> str:
    return extra(writer, 0.35).replace(', trigger_rule="always"', "")


def _label(writer: Writer) -> str:
    return """, map_index_template="{{ task.op_kwargs['how'] }} {{ ti.map_index }}\"""" if writer.odds(0.4) else ""
