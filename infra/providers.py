"""Provider distributions for DAG files that load on this machine: where the interpreter has one, that is it; else all
of the project's requirements are installed into the cache, for this machine, as they are for Lambda.

Behind everything else on the import path, so that nothing of this interpreter is replaced.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dag_translator.errors import UsageError
from infra.airflow_stubs import provider_in
from infra.settings import Settings
from infra.wheels import Platform, dependencies


@contextmanager
def providers_at_hand(requirements: Path | None, settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """In the block, DAG files find the provider distributions that `requirements` lists.

    What can't be installed here is said, and DAGs that need it will be refused; the others are none the worse.
    """
    missing = _missing(requirements)
    if not missing or requirements is None:
        yield
        return
    try:
        folder = dependencies(here(), requirements, settings.cache_folder.resolve(), settings.without_packages).folder
    except UsageError as error:
        say(f"{', '.join(missing)} can't be installed on this machine, DAGs that import it are refused\n{error}")
        yield
        return
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def requirements_of(root: Path, settings: Settings) -> Path | None:
    """The requirements of DAG files under the DAG folder `root`: its own file, else the project's."""
    own = root / "requirements.txt"
    return own if own.exists() else settings.requirements


def here() -> Platform:
    architecture = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
    return Platform(architecture, f"{sys.version_info.major}.{sys.version_info.minor}", host=True)


def _missing(requirements: Path | None) -> list[str]:
    """The provider distributions listed that this interpreter does not have."""
    lines = requirements.read_text().splitlines() if requirements is not None else []
    listed = dict.fromkeys(name for line in lines if (name := provider_in(line)) is not None)
    return [name for name in listed if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
