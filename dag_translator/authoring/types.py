"""Small types that many modules share."""

from __future__ import annotations

from typing import Final


class ArgNotSet:
    """The type of NOTSET: an argument that was not given, where None means something."""

    def __repr__(self) -> str:
        return "NOTSET"

    def __bool__(self) -> bool:
        return False


NOTSET: Final = ArgNotSet()
