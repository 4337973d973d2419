"""How Step Functions spells a service's names: as the AWS SDK for Java does, in PascalCase.

Source: Step Functions developer guide, "Passing parameters to a service API in Step Functions". An acronym at the
beginning becomes a word, as in the Java SDK's methods.

>>> sdk_name("jobRunId"), sdk_name("DBInstances"), sdk_name("VolumeSizeInGB")
('JobRunId', 'DbInstances', 'VolumeSizeInGB')
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def sdk_name(name: str) -> str:
    """The name of a field of a request or an answer."""
    end = 1
    while end < len(name) and name[end].isupper() and not name[end + 1 : end + 2].islower():
        end += 1
    return name[:1].upper() + name[1:end].lower() + name[end:]


def sdk_spelt(value: Any, maps: tuple[str, ...] = ()) -> Any:
    """Every name of a request. maps: fields whose keys are the user's own.

    >>> sdk_spelt({"tags": {"a": 1}, "overrides": [{"cpu": 2}]}, ("tags",))
    {'Tags': {'a': 1}, 'Overrides': [{'Cpu': 2}]}
    """
    match value:
        case Mapping():
            return {sdk_name(name): each if name in maps else sdk_spelt(each, maps) for name, each in value.items()}
        case list() | tuple():
            return [sdk_spelt(each, maps) for each in value]
    return value
