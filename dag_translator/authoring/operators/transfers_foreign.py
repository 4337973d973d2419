"""Into S3 from servers whose hook another provider distribution has: IMAP, MongoDB, Salesforce, Exasol.

In Lambda. The distribution is a line in `requirements.txt`; without it the operator is refused.
"""

from __future__ import annotations

import importlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.aws import refuse
from dag_translator.authoring.providers import installed

# What S3Hook.load_file may be told.
STORED: dict[str, Any] = {"replace": False, "encrypt": False, "gzip": False, "acl_policy": None}


class Foreign(BaseOperator):
    """foreign: the hook, as "module:class"."""

    foreign: ClassVar[str] = ""

    if TYPE_CHECKING:  # what `takes` keeps

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        module = self.foreign.partition(":")[0]
        if installed.spec_of(module) is None:
            name = installed.distribution_of(module)
            refuse(f"{type(self).__name__} without {name}", f"add {name} to requirements.txt")

    def foreign_hook(self, *args: Any, **kwargs: Any) -> Any:
        module, _, name = self.foreign.partition(":")
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    def store(self, path: Path, key: str, bucket: str | None) -> None:
        """A file, to S3."""
        S3Hook(self.aws_conn_id).load_file(
            str(path), key, bucket, self.replace, self.encrypt, self.gzip, self.acl_policy
        )


class ImapAttachmentToS3Operator(Foreign):
    """The newest mail's attachment of a name (or of one that a regular expression finds) to s3_key."""

    template_fields: Any = ("imap_attachment_name", "s3_key", "imap_mail_filter", "imap_conn_id", "aws_conn_id")
    foreign = "airflow.providers.imap.hooks.imap:ImapHook"
    __init__ = takes(
        *("imap_attachment_name", "s3_bucket", "s3_key"),
        imap_check_regex=False,
        imap_mail_folder="INBOX",
        imap_mail_filter="All",
        s3_overwrite=False,
        imap_conn_id="imap_default",
        aws_conn_id="aws_default",
    )

    def execute(self, context: Any) -> None:  # noqa: ARG002
        with self.foreign_hook(imap_conn_id=self.imap_conn_id) as server:
            found = server.retrieve_mail_attachments(
                name=self.imap_attachment_name,
                check_regex=self.imap_check_regex,
                latest_only=True,
                mail_folder=self.imap_mail_folder,
                mail_filter=self.imap_mail_filter,
            )
        S3Hook(self.aws_conn_id).load_bytes(found[0][1], self.s3_key, self.s3_bucket, self.s3_overwrite)


class MongoToS3Operator(Foreign):
    """What mongo_query finds (a list: aggregates) to s3_key, a document a line. `transform`: for subclasses."""

    template_fields: Any = ("s3_bucket", "s3_key", "mongo_query", "mongo_collection", "mongo_conn_id", "aws_conn_id")
    template_fields_renderers: Any = {"mongo_query": "json"}  # noqa: RUF012
    ui_color = "#589636"
    foreign = "airflow.providers.mongo.hooks.mongo:MongoHook"
    __init__ = takes(
        *("mongo_collection", "mongo_query", "s3_bucket", "s3_key"),
        mongo_conn_id="mongo_default",
        aws_conn_id="aws_default",
        mongo_db=None,
        mongo_projection=None,
        replace=False,
        allow_disk_use=False,
        compression=None,
    )

    def execute(self, context: Any) -> None:  # noqa: ARG002
        server, where = self.foreign_hook(self.mongo_conn_id), {"mongo_db": self.mongo_db}
        if isinstance(self.mongo_query, list):
            query = {"aggregate_query": self.mongo_query, "allowDiskUse": self.allow_disk_use}
            found = server.aggregate(mongo_collection=self.mongo_collection, **query, **where)
        else:
            query = {"query": self.mongo_query, "projection": self.mongo_projection, "find_one": False}
            found = server.find(mongo_collection=self.mongo_collection, **query, **where)
        default = importlib.import_module("bson.json_util").default
        text = "\n".join(json.dumps(each, default=default) for each in self.transform(found))
        S3Hook(self.aws_conn_id).load_string(
            text, self.s3_key, self.s3_bucket, self.replace, compression=self.compression
        )

    @staticmethod
    def transform(docs: Any) -> Any:
        return docs


class SalesforceToS3Operator(Foreign):
    """What salesforce_query finds to s3_key, as export_format says; the XCom is the object's URI."""

    template_fields: Any = ("salesforce_query", "s3_bucket_name", "s3_key", "salesforce_conn_id", "aws_conn_id")
    template_ext: Any = (".sql",)
    template_fields_renderers: Any = {"salesforce_query": "sql"}  # noqa: RUF012
    foreign = "airflow.providers.salesforce.hooks.salesforce:SalesforceHook"
    __init__ = takes(
        *("salesforce_query", "s3_bucket_name", "s3_key", "salesforce_conn_id"),
        export_format="csv",
        query_params=None,
        include_deleted=False,
        coerce_to_timestamp=False,
        record_time_added=False,
        aws_conn_id="aws_default",
        **STORED,
    )

    def execute(self, context: Any) -> str:  # noqa: ARG002
        server = self.foreign_hook(salesforce_conn_id=self.salesforce_conn_id)
        found = server.make_query(
            query=self.salesforce_query, include_deleted=self.include_deleted, query_params=self.query_params
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "salesforce_temp_file"
            server.write_object_to_file(
                query_results=found["records"],
                filename=str(file),
                fmt=self.export_format,
                coerce_to_timestamp=self.coerce_to_timestamp,
                record_time_added=self.record_time_added,
            )
            self.store(file, self.s3_key, self.s3_bucket_name)
        return f"s3://{self.s3_bucket_name}/{self.s3_key}"


class ExasolToS3Operator(Foreign):
    """A table or a query's rows to key; the XCom is key."""

    template_fields: Any = (
        *("query_or_table", "key", "bucket_name", "query_params", "export_params", "exasol_conn_id", "aws_conn_id"),
    )
    template_ext: Any = (".sql",)
    template_fields_renderers: Any = {  # noqa: RUF012
        "query_or_table": "sql",
        "query_params": "json",
        "export_params": "json",
    }
    ui_color = "#ededed"
    foreign = "airflow.providers.exasol.hooks.exasol:ExasolHook"
    __init__ = takes(
        *("query_or_table", "key"),
        bucket_name=None,
        query_params=None,
        export_params=None,
        exasol_conn_id="exasol_default",
        aws_conn_id="aws_default",
        **STORED,
    )

    def execute(self, context: Any) -> Any:  # noqa: ARG002
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows"
            self.foreign_hook(exasol_conn_id=self.exasol_conn_id).export_to_file(
                filename=str(file),
                query_or_table=self.query_or_table,
                export_params=self.export_params,
                query_params=self.query_params,
            )
            self.store(file, self.key, self.bucket_name)
        return self.key
