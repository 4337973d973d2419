"""One random task of each kind: writes its line, returns what stands for it beside `>>`.

depth: of the indentation; prefix: of task ids in the group; nodes: those before it in the same body.
"""

from __future__ import annotations

from tests.conformance.random_writer import Node, Writer, extra, made, returned


def empty(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("e")
    writer.say(depth, f'{name} = EmptyOperator(task_id="{name}"{extra(writer)})')
    return made(writer, name, prefix)


def classic(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, (value, yields) = writer.name("p"), returned(writer)
    arguments = f'op_kwargs={{"how": "{writer.how()}", "value": {value}}}'
    writer.say(depth, f'{name} = PythonOperator(task_id="{name}", python_callable=end, {arguments}{extra(writer)})')
    return made(writer, name, prefix, yields, plain=False)


def decorated(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, (value, yields) = writer.name("d"), returned(writer)
    writer.say(depth, f'{name} = ended.override(task_id="{name}"{extra(writer)})("{writer.how()}", value={value})')
    return made(writer, name, prefix, yields)


def branch(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("b")
    mark = f"@{name}@"
    if writer.odds(0.5):
        call = f'task.branch(lambda: {mark}, task_id="{name}"{extra(writer, 0.2)})()'
    else:
        call = f'BranchPythonOperator(task_id="{name}", python_callable=lambda: {mark}{extra(writer, 0.2)})'
    writer.say(depth, f"{name} = {call}")
    node = made(writer, name, prefix)
    writer.branches.append((node, mark))
    return node


def short_circuit(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, value = writer.name("c"), writer.random.choice(["True", "False", "False", "[]"])
    soft = ", ignore_downstream_trigger_rules=False" if writer.odds(0.5) else ""
    if writer.odds(0.5):
        call = f'task.short_circuit(lambda: {value}, task_id="{name}"{soft}{extra(writer, 0.2)})()'
    else:
        call = f'ShortCircuitOperator(task_id="{name}", python_callable=lambda: {value}{soft}{extra(writer, 0.2)})'
    writer.say(depth, f"{name} = {call}")
    return made(writer, name, prefix)


def sensor(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, value = writer.name("w"), writer.random.choice(["True", "True", "False", "1 / 0"])
    more = f", soft_fail={writer.odds(0.5)}, mode={writer.random.choice(['poke', 'reschedule'])!r}"
    more += ", poke_interval=0.1, timeout=0.25" + extra(writer, 0.2)
    if writer.odds(0.5):
        call = f'task.sensor(lambda: {value}, task_id="{name}"{more})()'
    else:
        call = f'PythonSensor(task_id="{name}", python_callable=lambda: {value}{more})'
    writer.say(depth, f"{name} = {call}")
    return made(writer, name, prefix)


def bash(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name, code = writer.name("s"), writer.random.choice([0, 0, 1, 99])
    command = f"echo {{{{ ti.task_id }}}} {{{{ ds }}}}; exit {code}"
    writer.say(depth, f'{name} = BashOperator(task_id="{name}", bash_command="{command}"{extra(writer)})')
    return made(writer, name, prefix)


def latest_only(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("l")
    writer.say(depth, f'{name} = LatestOnlyOperator(task_id="{name}"{extra(writer, 0.1)})')
    return made(writer, name, prefix)


def reader(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    """Reads what was pushed: as an argument, or in a template."""
    name = writer.name("r")
    tasks = [node for node in nodes if not node.is_group and node.yields]
    if not tasks:
        return classic(writer, depth, prefix, nodes)
    read, other = writer.random.choice(tasks), writer.random.choice(tasks)
    reference = read.name if read.plain else f"{read.name}.output"
    task_id = read.task_ids[0]
    match writer.random.randrange(5):
        case 0:
            call = f'shown.override(task_id="{name}"{extra(writer)})({reference})'
        case 1:
            arguments = f'arg_a=[{reference}, 1], arg_b={{"c": {reference}}}'
            call = f'shown.override(task_id="{name}"{extra(writer)})({arguments})'
        case 2:
            template = f"{{{{ ti.xcom_pull(task_ids='{task_id}') }}}} {{{{ ds }}}}"
            call = f'PythonOperator(task_id="{name}", python_callable=show, op_args=["{template}"]{extra(writer)})'
        case 3:
            template = f"{{{{ ti.xcom_pull('{task_id}', key='nothing') }}}}"
            arguments = f'op_kwargs={{"arg_a": "{template}", "arg_b": {reference}}}'
            call = f'PythonOperator(task_id="{name}", python_callable=show, {arguments}{extra(writer)})'
        case _:
            template = f"{{{{ ti.xcom_pull(task_ids=['{task_id}', '{other.task_ids[0]}']) }}}}"
            call = f'PythonOperator(task_id="{name}", python_callable=show, op_args=["{template}"]{extra(writer)})'
    writer.say(depth, f"{name} = {call}")
    writer.say(depth, f"[{', '.join(sorted({read.name, other.name}))}] >> {name}")  # templates make no edge
    node = made(writer, name, prefix, "text", plain=call.startswith("shown"))
    for each in (read, other):
        writer.below.setdefault(each.name, []).append(node)
    return node


def several_outputs(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
    name = writer.name("o")
    value = writer.random.choice(['{"a": 1, "b": ["s", "k"]}', '{"a": None}', "{}", "{1: 2}"])
    call = f'task(multiple_outputs=True)(end).override(task_id="{name}"{extra(writer, 0.1)})'
    writer.say(depth, f'{name} = {call}("{writer.how()}", value={value})')
    node = made(writer, name, prefix)
    if writer.odds(0.7):
        reader = writer.name("r")
        rule = extra(writer)
        writer.say(
            depth, f'{reader} = shown.override(task_id="{reader}"{rule})({name}["{writer.random.choice("ab")}"])'
        )
        node = made(writer, reader, prefix, "text")
    return node


def mapped(writer: Writer, depth: int, prefix: str, nodes: list[Node]) -> Node:
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
    settings = extra(writer, 0.35).replace(', trigger_rule="always"', "")
    kind = writer.random.randrange(4)
    if kind == 0 and ".zip" not in source and ".map" not in source:
        source = f"{source}.map(lambda how: [how])" if not source.startswith("[") else f"[[how] for how in {source}]"
        call = f'PythonOperator.partial(task_id="{name}", python_callable=end{settings}).expand(op_args={source})'
    elif kind == 1:
        call = f'ended.override(task_id="{name}"{settings}).expand(how={source}, value={writer.hows()!r})'
    else:
        call = f'ended.override(task_id="{name}"{settings}).partial(value={writer.how()!r}).expand(how={source})'
    writer.say(depth, f"{name} = {call}")
    return made(writer, name, prefix, "mapped", plain=not call.startswith("Python"))
