"""The packages that DAG files import, provider distributions among them, where they load on this machine: if the
interpreter has all that the requirements list, that is it; else all of them are installed into the cache, for this
machine, as they are for Lambda.

Behind everything else on the import path, so that nothing of this interpreter is replaced.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dag_translator.errors import UsageError
from infra.airflow_stubs import is_core, project_in
from infra.settings import Settings, requirements_beside
from infra.wheels import Platform, dependencies

_INCLUDES = ("-r", "--requirement")
_SHOWN = 5


@contextmanager
def providers_at_hand(requirements: Path | None, settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """In the block, DAG files find the packages that `requirements` lists.

    What can't be installed here is said, and DAGs that need it will be refused; the others are none the worse.
    """
    missing = _missing(requirements)
    if not missing or requirements is None:
        yield
        return
    try:
        cache = settings.cache_folder.resolve()
        folder = dependencies(here(), requirements, cache, settings.without_packages, say=say).folder
    except UsageError as error:
        say(f"{_some(missing)} can't be installed on this machine, DAGs that import it are refused\n{error}")
        yield
        return
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def environment_of(settings: Settings) -> Iterator[None]:
    """In the block, DAG files find the variables that they will find in Lambda."""
    before = {name: os.environ.get(name) for name in settings.environment}
    os.environ.update(settings.environment)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def requirements_of(root: Path, settings: Settings) -> Path | None:
    """The requirements of DAG files under the DAG folder `root`: its own file or its project's, else the setting's."""
    return requirements_beside(root) or settings.requirements


def here() -> Platform:
    architecture = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
    return Platform(architecture, f"{sys.version_info.major}.{sys.version_info.minor}", host=True)


def _missing(requirements: Path | None) -> list[str]:
    """What the requirements list that this interpreter does not have; a list within them counts as that."""
    lines = requirements.read_text(errors="replace").splitlines() if requirements is not None else []
    included = [line.strip() for line in lines if line.startswith(_INCLUDES)]
    listed = dict.fromkeys(name for line in lines if (name := project_in(line)) and not is_core(line))
    return [*included, *(name for name in listed if not _is_installed(name))]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
