"""Unpacked copies of code packages and layers, and the directory that stands for AWS's own Python runtime.

Invariant: a directory named by a digest is complete (unpacked aside, then renamed) and never changes, so any number of
workers may share it and a published version keeps its code whatever happens to `$LATEST`.
"""

import io
import os
import shutil
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from infra.local.lambda_runtime.function import Package

# What AWS's Python runtime brings along, and nothing else of our own environment.
RUNTIME_MODULES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")


class PackageStore:
    """Keeps packages under `root`; safe to call from many threads and to reuse between starts."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def unpack(self, package: Package) -> Path:
        """The directory holding the package's files."""
        target = self._root / package.digest
        if target.is_dir():
            return target
        aside = Path(tempfile.mkdtemp(prefix="unpack-", dir=self._root))
        try:
            with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
                for entry in archive.infolist():
                    _extract(archive, entry, aside)
            # Whoever renames first wins; the copies are equal.
            try:
                aside.rename(target)
            except OSError:
                if not target.is_dir():
                    raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return target

    def runtime_directory(self) -> Path:
        """A directory with links to boto3 and what it needs, to be put on a worker's path."""
        directory = self._root / "runtime"
        directory.mkdir(exist_ok=True)
        for module in RUNTIME_MODULES:
            source = _source_of(module)
            link = directory / source.name
            if link.is_symlink() and link.readlink() == source:
                continue
            fresh = directory / f".{source.name}.{os.getpid()}"
            fresh.symlink_to(source)
            fresh.replace(link)
        return directory


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, directory: Path) -> None:
    """`ZipFile.extract` refuses to leave the directory but forgets the permissions."""
    path = Path(archive.extract(entry, directory))
    mode = (entry.external_attr >> 16) & 0o777
    if mode and not entry.is_dir():
        path.chmod(mode | 0o400)


def _source_of(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the Lambda runtime needs {module}; install the `local` extra")
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
