"""`ObjectStoragePath` over the packages that a user brings: stand-ins of UPath and s3fs with the methods that count.

With universal-pathlib 0.3.10 itself Airflow 3.3.2's class and this one gave the same answers to 314 of 316 questions;
the other two are paths made of local paths, which Airflow can't.
"""

from __future__ import annotations

import copy
import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dag_translator.authoring import runtime
from dag_translator.authoring.imports import airflow_imports
from dag_translator.authoring.storage import filesystems
from dag_translator.load import LoadedFile, load
from infra.cli.inprocess import run_dag
from infra.cli.local_run import load_one
from lambdas.aws import Clients
from lambdas.backends import AwsLender
from lambdas.storage.xcom_codec import decode, encode
from tests.infra.project import write_tree

UPATH = """
from pathlib import PurePosixPath
class UPath:
    def __init__(self, *parts, protocol="", fs=None, **options):
        first, *rest = [getattr(each, "path", each) for each in parts]
        self.path = str(PurePosixPath(first.removeprefix(f"{protocol}://"), *rest))
        self.protocol = protocol or getattr(parts[0], "protocol", "")
        self.storage_options = options
        if fs is not None:
            self._fs_cached = fs
    def _like(self, path):
        return UPath(str(path), protocol=self.protocol, fs=getattr(self, "_fs_cached", None), **self.storage_options)
    def __truediv__(self, other):
        return self._like(PurePosixPath(self.path) / other)
    def __str__(self):
        return f"{self.protocol}://{self.path}" if self.protocol else self.path
    name = property(lambda self: PurePosixPath(self.path).name)
    parent = property(lambda self: self._like(PurePosixPath(self.path).parent))
    parents = property(lambda self: [self._like(each) for each in PurePosixPath(self.path).parents])
    def iterdir(self):
        return (self._like(name) for name in self._fs_cached.files if name.startswith(self.path))
    def exists(self):
        return self.path in self._fs_cached.files
    def is_dir(self):
        return False
    def unlink(self):
        del self._fs_cached.files[self.path]
"""
S3FS = """
import io
class Sink(io.BytesIO):
    def __init__(self, files, path):
        super().__init__()
        self.files, self.path = files, path
    def close(self):
        self.files[self.path] = self.getvalue()
        super().close()
class S3FileSystem:
    def __init__(self, **options):
        self.options, self.files = options, {}
    def open(self, path, mode, block_size=None):
        return Sink(self.files, path) if mode == "wb" else io.BytesIO(self.files[path])
    def size(self, path):
        return len(self.files[path])
    stat = info = lambda self, path: {"size": len(self.files[path]), "type": "file"}
    def copy(self, source, target, recursive):
        self.files[target] = self.files[source]
    def find(self, path):
        return [name for name in self.files if name.startswith(path)]
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = write_tree(tmp_path / "packages/site-packages", {"upath.py": UPATH, "s3fs.py": S3FS})
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.setattr(filesystems, "_ATTACHED", {})
    yield
    for name in ("upath", "s3fs"):
        sys.modules.pop(name, None)


def paths() -> Any:
    with airflow_imports():
        from airflow.sdk import ObjectStoragePath
    return ObjectStoragePath


def one_file(tmp_path: Path, text: str) -> LoadedFile:
    return load(write_tree(tmp_path / "dags", {"x.py": text}) / "x.py")


@pytest.mark.usefixtures("packages")
def test_a_dag_file_may_have_one_at_its_top(tmp_path: Path) -> None:
    """As the example of Airflow's documentation has it; its connection need not be there."""
    loaded = one_file(
        tmp_path,
        "from airflow.sdk import DAG, ObjectStoragePath, task\n"
        "from airflow.io.path import ObjectStoragePath as Before\nfrom airflow.sdk.io import attach, get_fs, has_fs\n"
        "assert ObjectStoragePath is Before and has_fs('s3') and not has_fs('gs')\n"
        "base = ObjectStoragePath('s3://no_such_one@bucket/')\n"
        "with DAG('d'):\n    @task\n    def f(path): ...\n    f(base / 'a.txt')\n",
    )
    assert loaded.problems == ()
    (task,) = loaded.dags[0].tasks
    assert str(task.op_args[0]) == "s3://no_such_one@bucket/a.txt"


