"""Which fields a state of each type may have, by query language: the table that the validator reads."""

from __future__ import annotations

from typing import Final

COMMON: Final = frozenset({"Type", "Comment", "QueryLanguage"})
FLOW: Final = frozenset({"Next", "End"})
HANDLING: Final = frozenset({"Retry", "Catch"})
MAP: Final = frozenset(
    {
        "ItemProcessor",
        "Iterator",
        "ItemReader",
        "ItemSelector",
        "ItemBatcher",
        "ResultWriter",
        "MaxConcurrency",
        "ToleratedFailurePercentage",
        "ToleratedFailureCount",
        "Label",
    }
)
TASK: Final = frozenset({"Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"})

JSONATA: Final[dict[str, frozenset[str]]] = {
    "Pass": FLOW | {"Output", "Assign"},
    "Task": FLOW | HANDLING | TASK | {"Arguments", "Output", "Assign"},
    "Choice": frozenset({"Choices", "Default", "Output", "Assign"}),
    "Wait": FLOW | {"Seconds", "Timestamp", "Output", "Assign"},
    "Succeed": frozenset({"Output"}),
    "Fail": frozenset({"Error", "Cause"}),
    "Parallel": FLOW | HANDLING | {"Branches", "Arguments", "Output", "Assign"},
    "Map": FLOW | HANDLING | MAP | {"Items", "Output", "Assign"},
}

_PATHS: Final = frozenset({"InputPath", "OutputPath"})
_RESULT: Final = frozenset({"Parameters", "ResultSelector", "ResultPath", "Assign"})

JSONPATH: Final[dict[str, frozenset[str]]] = {
    "Pass": FLOW | _PATHS | {"Result", "ResultPath", "Parameters", "Assign"},
    "Task": FLOW | HANDLING | TASK | _PATHS | _RESULT | {"TimeoutSecondsPath", "HeartbeatSecondsPath"},
    "Choice": _PATHS | {"Choices", "Default", "Assign"},
    "Wait": FLOW | _PATHS | {"Seconds", "Timestamp", "SecondsPath", "TimestampPath", "Assign"},
    "Succeed": _PATHS,
    "Fail": frozenset({"Error", "Cause", "ErrorPath", "CausePath"}),
    "Parallel": FLOW | HANDLING | _PATHS | _RESULT | {"Branches"},
    "Map": FLOW
    | HANDLING
    | MAP
    | _PATHS
    | _RESULT
    | {"ItemsPath", "MaxConcurrencyPath", "ToleratedFailurePercentagePath", "ToleratedFailureCountPath"},
}

ALLOWED: Final = {"JSONata": JSONATA, "JSONPath": JSONPATH}

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "Pass": (),
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Wait": (),
    "Succeed": (),
    "Fail": (),
    "Parallel": ("Branches",),
    "Map": (),
}

TEMPLATES: Final = (
    "Arguments",
    "Output",
    "Assign",
    "Items",
    "ItemSelector",
    "ItemBatcher",
    "ItemReader",
    "ResultWriter",
    "Seconds",
    "Timestamp",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "Error",
    "Cause",
    "MaxConcurrency",
    "ToleratedFailurePercentage",
    "ToleratedFailureCount",
)
"""The fields of a JSONata state whose strings may be expressions."""
