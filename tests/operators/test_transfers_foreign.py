"""Transfers by other distributions' hooks. Small ones stand on the import path here; their server is a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dag_translator.pipeline import Refused
from tests.operators.conftest import Lender, Project

FTP = """
import ftplib, os, pathlib, shutil
class FTPHook:
    def __init__(self, ftp_conn_id):
        self.root = pathlib.Path(os.environ["SERVER"])
        assert ftp_conn_id == "ftp_default"
    def list_directory(self, path):
        return sorted(str(each.relative_to(self.root)) for each in (self.root / path).iterdir())
    def retrieve_file(self, remote_full_path, local_full_path_or_buffer):
        if not (self.root / remote_full_path).exists():
            raise ftplib.error_perm("550 no such file")
        shutil.copy(self.root / remote_full_path, local_full_path_or_buffer)
    def store_file(self, remote_full_path, local_full_path_or_buffer):
        shutil.copy(local_full_path_or_buffer, self.root / remote_full_path)
"""
SSH = """
import contextlib, os, pathlib, shutil
class Client:
    root = pathlib.Path(os.environ["SERVER"])
    def stat(self, path):
        return (self.root / path).stat()
    def listdir(self, path):
        return sorted(os.listdir(self.root / path))
    def get(self, path, local):
        shutil.copy(self.root / path, local)
    def put(self, local, path, confirm=True):
        shutil.copy(local, self.root / path)
    def file(self, path, mode):
        return open(self.root / path, mode)
class SSHHook:
    def __init__(self, ssh_conn_id, remote_host):
        assert (ssh_conn_id, remote_host) == ("ssh_default", "")
    def get_conn(self):
        return contextlib.nullcontext(self)
    def open_sftp(self):
        return contextlib.nullcontext(Client())
"""
IMAP = """
import contextlib
def ImapHook(imap_conn_id):
    return contextlib.nullcontext(Server())
class Server:
    def retrieve_mail_attachments(self, name, check_regex, latest_only, mail_folder, mail_filter):
        assert (name, check_regex, latest_only, mail_folder, mail_filter) == ("a.csv", False, True, "INBOX", "All")
        return [("a.csv", b"mailed")]
"""
MONGO = """
class MongoHook:
    def __init__(self, conn_id):
        assert conn_id == "mongo_default"
    def find(self, mongo_collection, query, projection, mongo_db, find_one):
        return [{"of": mongo_collection, **query}]
    def aggregate(self, mongo_collection, aggregate_query, mongo_db, allowDiskUse):
        return [{"steps": len(aggregate_query)}, {"disk": allowDiskUse}]
"""
SALESFORCE = """
import pathlib
class SalesforceHook:
    def __init__(self, salesforce_conn_id):
        assert salesforce_conn_id == "sf"
    def make_query(self, query, include_deleted, query_params):
        return {"records": [query]}
    def write_object_to_file(self, query_results, filename, fmt, coerce_to_timestamp, record_time_added):
        pathlib.Path(filename).write_text(f"{fmt}: {query_results}")
"""
EXASOL = """
import pathlib
class ExasolHook:
    def __init__(self, exasol_conn_id):
        assert exasol_conn_id == "exasol_default"
    def export_to_file(self, filename, query_or_table, export_params, query_params):
        pathlib.Path(filename).write_text(query_or_table)
"""
HOOKS = {
    "airflow/providers/ftp/hooks/ftp.py": FTP,
    "airflow/providers/ssh/hooks/ssh.py": SSH,
    "airflow/providers/imap/hooks/imap.py": IMAP,
    "airflow/providers/mongo/hooks/mongo.py": MONGO,
    "airflow/providers/salesforce/hooks/salesforce.py": SALESFORCE,
    "airflow/providers/exasol/hooks/exasol.py": EXASOL,
    "bson/__init__.py": "",
    "bson/json_util.py": "default = str",
}
HEAD = "from airflow.providers.amazon.aws.transfers."


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the server's files."""
    for name, text in HOOKS.items():
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    folder = tmp_path / "server"
    (folder / "d").mkdir(parents=True)
    for name in ("a1.csv", "a2.csv", "b.csv"):
        (folder / "d" / name).write_text(name)
    monkeypatch.setenv("SERVER", str(folder))
    return folder


@pytest.fixture
def bucket(aws: Lender) -> Any:
    client = aws.client("s3")
    client.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


def objects(client: Any) -> dict[str, str]:
    keys = [each["Key"] for each in client.list_objects_v2(Bucket="bkt").get("Contents", [])]
    return {key: client.get_object(Bucket="bkt", Key=key)["Body"].read().decode() for key in keys}


