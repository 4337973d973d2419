"""Operators on S3's objects: read one, copy all below a prefix, run a script on one.

Keys are `s3://` URLs, or go with a bucket's name.
"""

from __future__ import annotations

import shutil
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields, refuse


class S3ReadObjectOperator(AwsBaseOperator):
    """The object's text as the XCom."""

    template_fields: Any = aws_template_fields("s3_bucket", "s3_key")
    aws_hook_class = S3Hook

    def __init__(self, *, s3_key: str, s3_bucket: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key

    def execute(self, context: Any) -> str:  # noqa: ARG002
        bucket, key = self.hook.get_s3_bucket_key(self.s3_bucket, self.s3_key)
        text: str = self.hook.read_key(key, bucket)
        return text


class S3CopyPrefixOperator(AwsBaseOperator):
    """Copies all objects below a prefix. continue_on_failure: tries all before it fails."""

    template_fields: Any = aws_template_fields(
        *("source_bucket_prefix", "dest_bucket_prefix", "source_bucket_name", "dest_bucket_name", "kms_key_id")
    )
    aws_hook_class = S3Hook

    def __init__(
        self,
        *,
        source_bucket_prefix: str,
        dest_bucket_prefix: str,
        source_bucket_name: str | None = None,
        dest_bucket_name: str | None = None,
        kms_key_id: str | None = None,
        kms_encryption_type: str | None = None,
        continue_on_failure: bool = False,
        acl_policy: str | None = None,
        meta_data_directive: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_bucket_prefix = source_bucket_prefix
        self.dest_bucket_prefix = dest_bucket_prefix
        self.source_bucket_name = source_bucket_name
        self.dest_bucket_name = dest_bucket_name
        self.kms_key_id = kms_key_id
        self.kms_encryption_type = kms_encryption_type
        self.continue_on_failure = continue_on_failure
        self.acl_policy = acl_policy
        self.meta_data_directive = meta_data_directive

    def execute(self, context: Any) -> None:  # noqa: ARG002
        source, prefix = self.hook.get_s3_bucket_key(self.source_bucket_name, self.source_bucket_prefix)
        target, start = self.hook.get_s3_bucket_key(self.dest_bucket_name, self.dest_bucket_prefix)
        failed = 0
        for key in self.hook.list_keys(source, prefix=prefix):
            try:
                self.hook.copy_object(
                    key,
                    start + key.removeprefix(prefix),
                    source,
                    target,
                    acl_policy=self.acl_policy,
                    meta_data_directive=self.meta_data_directive,
                    kms_key_id=self.kms_key_id,
                    kms_encryption_type=self.kms_encryption_type,
                )
            except Exception as error:
                if not self.continue_on_failure:
                    raise RuntimeError(f"Failed to copy {key}: {error}") from error
                self.log.error("Failed to copy %s: %s", key, error)
                failed += 1
        if failed:
            raise RuntimeError(f"Failed to copy {failed} object(s)")


class S3FileTransformOperator(AwsBaseOperator):
    """Runs a script that is deployed with the DAG: transform_script source destination *script_args, on files in the
    Lambda's /tmp. S3 Select, which AWS gives to nobody new, is refused."""

    template_fields: Any = aws_template_fields(
        *("source_s3_key", "dest_s3_key", "script_args", "source_aws_conn_id", "dest_aws_conn_id")
    )
    ui_color = "#f9c915"

    def __init__(
        self,
        *,
        source_s3_key: str,
        dest_s3_key: str,
        transform_script: str | None = None,
        select_expression: str | None = None,
        select_expr_serialization_config: dict[str, Any] | None = None,
        script_args: Any = None,
        source_aws_conn_id: str | None = "aws_default",
        source_verify: bool | str | None = None,
        dest_aws_conn_id: str | None = "aws_default",
        dest_verify: bool | str | None = None,
        replace: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if select_expression is not None or select_expr_serialization_config:
            refuse("S3FileTransformOperator: S3 Select (select_expression)", "select in the script, or with Athena")
        self.source_s3_key = source_s3_key
        self.dest_s3_key = dest_s3_key
        self.transform_script = transform_script
        self.script_args = script_args or []
        self.source_aws_conn_id = source_aws_conn_id
        self.source_verify = source_verify
        self.dest_aws_conn_id = dest_aws_conn_id
        self.dest_verify = dest_verify
        self.replace = replace

    def execute(self, context: Any) -> None:  # noqa: ARG002
        from tempfile import TemporaryDirectory

        if self.transform_script is None:
            raise AirflowException("Either transform_script or select_expression must be specified")
        source = S3Hook(aws_conn_id=self.source_aws_conn_id, verify=self.source_verify)
        target = S3Hook(aws_conn_id=self.dest_aws_conn_id, verify=self.dest_verify)
        if not source.check_for_key(self.source_s3_key):
            raise AirflowException(f"The source key {self.source_s3_key} does not exist")
        with TemporaryDirectory() as folder:
            given, made = f"{folder}/source", f"{folder}/dest"
            bucket, key = source.get_s3_bucket_key(None, self.source_s3_key)
            with open(given, "wb") as file:
                shutil.copyfileobj(source.get_conn().get_object(Bucket=bucket, Key=key)["Body"], file)
            open(made, "wb").close()
            self._run([self.transform_script, given, made, *map(str, self.script_args)])
            target.load_file(made, self.dest_s3_key, replace=self.replace)

    def _run(self, command: list[str]) -> None:
        import subprocess

        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            for line in process.stdout or ():
                self.log.info(line.rstrip())
        if process.returncode:
            raise AirflowException(f"Transform script failed: {process.returncode}")
