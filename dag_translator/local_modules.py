"""Which of a folder's own files a Python file needs: modules it imports, and templates or data that it names.

A DAG file's imports look in several folders (`import_path`): `Finder.of_dags` knows them all.

Read from the source, nothing is run. Imports count wherever they stand (inside functions too), relative or absolute,
with the `__init__` of each package on the way; imports by computed names count as everything they might mean. A string,
or a word of one, that is the path of a file, a folder or a glob, seen from the module's folder or one above it, counts
as that; templates are searched for what they include. A file too many only makes a package larger, so doubt decides for
taking it.

Invariant: all answers lie inside the folder.

>>> sorted(file.name for file in Finder(Path(__file__).parents[1]).closure([Path(__file__)]))
['__init__.py', 'import_path.py', 'local_modules.py']
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Self

from dag_translator.import_path import DAGS, PLUGINS, import_folders

_LONGEST_PATH = 255
# The folder of a project that is there for the DAGs' own files; of its other folders only what is named file by file.
_INCLUDE = "include"
_SKIPPED = frozenset({"__pycache__", ".git", ".venv", "node_modules", ".airstep", "cdk.out", ".DS_Store"})
_TEMPLATE_INCLUDE = re.compile(r"{%[-+]?\s*(?:include|extends|import|from)\s+[\"']([^\"'\n]+)[\"']")
_SEPARATORS = re.compile(r"[\s\"'=;()|&<>]+")
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+(:\w+)?")
_IMPORTERS = frozenset({"import_module", "__import__"})
_WALKERS = frozenset({"iter_modules", "walk_packages"})


@dataclass(slots=True)
class Uses:
    """What one module's source mentions.

    modules: absolute names; prefixes: how names begin that are computed ("" = anything); texts: all its strings.
    """

    modules: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Finder:
    """Finds needed files under `root`. Remembers what it has parsed.

    folders: those on the import path, all inside `root`, which is the default.
    """

    root: Path
    dotted_strings: bool = False  # our own code: what is imported by a computed name stands in a table of strings
    folders: tuple[Path, ...] = ()
    _parsed: dict[Path, Uses] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()
        self.folders = self.folders or (self.root,)

    @classmethod
    def of_dags(cls, dags_folder: Path) -> Self:
        """For the DAG files of a folder: its root is the project's folder, if it has one."""
        folders = import_folders(dags_folder)
        return cls(folders[-1], folders=folders)

    @property
    def _shared(self) -> tuple[Path, ...]:
        """The folders that hold nothing but what DAG files use: a project's own has more."""
        return tuple(folder for folder in self.folders if folder.name in (DAGS, PLUGINS)) or self.folders

    def closure(self, entries: Iterable[Path], *, data: bool = False) -> set[Path]:
        """The entry files and every module under `root` that they need; with `data`, templates and data files as well.

        Raises SyntaxError for a file that isn't Python.
        """
        waiting = [entry.resolve() for entry in entries]
        found: set[Path] = set()
        while waiting:
            file = waiting.pop()
            if file in found:
                continue
            found.add(file)
            if file.suffix == ".py":
                waiting += self._packages_above(file)
                waiting += self._imported(self._uses(file))
                waiting += self._named_files(file, self._uses(file).texts) if data else []
            elif data:
                waiting += self._named_files(file, _included(file))
        return found

    def _uses(self, file: Path) -> Uses:
        if file not in self._parsed:
            self._parsed[file] = _read_uses(file, self._around(file))
        return self._parsed[file]

    def _around(self, file: Path) -> list[Path]:
        """The folders of the import path that a file lies in, the nearest first."""
        return sorted((folder for folder in self.folders if folder in file.parents), key=lambda each: -len(each.parts))

    def _packages_above(self, file: Path) -> Iterator[Path]:
        for folder in file.parents:
            if folder == self.root:
                break
            if (folder / "__init__.py").is_file():
                yield folder / "__init__.py"

    def _imported(self, uses: Uses) -> list[Path]:
        names = set(uses.modules)
        if self.dotted_strings:
            names |= {text.partition(":")[0] for text in uses.texts if _DOTTED.fullmatch(text)}
        files = [file for name in names for file in self._module_files(name)]
        for prefix in () if self.dotted_strings else uses.prefixes:
            package, _, _ = prefix.rpartition(".")
            below = (root.joinpath(*package.split(".")) for root in self.folders) if package else self._shared
            files += [file for folder in below if folder.is_dir() for file in _files_below(folder, "*.py")]
        return files

    def _module_files(self, name: str) -> Iterator[Path]:
        """The files that `import name` runs, as far as they are ours: a module, or packages' `__init__`."""
        for path in self.folders:
            for part in name.split("."):
                path /= part
                for candidate in (path / "__init__.py", path.with_name(f"{part}.py")):
                    if candidate.is_file():
                        yield candidate
                        break

    def _named_files(self, file: Path, texts: Iterable[str]) -> list[Path]:
        """Files that strings in `file` name: paths and globs seen from its folder or from one above, down to `root`."""
        bases = [folder for folder in file.parents if folder == self.root or self.root in folder.parents]
        found: list[Path] = []
        for text in _path_like(texts):
            plain = text.lstrip("/")
            absolute = [Path(text)] if text.startswith("/") else []
            for path in (*absolute, *(base / plain for base in bases)):
                found += self._at(path, file)
            if "*" in plain:
                found += [match for base in bases if self._is_near(base / plain) for match in _glob(base, plain)]
        return found

    def _is_near(self, path: Path) -> bool:
        """Whether DAG files may mean a path as a whole: it lies in a folder of theirs, or the project's `include`."""
        return any(
            path.is_relative_to(folder) for folder in (*self._shared, *(each / _INCLUDE for each in self.folders))
        )

    def _at(self, path: Path, asking: Path) -> list[Path]:
        """The file at `path`, or all data files in the folder there, provided that it lies under `root`."""
        try:
            path = path.resolve()
            inside = self.root in path.parents and path not in asking.parents
            if inside and path.is_file():
                return [path]
            if inside and path.is_dir() and self._is_near(path):
                return [file for file in _files_below(path, "*") if file.suffix != ".py"]
        except OSError:  # a string that only looks like a path, e.g. a file name followed by a slash
            pass
        return []


