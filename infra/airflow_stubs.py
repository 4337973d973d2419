"""Stands for Airflow itself while pip resolves a provider distribution: wheels that hold nothing but metadata.

Each `apache-airflow-providers-*` asks for `apache-airflow`, which Airstep answers to by its own import hook. pip can't
be told to leave one requirement out; so it gets wheels of that name, of a local version that a constraint pins, which
bring what provider code imports and Airflow itself would have brought, all of it small and pure Python.

>>> [stub.constraint for stub in STUBS][0]
'apache-airflow==3.3.2+airstep'
>>> is_core("apache-airflow[postgres]>=2.10"), is_core("apache_airflow_providers_postgres==6.0")
(True, False)
>>> provider_in("Apache_Airflow.Providers-Slack[x]>=9  # alerts")
'apache-airflow-providers-slack'
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_PROVIDERS = "apache-airflow-providers-"


@dataclass(frozen=True, slots=True)
class Stub:
    """A distribution that Airstep takes the place of. brings: what it requires."""

    name: str
    version: str
    brings: tuple[str, ...] = ()

    @property
    def constraint(self) -> str:
        return f"{self.name}=={self.version}+airstep"


# What provider code imports and leaves to Airflow to bring.
_BROUGHT = (
    *("asgiref", "attrs", "deprecated", "methodtools", "more-itertools", "packaging", "python-slugify", "tabulate"),
    *("tenacity", "typing-extensions"),
)
# The standard provider is operators that Airstep has itself; its version is above whatever another provider asks for.
STUBS = (
    Stub("apache-airflow", "3.3.2", _BROUGHT),
    Stub("apache-airflow-core", "3.3.2"),
    Stub("apache-airflow-task-sdk", "1.3.2"),
    Stub("apache-airflow-providers-standard", "1.999"),
)
# What there is no wheel of for Linux, and a distribution can do without (MySqlHook knows other clients).
_WHEELLESS = (Stub("mysqlclient", "2.999"),)
# What a distribution imports at once and doesn't ask for.
_ALSO = {
    "apache-airflow-providers-cncf-kubernetes": ("sqlalchemy",),
    "apache-airflow-providers-snowflake": ("aiohttp",),
}
_NAMES = frozenset(stub.name for stub in STUBS)
_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")


def project_in(line: str) -> str:
    """The normalized project name of a requirement; "" if the line is something else."""
    found = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found[1].rstrip(".-_")).lower() if found else ""


def is_core(line: str) -> bool:
    """Whether a requirement is about what Airstep takes the place of."""
    return project_in(line) in _NAMES


def provider_in(line: str) -> str | None:
    """The provider distribution that a requirement is about; None if it is about anything else."""
    project = project_in(line)
    return project if project.startswith(_PROVIDERS) and project not in _NAMES else None


def stubs_for(requirements: Iterable[str]) -> tuple[Stub, ...]:
    """The stubs to install these requirements with: what they name themselves is not replaced."""
    named = {project_in(line) for line in requirements}
    return (*STUBS, *(stub for stub in _WHEELLESS if stub.name not in named))


def also_needed(requirements: Iterable[str]) -> list[str]:
    """What their provider distributions import besides what they ask for."""
    return [needed for line in requirements for needed in _ALSO.get(provider_in(line) or "", ())]


def write_stubs(stubs: Iterable[Stub], folder: Path) -> None:
    """Write the wheels into `folder`, which is then one of pip's `--find-links`."""
    folder.mkdir(parents=True, exist_ok=True)
    for stub in stubs:
        base = f"{stub.name.replace('-', '_')}-{stub.version}+airstep"
        metadata = "".join(
            [
                f"Metadata-Version: 2.1\nName: {stub.name}\nVersion: {stub.version}+airstep\n",
                "Summary: nothing but a name: Airstep answers to Airflow's imports\n",
                *(f"Requires-Dist: {brought}\n" for brought in stub.brings),
            ]
        )
        files = {
            "METADATA": metadata,
            "WHEEL": "Wheel-Version: 1.0\nGenerator: airstep\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{base}.dist-info/{name},,\n" for name in (*files, "RECORD"))
        with zipfile.ZipFile(folder / f"{base}-py3-none-any.whl", "w") as archive:
            for name, text in {**files, "RECORD": record}.items():
                archive.writestr(zipfile.ZipInfo(f"{base}.dist-info/{name}", _EPOCH), text)
