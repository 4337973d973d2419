"""Builds what Lambda gets: a layer of third-party packages, and for each function a zip of just the code that it uses.

    files on disk → `Package` (names → files, sorted) → `write` → a zip in the cache, named by its contents' digest

A DAG's package holds `lambdas` and `dag_translator` as far as the task function imports them, and under `dags/` the
DAG's file with the local modules, templates and data files that it uses; what it uses of the project around the DAG
folder (`plugins`, `include`) lies beside that, as there. So editing one DAG changes one package.

Invariant: equal contents give equal bytes and an equal digest, whenever and wherever they are built; no byte code.

>>> package = Package((("a.py", Path(__file__)),))
>>> package.digest == Package((("a.py", Path(__file__)),)).digest
True
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from dag_translator.errors import UsageError
from dag_translator.import_path import place_in_package
from dag_translator.local_modules import Finder

LAMBDA_LIMIT = 250 * 1024 * 1024  # bytes unzipped, function and layers together
_SOURCE = Path(__file__).resolve().parents[1]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date that a zip can hold
# Loaded by name when a DAG file imports something, so nothing in the source tells which parts are used.
_LOADED_BY_NAME = ("dag_translator/authoring",)
_OWN_PACKAGES = ("lambdas", "dag_translator")
_CONTAINER = "lambdas.container"  # the other way into a task function's code
_OWN_FOLDERS = tuple(f"{package}/" for package in _OWN_PACKAGES)


@dataclass(frozen=True, slots=True)
class Package:
    """Files by their name in the zip, sorted by name."""

    files: tuple[tuple[str, Path], ...]
    size: int = 0
    digest: str = ""

    def __post_init__(self) -> None:
        checksum, size = hashlib.sha256(), 0
        for name, path in self.files:
            data = path.read_bytes()
            size += len(data)
            checksum.update(f"{name}\0{_mode(path)}\0{len(data)}\0".encode() + data)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "digest", checksum.hexdigest())

    def write(self, cache: Path) -> Path:
        """The zip of this package, newly written unless the cache has it."""
        target = cache / "packages" / f"{self.digest}.zip"
        if target.exists():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(f".{os.getpid()}")
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, path in self.files:
                info = zipfile.ZipInfo(name, _EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.create_system = 3  # Unix, whatever this machine is: the mode below counts
                info.external_attr = _mode(path) << 16
                archive.writestr(info, path.read_bytes())
        return unfinished.replace(target)


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def layer_package(*folders: Path) -> Package:
    """A layer with everything in the folders, where Lambda's Python looks for it."""
    files = {
        f"python/{file.relative_to(folder).as_posix()}": file
        for folder in folders
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    return Package(tuple(sorted(files.items())))


@dataclass(slots=True)
class Packager:
    """Builds the packages of one deployment; parses each source file once."""

    dags_folder: Path
    layer_size: int = 0
    source: Path = _SOURCE  # where `lambdas` and `dag_translator` are
    _own: Finder = field(init=False)
    _users: Finder = field(init=False)

    def __post_init__(self) -> None:
        self._own = Finder(self.source, dotted_strings=True)
        self._users = Finder.of_dags(self.dags_folder)

    def platform_function(self, module: str) -> Package:
        """The package of a function that loads no DAG file, e.g. `lambdas.signal_function`."""
        return self._checked(Package(self._runtime(module)), module)

    def task_function(self, module: str, dag_file: Path, beside: int = 0) -> Package:
        """The package of a DAG's task function. dag_file: under the DAGs folder; beside: bytes of the DAG's own layer.

        Raises UsageError when a module is no Python, or package and layer together are more than Lambda takes.
        """
        try:
            used = self._users.closure([dag_file], data=True)
        except SyntaxError as error:
            where = f"{error.filename}:{error.lineno}"
            raise UsageError(f"{where}: {error.msg}\n    → {dag_file} needs this module, correct it") from error
        own = {self._name(file): file for file in used}
        if ours := sorted(name for name in own if name.startswith(_OWN_FOLDERS)):
            raise UsageError(
                f"{own[ours[0]]}: the project's folder {ours[0].partition('/')[0]!r} is called like one of Airstep's\n"
                f"    → {dag_file} needs this file: move it into the DAG folder, or rename its folder"
            )
        files = {**dict(self._runtime(module, _CONTAINER)), **own}
        return self._checked(Package(tuple(sorted(files.items()))), str(dag_file), beside)

    def _name(self, file: Path) -> str:
        """A user's file in the package: DAG files in `dags`, the project's others as they lie around it."""
        folder = self.dags_folder.resolve()
        if file.is_relative_to(folder):
            return f"{place_in_package(folder)}/{file.relative_to(folder).as_posix()}"
        return file.relative_to(self._users.root).as_posix()

    def _runtime(self, *modules: str) -> tuple[tuple[str, Path], ...]:
        """What these import of our own packages, with those that are loaded by name if they need any of them."""
        source = self._own.root
        files = (source.joinpath(*module.split(".")).with_suffix(".py") for module in modules)
        found = self._own.closure([file for file in files if file.exists()])
        for folder in _LOADED_BY_NAME:
            if any(file.is_relative_to(source / folder) for file in found):
                found |= self._own.closure((source / folder).rglob("*.py"))
        kept = [file for file in found if file.relative_to(source).parts[0] in _OWN_PACKAGES]
        return tuple(sorted((file.relative_to(source).as_posix(), file) for file in kept))

    def _checked(self, package: Package, subject: str, beside: int = 0) -> Package:
        layers = self.layer_size + beside
        if package.size + layers <= LAMBDA_LIMIT:
            return package
        largest = sorted(package.files, key=lambda item: item[1].stat().st_size, reverse=True)[:3]
        raise UsageError(
            f"{subject}: its Lambda package has {package.size // 2**20} MB and the packages from PyPI "
            f"{layers // 2**20} MB, unzipped; Lambda takes {LAMBDA_LIMIT // 2**20} MB in all\n"
            f"    → use fewer or smaller requirements; the largest files are {', '.join(name for name, _ in largest)}"
        )
