"""`ObjectStoragePath`: a path in an object store, with the methods of universal-pathlib's UPath and some of Airflow's.

    ObjectStoragePath("s3://aws_default@bucket/key")     the connection in the address, or conn_id=
    ObjectStoragePath("s3://bucket") / "key"             without one: the task's own credentials

Connections are read when a method needs the store, so that a DAG file may have paths at its top. It goes through XCom.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ClassVar, Self
from urllib.parse import SplitResult, urlsplit

from dag_translator.authoring.storage.filesystems import LOCAL, attach, get_fs, package

# What a path says of itself, without the store.
_LEXICAL = frozenset(
    {
        *("name", "stem", "suffix", "suffixes", "parent", "parents", "parts", "anchor", "drive", "root", "path"),
        *("protocol", "storage_options", "joinpath", "joinuri", "with_name", "with_stem", "with_suffix", "parser"),
        *("with_segments", "relative_to", "is_relative_to", "is_absolute", "as_posix", "as_uri", "match"),
    }
)

_MODES = {"file": stat.S_IFREG, "directory": stat.S_IFDIR}


class StatResult(dict[str, Any]):
    """What the file system says of a file (its own keys), and as much of `os.stat_result` as follows from that."""

    _ZERO = frozenset({"st_size", "st_gid", "st_uid", "st_ino", "st_nlink", "st_mtime", "st_dev"})

    def __getattr__(self, name: str) -> Any:
        if name not in self._ZERO:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name == "st_mtime" and "mtime" not in self and "LastModified" in self:
            return self["LastModified"].timestamp()
        return self.get(name.removeprefix("st_"), 0)

    @property
    def st_mode(self) -> int:
        kind = stat.S_IFLNK if self.get("isLink") else _MODES.get(self.get("type", ""), 0)
        return int(self.get("mode", kind))


class ObjectStoragePath:
    """conn_id: the connection with the credentials, None for the task's own. storage_options: of the file system."""

    __version__: ClassVar[int] = 1
    sep: ClassVar[str] = "/"
    root_marker: ClassVar[str] = "/"
    _path: Any  # a UPath
    _conn_id: str | None

    def __init__(
        self, *args: Any, protocol: str | None = None, conn_id: str | None = None, **storage_options: Any
    ) -> None:
        first, *rest = args or (".",)
        if isinstance(first, ObjectStoragePath):
            conn_id = conn_id if conn_id is not None else first.conn_id
            first = first._path
        else:
            url = urlsplit(os.fspath(first))
            user, at, host = url.netloc.rpartition("@")
            if at:
                conn_id = conn_id if conn_id is not None else user or None
                url = url._replace(netloc=host)
            first, protocol = url.geturl(), protocol or url.scheme
        self._conn_id = conn_id
        self._path = _upath()(first, *map(_plain, rest), protocol=protocol, **storage_options)

    def _of(self, path: Any) -> Self:
        """Another path of the same store."""
        made = object.__new__(type(self))
        made._conn_id, made._path = self._conn_id, path
        return made

    def _wrapped(self, value: Any) -> Any:
        """What a method of UPath answers with, every path in it one of ours."""
        if isinstance(value, _upath()):
            return self._of(value)
        if isinstance(value, Iterator):
            return map(self._wrapped, value)
        return tuple(map(self._wrapped, value)) if isinstance(value, tuple) else value

    def _live(self) -> Any:
        """The path with the connection's file system behind it. It and all that is made of it keep that in UPath's own
        place for it; UPath has no public way to say which file system is meant."""
        if self._conn_id is not None and self._path.protocol not in LOCAL:
            self._path._fs_cached = self.fs
        return self._path

    def __getattr__(self, name: str) -> Any:
        known = name in _LEXICAL or hasattr(type(self._path), name)
        if name.startswith("_") or not known:  # who asks for any name must not make a file system of it
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = getattr(self._path if name in _LEXICAL else self._live(), name)
        if name == "parents":
            return tuple(map(self._of, value))
        return self._wrapping(value) if callable(value) else self._wrapped(value)

    def _wrapping(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return self._wrapped(method(*map(_plain, args), **{name: _plain(each) for name, each in kwargs.items()}))

        return wrapper

    @property
    def conn_id(self) -> str | None:
        return self._conn_id

    @property
    def fs(self) -> Any:
        """The fsspec file system."""
        scheme = self._path.protocol or "file"
        if self._path.storage_options:
            return get_fs(scheme, self._conn_id, self._path.storage_options)
        return attach(scheme, self._conn_id).fs

    @property
    def _url(self) -> SplitResult:
        return urlsplit(str(self._path))

    @property
    def bucket(self) -> str:
        return self._url.netloc

    container = bucket

    @property
    def key(self) -> str:
        """Without a slash in front."""
        return self._url.path.lstrip("/")

    @property
    def namespace(self) -> str:
        return f"{self.protocol}://{self.bucket}" if self.bucket else str(self.protocol)

    def __str__(self) -> str:
        if self.protocol and self._conn_id:
            return f"{self.protocol}://{self._conn_id}@{self.path}"
        return str(self._path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r}, protocol={self.protocol!r})"

    def __truediv__(self, other: Any) -> Self:
        return self._of(self._path / _plain(other))

    def __rtruediv__(self, other: Any) -> Self:
        return self._of(_plain(other) / self._path)

    def __eq__(self, other: object) -> bool:
        return self.samestore(other) and str(self) == str(other)

    def __lt__(self, other: Any) -> bool:
        return str(self) < str(other) if isinstance(other, ObjectStoragePath) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (type(self), self.serialize())

    def samestore(self, other: Any) -> bool:
        same = isinstance(other, ObjectStoragePath) and self.protocol == other.protocol
        return same and self._conn_id == other._conn_id

    def samefile(self, other_path: Any) -> bool:
        return self.samestore(other_path) and self.fs.info(self.path) == other_path.fs.info(other_path.path)

    @classmethod
    def cwd(cls) -> Self:
        return cls(os.getcwd())

    @classmethod
    def home(cls) -> Self:
        return cls(os.path.expanduser("~"))

    def open(self, mode: str = "r", **kwargs: Any) -> Any:
        kwargs.setdefault("block_size", kwargs.pop("buffering", None))
        return self.fs.open(self.path, mode=mode, **kwargs)

    def stat(self) -> StatResult:
        return StatResult(self.fs.stat(self.path), protocol=self.protocol, conn_id=self._conn_id)

    def replace(self, target: Any) -> Any:
        return self.rename(target)

    def ukey(self) -> str:
        """Changes when the file does."""
        return str(self.fs.ukey(self.path))

    def checksum(self) -> Any:
        return self.fs.checksum(self.path)

    def read_block(self, offset: int, length: int | None, delimiter: bytes | None = None) -> bytes:
        block: bytes = self.fs.read_block(self.path, offset=offset, length=length, delimiter=delimiter)
        return block

    def sign(self, expiration: int = 100, **kwargs: Any) -> str:
        """An address that anybody may use, for a number of seconds."""
        return str(self.fs.sign(self.path, expiration=expiration, **kwargs))

    def size(self) -> int:
        """In bytes."""
        return int(self.fs.size(self.path))

    def copy(self, dst: str | ObjectStoragePath, recursive: bool = False, **kwargs: Any) -> None:
        """Copy the file, or with `recursive` the folder. Between two stores the data goes through this process."""
        target = ObjectStoragePath(dst) if isinstance(dst, str) else dst
        if self.samestore(target):
            self.fs.copy(self.path, target.path, recursive=recursive, **kwargs)
        elif self.protocol in LOCAL:
            target.fs.put(self.path, target.path, recursive=recursive, **kwargs)
        elif target.protocol in LOCAL:
            self.fs.get(self.path, target.path, recursive=recursive, **kwargs)
        elif not self.exists():
            raise FileNotFoundError(f"{self} does not exist")
        elif not self.is_dir():
            self._stream(target, **kwargs)
        else:
            self._stream_below(target)

    def _stream_below(self, target: ObjectStoragePath) -> None:
        if target.is_file():
            raise ValueError("Cannot copy directory to a file.")
        target.mkdir(exist_ok=True, parents=True)
        for path in self.fs.find(self.path):
            ObjectStoragePath(path, protocol=self.protocol, conn_id=self._conn_id)._stream(target)

    def _stream(self, target: ObjectStoragePath, **kwargs: Any) -> None:
        if target.key.endswith("/") or not target.key:
            target.mkdir(exist_ok=True, parents=True)
            target = target / self.key
        elif target.is_dir():
            target = target / self.key
        with self.open("rb") as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, **kwargs)

    def copy_into(self, target_dir: str | ObjectStoragePath, recursive: bool = False, **kwargs: Any) -> None:
        self.copy(self._inside(target_dir), recursive=recursive, **kwargs)

    def move(self, path: str | ObjectStoragePath, recursive: bool = False, **kwargs: Any) -> None:
        target = ObjectStoragePath(path) if isinstance(path, str) else path
        if self.samestore(target):
            self.fs.move(self.path, target.path, recursive=recursive, **kwargs)
        else:
            self.copy(target, recursive=recursive, **kwargs)
            self.unlink()

    def move_into(self, target_dir: str | ObjectStoragePath, recursive: bool = False, **kwargs: Any) -> None:
        self.move(self._inside(target_dir), recursive=recursive, **kwargs)

    def _inside(self, target_dir: str | ObjectStoragePath) -> ObjectStoragePath:
        folder = ObjectStoragePath(target_dir) if isinstance(target_dir, str) else target_dir
        if not folder.is_dir():
            raise NotADirectoryError(f"Destination {folder} is not a directory.")
        return folder / str(self.name)

    def serialize(self) -> dict[str, Any]:
        return {"path": str(self), "conn_id": self._conn_id, "kwargs": {**self.storage_options}}

    def _airstep_rendered(self, render: Callable[[str], str]) -> Self:
        """The path with the templates in it rendered."""
        data = self.serialize()
        made: Self = _made(type(self), {**data, "path": render(data["path"])})
        return made

    @classmethod
    def deserialize(cls, data: dict[str, Any], version: int) -> Self:
        if version > cls.__version__:
            raise ValueError(f"Cannot deserialize version {version} with version {cls.__version__}.")
        made: Self = _made(cls, data)
        return made


def _made(cls: Any, data: dict[str, Any]) -> Any:
    return cls(data["path"], conn_id=data["conn_id"], **data["kwargs"])


def _plain(value: Any) -> Any:
    return value._path if isinstance(value, ObjectStoragePath) else value


def _upath() -> Any:
    return package("upath", "universal-pathlib").UPath