NOT_ALL = ", fail_on_file_not_exist=False"
INTO = (
    ("FTPToS3Operator", 'ftp_path="d/b.csv"', {"in/": "b.csv"}),
    (
        *("FTPToS3Operator", 'ftp_path="d", ftp_filenames="a", s3_filenames="x"'),
        {"in/x1.csv": "a1.csv", "in/x2.csv": "a2.csv"},
    ),
    (
        *("FTPToS3Operator", f'ftp_path="d/", ftp_filenames=["b.csv", "no"], s3_filenames=["c", "n"]{NOT_ALL}'),
        {"in/c": "b.csv"},
    ),
    (
        *("SFTPToS3Operator", 'sftp_path="d", sftp_filenames="*"'),
        {f"in/{name}": name for name in ("a1.csv", "a2.csv", "b.csv")},
    ),
    (
        *("SFTPToS3Operator", f'sftp_path="d/", sftp_filenames=["b.csv", "no"], use_temp_file=False{NOT_ALL}'),
        {"in/b.csv": "b.csv"},
    ),
    ("ImapAttachmentToS3Operator", 'imap_attachment_name="a.csv"', {"in/": "mailed"}),
    ("MongoToS3Operator", 'mongo_collection="c", mongo_query={"a": 1}', {"in/": '{"of": "c", "a": 1}'}),
    (
        *("MongoToS3Operator", 'mongo_collection="c", mongo_query=[{}, {}]'),
        {"in/": '{"steps": 2}\n{"disk": false}'},
    ),
)
OUT_OF = (
    ("S3ToFTPOperator", 'ftp_path="d/", s3_filenames="a", ftp_filenames="x"', {"x1": "1", "sub/x2": "2"}),
    ("S3ToFTPOperator", f'ftp_path="d/n", s3_filenames=["a1", "no"]{NOT_ALL}', {"na1": "1"}),
    ("S3ToSFTPOperator", 'sftp_path="d/", s3_filenames=["a1"], sftp_filenames=["y"]', {"y": "1"}),
    ("S3ToSFTPOperator", 'sftp_path="d/", s3_filenames="*"', {"a1": "1", "sub/a2": "2"}),
)
MODULES = {
    "FTPToS3Operator": "ftp_to_s3",
    "SFTPToS3Operator": "sftp_to_s3",
    "S3ToFTPOperator": "s3_to_ftp",
    "S3ToSFTPOperator": "s3_to_sftp",
    "ImapAttachmentToS3Operator": "imap_attachment_to_s3",
    "MongoToS3Operator": "mongo_to_s3",
}


def written(kind: str, arguments: str) -> str:
    where = 's3_bucket="bkt", s3_key="in/", task_id="t", dag=dag'
    return f"{HEAD}{MODULES[kind]} import {kind}\n{kind}({arguments}, {where})\n"


@pytest.mark.parametrize(("kind", "arguments", "found"), INTO)
def test_into_s3(project: Project, server: Path, bucket: Any, kind: str, arguments: str, found: Any) -> None:
    result = project.run(written(kind, arguments), lender=Lender())
    assert result.tasks == {"t": "success"}, result.errors
    assert objects(bucket) == found


def test_into_s3_by_other_names(project: Project, server: Path, bucket: Any) -> None:
    text = f"""{HEAD}salesforce_to_s3 import SalesforceToS3Operator
{HEAD}exasol_to_s3 import ExasolToS3Operator
salesforce = {{"salesforce_query": "q", "s3_bucket_name": "bkt", "s3_key": "s", "salesforce_conn_id": "sf"}}
SalesforceToS3Operator(task_id="s", dag=dag, **salesforce)
ExasolToS3Operator(task_id="e", query_or_table="t", bucket_name="bkt", key="e", dag=dag)
"""
    result = project.run(text, lender=Lender())
    assert {name: each["return_value"] for name, each in result.xcoms.items()} == {"s": "s3://bkt/s", "e": "e"}
    assert objects(bucket) == {"s": "csv: ['q']", "e": "t"}


@pytest.mark.parametrize(("kind", "arguments", "found"), OUT_OF)
def test_out_of_s3(project: Project, server: Path, bucket: Any, kind: str, arguments: str, found: Any) -> None:
    for key, body in (("in/a1", b"1"), ("in/sub/a2", b"2")):
        bucket.put_object(Bucket="bkt", Key=key, Body=body)
    (server / "d/sub").mkdir()
    result = project.run(written(kind, arguments), lender=Lender())
    assert result.tasks == {"t": "success"}, result.errors
    assert {name: (server / "d" / name).read_text() for name in found} == found


@pytest.mark.parametrize(
    ("kind", "arguments", "error"),
    [
        ("FTPToS3Operator", 'ftp_path="no"', "550"),
        ("SFTPToS3Operator", 'sftp_path="no"', "No such file"),
        ("S3ToFTPOperator", 'ftp_path="d/x"', "not found in S3 bucket"),
        ("S3ToSFTPOperator", 'sftp_path="d/", s3_filenames=["../../a"]', "is not below"),
    ],
)
def test_failures(project: Project, server: Path, bucket: Any, kind: str, arguments: str, error: str) -> None:
    assert error in project.run(written(kind, arguments), lender=Lender()).errors["t"]


def test_without_the_distribution(project: Project) -> None:
    _, translated = project.load(written("MongoToS3Operator", 'mongo_collection="c", mongo_query={}'))
    assert isinstance(translated, Refused)
    (problem,) = translated.problems
    assert (problem.code, problem.hint) == (
        "unsupported-argument",
        "add apache-airflow-providers-mongo to requirements.txt",
    )


def test_permissions(project: Project, server: Path, actions: Any) -> None:
    translated = project.translate(written("FTPToS3Operator", 'ftp_path="no"'))
    granted = actions(translated.manifest["task_permissions"])
    assert granted["s3:PutObject"] == ["arn:${AWS::Partition}:s3:::bkt/*"]
    translated = project.translate(written("S3ToFTPOperator", 'ftp_path="no"'))
    granted = actions(translated.manifest["task_permissions"])
    assert "s3:PutObject" not in granted
    assert granted["s3:GetObject"] == ["arn:${AWS::Partition}:s3:::bkt/*"]
