"""Files between S3 and servers of FTP and SFTP; in Lambda, by the hooks of those distributions."""

from __future__ import annotations

import ftplib
import posixpath
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.transfers_foreign import STORED, Foreign


def pairs(given: Any, renamed: Any, listed: Callable[[], Iterable[str]]) -> Iterator[tuple[str, str]]:
    """Names of files, and what they are to be called. given: a list, or the beginning of their names ("*": all);
    renamed: a list, or what takes the place of that beginning.

    >>> list(pairs("a", "b", lambda: ["d/a1", "c"])), list(pairs(["x", "y"], None, list))
    ([('d/a1', 'd/b1')], [('x', 'x'), ('y', 'y')])
    """
    if not isinstance(given, str):
        yield from zip(given, renamed or given, strict=False)
        return
    for path in listed():
        folder, name = posixpath.split(path)
        if given == "*" or name.startswith(given):
            yield path, posixpath.join(folder, name.replace(given, renamed, 1)) if isinstance(renamed, str) else path


def _key(given: str) -> str:
    """A key, which may be given as an `s3://` URL."""
    return urlsplit(given).path.lstrip("/")


def inside(path: str, base: str) -> str:
    """The path, unless it leads out of base: a key may have `..` in it. Raises ValueError."""
    if ".." in path.removeprefix(base).split("/"):
        raise ValueError(f"{path!r} is not below {base!r}")
    return path


