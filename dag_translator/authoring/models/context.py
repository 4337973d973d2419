"""The type of a task's context, for annotations: a mapping from the names in `definitions.signatures.CONTEXT_KEYS`."""

from __future__ import annotations

from typing import Any


class Context(dict[str, Any]):
    """What `execute`, callbacks and `get_current_context()` get."""
