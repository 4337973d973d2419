"""The environments that a DAG's tasks have to themselves: a layer beside the platform's, or folders for a run here.

A layer is what Lambda unpacks under /opt/python, which is on the import path; the environments lie one level down,
where `dag_translator.authoring.environments.folder_of` finds them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dag_translator.errors import UsageError
from infra.packaging import Package, layer_package
from infra.settings import Settings
from infra.wheels import Platform, environment


def environments_layer(manifest: Mapping[str, Any], file: Path, settings: Settings) -> Package | None:
    """The layer of a DAG; None if no task asks for packages of its own.

    Raises UsageError when a package has no wheel for Lambda, or a task wants another Python than Lambda's.
    """
    platform = Platform(settings.architecture, settings.python_version, host=settings.target == "local")
    for wanted in manifest.get("environments", {}).values():
        version = wanted["python_version"]
        if version is not None and not f"{settings.python_version}.".startswith(f"{version}."):
            raise UsageError(
                f"{file}: a task asks for python_version {version}, its Lambda runs Python {settings.python_version}\n"
                "    → leave python_version out, or change the setting `pythonVersion`"
            )
    folders = _folders(manifest, platform, settings.cache_folder, file)
    return layer_package(*folders) if folders else None


@contextmanager
def environments_at_hand(manifest: Mapping[str, Any], file: Path, cache: Path | None = None) -> Iterator[None]:
    """Inside the block, tasks that run in this process find their environments, as in Lambda. Raises UsageError."""
    platform = Platform("arm64", f"{sys.version_info.major}.{sys.version_info.minor}", host=True)
    added = [str(folder) for folder in _folders(manifest, platform, cache or Settings().cache_folder, file)]
    sys.path += added
    try:
        yield
    finally:
        for folder in added:
            sys.path.remove(folder)


def _folders(manifest: Mapping[str, Any], platform: Platform, cache: Path, file: Path) -> list[Path]:
    return [
        environment(platform, name, wanted["requirements"], cache.resolve(), file)
        for name, wanted in manifest.get("environments", {}).items()
        if wanted["requirements"]
    ]