class FTPToS3Operator(Foreign):
    """The file ftp_path, or ftp_filenames in it, to s3_key; s3_filenames: what they are called there."""

    template_fields: Any = (
        *("ftp_path", "s3_bucket", "s3_key", "ftp_filenames", "s3_filenames", "ftp_conn_id", "aws_conn_id"),
    )
    foreign = "airflow.providers.ftp.hooks.ftp:FTPHook"
    __init__ = takes(
        *("ftp_path", "s3_bucket", "s3_key"),
        ftp_filenames=None,
        s3_filenames=None,
        ftp_conn_id="ftp_default",
        aws_conn_id="aws_default",
        fail_on_file_not_exist=True,
        **STORED,
    )

    def execute(self, context: Any) -> None:  # noqa: ARG002
        server = self.foreign_hook(ftp_conn_id=self.ftp_conn_id)
        if not self.ftp_filenames:
            self._bring(server, self.ftp_path, self.s3_key)
        elif isinstance(self.ftp_filenames, str):
            listed = list(server.list_directory(path=self.ftp_path))
            for source, target in pairs(self.ftp_filenames, self.s3_filenames, lambda: listed):
                self._bring(server, source, self.s3_key + posixpath.basename(target))
        else:
            for source, target in pairs(self.ftp_filenames, self.s3_filenames, list):
                self._bring(server, self.ftp_path + source, self.s3_key + target)

    def _bring(self, server: Any, path: str, key: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "file"
            try:
                server.retrieve_file(remote_full_path=path, local_full_path_or_buffer=str(file))
            except ftplib.error_perm as error:
                if "550" not in str(error) or self.fail_on_file_not_exist:
                    raise
                self.log.info("%s does not exist", path)
                return
            self.store(file, key, self.s3_bucket)


class SFTPToS3Operator(Foreign):
    """The file sftp_path, or sftp_filenames in it, to s3_key; s3_filenames: what they are called there."""

    template_fields: Any = (
        *("s3_key", "sftp_path", "s3_bucket", "sftp_filenames", "s3_filenames", "sftp_conn_id", "aws_conn_id"),
    )
    foreign = "airflow.providers.ssh.hooks.ssh:SSHHook"
    s3_key: str
    aws_conn_id: Any
    __init__ = takes(
        *("s3_bucket", "s3_key", "sftp_path"),
        sftp_conn_id="ssh_default",
        sftp_remote_host="",
        sftp_filenames=None,
        s3_filenames=None,
        use_temp_file=True,
        fail_on_file_not_exist=True,
        aws_conn_id="aws_default",
        s3_conn_id=None,
        **STORED,
    )

    def execute(self, context: Any) -> None:  # noqa: ARG002
        self.aws_conn_id = self.s3_conn_id or self.aws_conn_id
        self.s3_key = _key(self.s3_key)
        server = self.foreign_hook(ssh_conn_id=self.sftp_conn_id, remote_host=self.sftp_remote_host)
        with server.get_conn() as connection, connection.open_sftp() as client:
            if not self.sftp_filenames:
                self._bring(client, self.sftp_path, self.s3_key)
                return
            between = "/" if isinstance(self.sftp_filenames, str) else ""
            listed = pairs(self.sftp_filenames, self.s3_filenames, lambda: client.listdir(self.sftp_path))
            for source, target in listed:
                self._bring(client, f"{self.sftp_path}{between}{source}", self.s3_key + target)

    def _bring(self, client: Any, path: str, key: str) -> None:
        try:
            client.stat(path)
        except FileNotFoundError:
            if self.fail_on_file_not_exist:
                raise
            self.log.info("%s does not exist", path)
            return
        if self.use_temp_file:
            with tempfile.TemporaryDirectory() as folder:
                client.get(path, str(Path(folder) / "file"))
                self.store(Path(folder) / "file", key, self.s3_bucket)
            return
        extra = {"ServerSideEncryption": "AES256"} if self.encrypt else {}
        extra |= {"ACL": self.acl_policy} if self.acl_policy else {}
        with client.file(path, mode="rb") as data:
            S3Hook(self.aws_conn_id).get_conn().upload_fileobj(data, self.s3_bucket, key, ExtraArgs=extra or None)


class _FromS3(Foreign):
    """Objects that a subclass brings to a path of its server."""

    def _bring(self, base: str, renamed: Any, put: Callable[[str, str], None]) -> None:
        """put: takes a local file and a path of the server."""
        source = S3Hook(self.aws_conn_id)
        names = [("", "")]
        if self.s3_filenames:

            def listed() -> list[str]:
                return [key[len(self.s3_key) :] for key in source.list_keys(self.s3_bucket, prefix=self.s3_key)]

            names = list(pairs(self.s3_filenames, renamed, listed))
        for name, target in names:
            key, path = self.s3_key + name, inside(base + target, base)
            if source.check_for_key(key, self.s3_bucket):
                with tempfile.TemporaryDirectory() as folder:
                    file = Path(folder) / "file"
                    source.get_conn().download_file(self.s3_bucket, key, str(file))
                    put(str(file), path)
            elif self.fail_on_file_not_exist:
                raise FileNotFoundError(f"Key {key!r} not found in S3 bucket {self.s3_bucket!r}")
            else:
                self.log.info("%s does not exist", key)


class S3ToFTPOperator(_FromS3):
    """The object s3_key, or s3_filenames below it, to ftp_path; ftp_filenames: what they are called there."""

    template_fields: Any = (
        *("s3_bucket", "s3_key", "ftp_path", "s3_filenames", "ftp_filenames", "aws_conn_id", "ftp_conn_id"),
    )
    foreign = "airflow.providers.ftp.hooks.ftp:FTPHook"
    __init__ = takes(
        *("s3_bucket", "s3_key", "ftp_path"),
        s3_filenames=None,
        ftp_filenames=None,
        aws_conn_id="aws_default",
        ftp_conn_id="ftp_default",
        fail_on_file_not_exist=True,
    )

    def execute(self, context: Any) -> None:  # noqa: ARG002
        server = self.foreign_hook(ftp_conn_id=self.ftp_conn_id)
        self._bring(self.ftp_path, self.ftp_filenames, lambda file, path: server.store_file(path, file))


class S3ToSFTPOperator(_FromS3):
    """The object s3_key, or s3_filenames below it, to sftp_path; sftp_filenames: what they are called there."""

    template_fields: Any = (
        *("s3_key", "sftp_path", "s3_bucket", "s3_filenames", "sftp_filenames", "sftp_conn_id", "aws_conn_id"),
    )
    foreign = "airflow.providers.ssh.hooks.ssh:SSHHook"
    s3_key: str
    aws_conn_id: Any
    __init__ = takes(
        *("s3_bucket", "s3_key", "sftp_path"),
        sftp_conn_id="ssh_default",
        sftp_remote_host="",
        aws_conn_id="aws_default",
        s3_filenames=None,
        sftp_filenames=None,
        confirm=True,
        fail_on_file_not_exist=True,
    )

    def execute(self, context: Any) -> None:  # noqa: ARG002
        self.s3_key = _key(self.s3_key)
        server = self.foreign_hook(ssh_conn_id=self.sftp_conn_id, remote_host=self.sftp_remote_host)
        with server.get_conn() as connection, connection.open_sftp() as client:
            self._bring(
                *(self.sftp_path, self.sftp_filenames), lambda file, path: client.put(file, path, confirm=self.confirm)
            )
