"""What the values of a state's fields may be, as far as a definition tells: numbers, names, what goes with what.

Each check yields (message, where below the state). Source: Step Functions developer guide, the pages of the states,
"Error handling", "Map state processing modes"; Amazon States Language, "Variables".

>>> list(field_problems({"Type": "Wait", "Seconds": -1}))
[('Seconds must be a whole number from 0 to 99,999,999', '/Seconds')]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.local.engine.expressions import is_expression
from infra.local.engine.ranges import RANGES, RETRIER, Range

State = dict[str, Any]
Found = Iterator[tuple[str, str]]

LABEL_LIMIT: Final = 40
VARIABLE_LIMIT: Final = 80
_DISTRIBUTED_ONLY: Final = ("ItemReader", "ItemBatcher", "ResultWriter", "Label")


def field_problems(state: State) -> Found:
    """Of a state of either query language."""
    yield from _numbers(state, RANGES, "")
    if _number(state.get("HeartbeatSeconds")) >= _number(state.get("TimeoutSeconds"), float("inf")):
        yield "HeartbeatSeconds must be smaller than TimeoutSeconds", "/HeartbeatSeconds"
    for index, rule in enumerate(state.get("Retry") or []):
        yield from _numbers(rule, RETRIER, f"/Retry/{index}", expressions=False)
        if rule.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
            yield "JitterStrategy must be FULL or NONE", f"/Retry/{index}/JitterStrategy"
    for holder in ("Catch", "Choices"):
        for index, part in enumerate(state.get(holder) or []):
            yield from _variables(part, f"/{holder}/{index}")
    yield from _variables(state, "")
    if state.get("Type") == "Map":
        yield from _map(state)


def _numbers(holder: Mapping[str, Any], ranges: Mapping[str, Range], where: str, *, expressions: bool = True) -> Found:
    for field, allowed in ranges.items():
        value = holder.get(field)
        if field in holder and not (expressions and is_expression(value)) and not allowed.fits(value):
            yield f"{field} must be {allowed}", f"{where}/{field}"


def _number(value: Any, otherwise: float = 0.0) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _variables(holder: Mapping[str, Any], where: str) -> Found:
    for key in holder.get("Assign") or {}:
        name = key.removesuffix(".$")
        if not name.isidentifier() or len(name) > VARIABLE_LIMIT or name == "states":
            yield f"'{name}' is no name for a variable", f"{where}/Assign/{key}"


def _map(state: State) -> Found:
    config = (state.get("ItemProcessor") or {}).get("ProcessorConfig") or {}
    where = "/ItemProcessor/ProcessorConfig"
    mode, kind = config.get("Mode", "INLINE"), config.get("ExecutionType")
    if mode not in ("INLINE", "DISTRIBUTED"):
        yield f"The Mode must be INLINE or DISTRIBUTED, not {mode!r}", f"{where}/Mode"
    elif mode == "DISTRIBUTED" and kind not in ("STANDARD", "EXPRESS"):
        yield "A distributed Map needs an ExecutionType, STANDARD or EXPRESS", where
    elif mode == "INLINE":
        for field in (each for each in _DISTRIBUTED_ONLY if each in state):
            yield f"The field '{field}' is for distributed Maps", f"/{field}"
    if len(str(state.get("Label", ""))) > LABEL_LIMIT:
        yield f"The Label is over {LABEL_LIMIT} characters", "/Label"
    yield from _numbers(state.get("ItemBatcher") or {}, RANGES, "/ItemBatcher")
    yield from _numbers((state.get("ItemReader") or {}).get("ReaderConfig") or {}, RANGES, "/ItemReader/ReaderConfig")
