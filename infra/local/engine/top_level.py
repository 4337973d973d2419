"""What Step Functions refuses in an expression that is good JSONata: at the top level there is no context item.

So `$`, `$$` and field names that nothing qualifies mean nothing there, and the definition is refused. Inside a
predicate, a step of a path or a function they have the meaning that JSONata gives them; `$$` never has one.
Source: Step Functions developer guide, "Transforming data with JSONata"; Amazon States Language, "JSONata".

>>> from infra.local.engine.expressions import parse
>>> [without_context(parse(text)) for text in ("$.a", "price * 2", "$states.input.rows[$.price > $count($$)]")]
["'$'", "the field name 'price'", "'$$'"]
>>> without_context(parse("$states.input.rows[price > 10 and $.paid].{$string(id): $}"))
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from jsonata.jsonata import Jsonata

# The parser's attributes that hold further nodes: what sees the node's own context, and what sees another.
_SAME: Final = ("expression", "procedure", "arguments", "expressions", "lhs", "rhs", "lhs_object", "rhs_object")
_BRANCHES: Final = ("condition", "then", "_else")
_INNER: Final = ("predicate", "stages", "group", "terms", "body", "expr", "pattern", "update", "delete")


def without_context(expression: Jsonata) -> str | None:
    """What of the expression would need a context item, in words; None if nothing does."""
    found = sorted(_found(expression.ast), key=lambda place: place[0])
    return found[0][1] if found else None


def _found(root: Any) -> Iterable[tuple[int, str]]:
    """Each place that needs what is not there: its position and what it is."""
    waiting = [(root, False)]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, list | tuple):
            waiting += [(each, inside) for each in node]
            continue
        kind, value = getattr(node, "type", None), getattr(node, "value", None)
        if kind == "variable" and (value == "$" or (value == "" and not inside)):
            yield node.position or 0, f"'${value}'"
        elif kind == "name" and not inside:
            yield node.position or 0, f"the field name '{value}'"
        steps = getattr(node, "steps", None) or []
        waiting += [(step, inside or number > 0) for number, step in enumerate(steps)]
        for names, deeper in ((_SAME, inside), (_BRANCHES, inside), (_INNER, True)):
            children = (getattr(node, name, None) for name in names)
            waiting += [(child, deeper) for child in children if child is not None]