def _read_uses(file: Path, around: list[Path]) -> Uses:
    """around: the folders that the file may be imported from, the nearest first; each makes it a module of its own."""
    packages = [file.relative_to(folder).parent.parts for folder in around]
    uses = Uses()
    for node in _nodes(ast.parse(file.read_bytes(), filename=str(file))):
        if isinstance(node, ast.Import):
            uses.modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            uses.modules.update(name for package in packages for name in _imported_names(node, package))
        elif isinstance(node, ast.Call):
            _add_computed_import(uses, node, ".".join(packages[0]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            uses.texts.add(node.value)
    return uses


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that may run: what stands under `if TYPE_CHECKING` doesn't."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and getattr(node.test, "attr", getattr(node.test, "id", "")) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _imported_names(node: ast.ImportFrom, package: tuple[str, ...]) -> Iterator[str]:
    """`from a import b` may mean the module a.b; dots are resolved against the file's own package."""
    above = package[: len(package) - node.level + 1] if node.level else ()
    base = ".".join((*above, *((node.module,) if node.module else ())))
    yield from ([base] if base else [])
    yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names if alias.name != "*")


def _add_computed_import(uses: Uses, call: ast.Call, package: str) -> None:
    """Add what `import_module(…)` and its like may load: the name, or as much of its beginning as is known."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _WALKERS:
        uses.prefixes.add(f"{package}." if package else "")
    if name not in _IMPORTERS or not call.args:
        return
    argument = call.args[0]
    known = argument.values[0] if isinstance(argument, ast.JoinedStr) and argument.values else argument
    if not isinstance(known, ast.Constant) or not isinstance(known.value, str):
        uses.prefixes.add("")
        return
    text = f"{package}.{known.value.lstrip('.')}".lstrip(".") if known.value.startswith(".") else known.value
    (uses.modules if known is argument else uses.prefixes).add(text)


def _path_like(texts: Iterable[str]) -> Iterator[str]:
    """Strings that may be paths or globs: short ones as they are, and the words of commands ("bash jobs/load.sh")."""
    for text in texts:
        words = [word for word in _SEPARATORS.split(text) if "/" in word or "." in word]
        for candidate in {text, *words}:
            if candidate.strip("./*") and len(candidate) <= _LONGEST_PATH and "\0" not in candidate:
                yield candidate


def _included(file: Path) -> set[str]:
    """Names of the templates that a template includes; a file that isn't text includes none."""
    try:
        return set(_TEMPLATE_INCLUDE.findall(file.read_text()))
    except UnicodeDecodeError:
        return set()


def _glob(base: Path, pattern: str) -> list[Path]:
    try:
        return [match.resolve() for match in base.glob(pattern) if match.is_file() and not _is_skipped(match, base)]
    except (ValueError, NotImplementedError, OSError):  # a string that only looks like a glob
        return []


def _files_below(folder: Path, pattern: str) -> list[Path]:
    return [file for file in folder.rglob(pattern) if file.is_file() and not _is_skipped(file, folder)]


def _is_skipped(file: Path, base: Path) -> bool:
    return not _SKIPPED.isdisjoint(PurePath(file.relative_to(base)).parts)