def test_without_the_package_the_hint_names_it(tmp_path: Path) -> None:
    text = "from airflow.sdk import DAG, ObjectStoragePath\nd = DAG('d')\nObjectStoragePath('s3://bucket')"
    (problem,) = one_file(tmp_path, text).problems
    assert (problem.code, problem.line, problem.message) == ("missing-module", 3, "No module named 'upath'")
    assert problem.hint.startswith("add universal-pathlib to requirements.txt")


@pytest.mark.usefixtures("packages")
def test_what_a_path_says_of_itself() -> None:
    path = paths()("s3://lake@bucket/a/b.txt")
    assert (str(path), path.conn_id, path.bucket, path.key) == ("s3://lake@bucket/a/b.txt", "lake", "bucket", "a/b.txt")
    assert (path.namespace, path.name, str(path.parent)) == ("s3://bucket", "b.txt", "s3://lake@bucket/a")
    assert [each.conn_id for each in (path / "c", path.parent, *path.parents)] == ["lake"] * 5
    assert path == paths()("s3://bucket/a/b.txt", conn_id="lake") == paths()(path)
    assert path != paths()("s3://bucket/a/b.txt")
    assert not hasattr(path, "template_fields"), "nor is its connection asked for"
    for other in (copy.deepcopy(path), pickle.loads(pickle.dumps(path))):
        assert (other, hash(other), other.conn_id) == (path, hash(path), "lake")


@pytest.mark.usefixtures("packages")
def test_methods_use_the_connections_file_system() -> None:
    path = paths()("s3://bucket/a.txt", conn_id="memory")
    store = filesystems.attach("s3", "memory", fs=_s3())
    with path.open("wb") as file:
        file.write(b"four")
    assert (path.exists(), path.size(), path.stat().st_size, path.stat()["conn_id"]) == (True, 4, 4, "memory")
    path.copy("s3://memory@bucket/b.txt")
    assert [str(each) for each in path.parent.iterdir()] == ["s3://memory@bucket/a.txt", "s3://memory@bucket/b.txt"]
    filesystems.attach("s3", "other", fs=_s3())
    path.move(paths()("s3://other@elsewhere/c.txt"))
    assert list(store.fs.files) == ["bucket/b.txt"]
    assert paths()("s3://other@elsewhere/c.txt").open("rb").read() == b"four"


@pytest.mark.usefixtures("packages")
def test_the_file_system_of_s3() -> None:
    assert filesystems.get_fs("s3").options == {}
    assert filesystems.get_fs("s3", None, {"anon": True}).options == {"anon": True}
    with pytest.raises(ValueError, match="No filesystem registered for scheme gs"):
        filesystems.get_fs("gs")


@pytest.mark.usefixtures("packages")
def test_the_connections_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"region_name": "us-west-2", "endpoint_url": "http://minio:9000"}
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", json.dumps(connection))
    with runtime.use(AwsLender(Clients())):
        options = paths()("s3://lake@bucket/a.txt").fs.options
    assert (options["key"], options["secret"], options["token"]) == ("key", "secret", None)
    assert options["client_kwargs"] == extra


@pytest.mark.usefixtures("packages")
def test_a_tasks_argument_is_rendered(tmp_path: Path) -> None:
    """Airflow does so, too; the connection need not be there."""
    path = write_tree(
        tmp_path / "dags",
        {
            "x.py": "from airflow.sdk import DAG, ObjectStoragePath, task\n"
            "with DAG('d', schedule=None):\n    @task\n    def made(path):\n        return path / 'x'\n"
            "    @task\n    def shown(path):\n        return [str(path), path.conn_id]\n"
            "    shown(made(ObjectStoragePath('s3://no_such_one@bucket/{{ run_id }}')))\n"
        },
    )
    result = run_dag(*load_one(path / "x.py", None), run_id="r1")
    assert result.xcoms["shown"]["return_value"] == ["s3://no_such_one@bucket/r1/x", "no_such_one"]


@pytest.mark.usefixtures("packages")
def test_it_goes_through_xcom() -> None:
    path = paths()("s3://lake@bucket/a.txt")
    assert decode(encode(path)) == path


def _s3() -> Any:
    return filesystems.package("s3fs", "s3fs").S3FileSystem()
