"""The functions that Step Functions adds to JSONata: $partition $range $hash $random $uuid $parse, and its clock.

`built_in` builds the frame of functions that expressions see. `$eval` is hidden, as on AWS; `$now` and `$millis` follow
the engine's clock, `$random` and `$uuid` the execution's own random numbers, so that a run can be repeated.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable
from typing import Any, Final

from jsonata.functions import Functions
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

HASHES: Final = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}
RANGE_LIMIT: Final = 1000


class FunctionFailed(Exception):
    """An added function was called with arguments that it does not take."""


def built_in() -> Any:
    """A JSONata frame with everything that does not depend on the evaluation: the built-ins and the pure additions."""
    frame = Jsonata.Frame(Jsonata.static_frame)
    frame.bindings |= {
        "eval": None,
        "partition": Jsonata.JLambda(partition),
        "range": Jsonata.JLambda(range_),
        "hash": Jsonata.JLambda(hash_),
        "parse": Jsonata.JLambda(parse),
    }
    return frame


def evaluation_functions(now: Callable[[], float], generator: random.Random) -> dict[str, Any]:
    """The functions that depend on the evaluation; `now` gives milliseconds since 1970."""
    moment: list[int] = []

    def millis() -> int:
        # All calls within one expression see the same moment.
        if not moment:
            moment.append(int(now()))
        return moment[0]

    def random_(seed: Any = None) -> float:
        if seed is None:
            return generator.random()
        if isinstance(seed, bool) or not isinstance(seed, int | float):
            raise FunctionFailed(f"$random: the seed must be a number, not {seed!r}")
        return random.Random(seed).random()

    return {
        "now": Jsonata.JLambda(lambda picture=None, zone=None: Functions.datetime_from_millis(millis(), picture, zone)),
        "millis": Jsonata.JLambda(millis),
        "random": Jsonata.JLambda(random_),
        "uuid": Jsonata.JLambda(lambda: str(uuid.UUID(int=generator.getrandbits(128), version=4))),
    }


def partition(array: Any, size: Any) -> Any:
    """`$partition([1,2,3,4,5], 2)` is `[[1,2],[3,4],[5]]`."""
    if array is None:
        return None
    if not isinstance(array, list):
        array = [array]
    if isinstance(size, bool) or not isinstance(size, int | float) or int(size) < 1:
        raise FunctionFailed(f"$partition: the chunk size must be a positive number, not {size!r}")
    step = int(size)
    items = [array[index] for index in range(len(array))]
    return [items[first : first + step] for first in range(0, len(items), step)]


def range_(first: Any, last: Any, step: Any) -> Any:
    """`$range(0, 10, 5)` is `[0,5,10]`: the last value is included; at most 1,000 values."""
    for value in (first, last, step):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FunctionFailed(f"$range takes three numbers, not {value!r}")
    first, last, step = int(first), int(last), int(step)
    if step == 0:
        raise FunctionFailed("$range: the step must not be 0")
    values = range(first, last + (1 if step > 0 else -1), step)
    if len(values) > RANGE_LIMIT:
        raise FunctionFailed(f"$range makes at most {RANGE_LIMIT} values, not {len(values)}")
    return list(values)


def hash_(data: Any, algorithm: Any = "SHA-1") -> Any:
    """`$hash('a', 'SHA-256')`: the hexadecimal digest of the text, or of the value's JSON."""
    if data is None:
        return None
    function = HASHES.get(algorithm or "SHA-1") if isinstance(algorithm, str | None) else None
    if function is None:
        raise FunctionFailed(f"$hash: the algorithm must be one of {', '.join(HASHES)}, not {algorithm!r}")
    text = data if isinstance(data, str) else Functions.string(data, False)
    return function(text.encode()).hexdigest()


def parse(text: Any) -> Any:
    """`$parse('{"a": 1}')`: the value that the JSON text stands for."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise FunctionFailed(f"$parse takes a string, not {text!r}")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise FunctionFailed(f"$parse: not JSON: {error}") from error
    return Utils.NULL_VALUE if value is None else value
