"""SqlToS3Operator: what a query finds, as CSV, JSON or Parquet, over pandas or polars of the user's requirements."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.drivers import frames
from dag_translator.authoring.hooks.s3 import S3Hook

_FORMATS = ("csv", "json", "parquet")
_SUFFIXES = (".json.gz", ".csv.gz", ".json", ".csv", ".parquet")


class SqlToS3Operator(BaseOperator):
    """The object is s3_key with the format's suffix; several, `<key>_<group><suffix>`, of max_rows_per_file rows or by
    groupby_kwargs. read_kwargs: of the hook's get_df; df_kwargs: of the frame's `to_csv`, `write_csv`, …
    """

    template_fields: Any = ("s3_bucket", "s3_key", "query", "sql_conn_id", "aws_conn_id")
    template_ext: Any = (".sql",)
    template_fields_renderers: Any = {"query": "sql", "df_kwargs": "json", "read_kwargs": "json"}  # noqa: RUF012

    def __init__(
        self,
        *,
        query: str,
        s3_bucket: str,
        s3_key: str,
        sql_conn_id: str,
        sql_hook_params: dict[str, Any] | None = None,
        parameters: Any = None,
        read_kwargs: dict[str, Any] | None = None,
        read_pd_kwargs: dict[str, Any] | None = None,  # Airflow 2's name
        df_type: str = "pandas",
        replace: bool = False,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
        file_format: str = "csv",
        max_rows_per_file: int = 0,
        df_kwargs: dict[str, Any] | None = None,
        pd_kwargs: dict[str, Any] | None = None,  # Airflow 2's name
        groupby_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.query = query
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.sql_conn_id = sql_conn_id
        self.sql_hook_params = sql_hook_params
        self.parameters = parameters
        self.read_kwargs = read_kwargs or read_pd_kwargs or {}
        self.df_type = df_type
        self.replace = replace
        self.aws_conn_id = aws_conn_id
        self.verify = verify
        self.file_format = file_format.lower()
        self.max_rows_per_file = max_rows_per_file
        self.df_kwargs = df_kwargs or pd_kwargs or {}
        self.groupby_kwargs = groupby_kwargs or {}
        if "path_or_buf" in self.df_kwargs:
            raise AirflowException("The argument path_or_buf is not allowed, please remove it")
        if max_rows_per_file and groupby_kwargs:
            raise AirflowException(
                "SqlToS3Operator arguments max_rows_per_file and groupby_kwargs "
                "can not be both specified. Please choose one."
            )
        if self.file_format not in _FORMATS:
            raise AirflowException(f"The argument file_format doesn't support {file_format} value.")

    def execute(self, context: Any) -> None:  # noqa: ARG002
        hook = BaseHook.get_hook(self.sql_conn_id, self.sql_hook_params)
        frame = hook.get_df(sql=self.query, parameters=self.parameters, df_type=self.df_type, **self.read_kwargs)
        if self.df_type == "pandas" and self.read_kwargs.get("dtype_backend") != "pyarrow":
            _fix_dtypes(frame, self.file_format == "parquet")
        key = next((self.s3_key.removesuffix(each) for each in _SUFFIXES if self.s3_key.endswith(each)), self.s3_key)
        s3 = S3Hook(self.aws_conn_id, verify=self.verify)
        for group, part in self._parts(frame):
            name = f"{key}_{group}" if group != "" else key
            data, suffix = self._written(part)
            s3.load_bytes(data, name + suffix, self.s3_bucket, self.replace)

    def _parts(self, frame: Any) -> Iterator[tuple[Any, Any]]:
        """The frame's parts with their groups' names; one without a name, unless something asks for several."""
        size = self.max_rows_per_file
        if size:
            numbers = range(-(-len(frame) // size))
            yield from ((i, frame[i * size : (i + 1) * size]) for i in numbers)
        elif not self.groupby_kwargs:
            yield "", frame
        elif self.df_type == "pandas":
            for label, part in frame.groupby(**self.groupby_kwargs):
                yield label[0] if isinstance(label, tuple) else label, part
        else:
            for label, part in frame.group_by(**self.groupby_kwargs):
                yield label[0] if isinstance(label, tuple) else label, part

    def _written(self, frame: Any) -> tuple[bytes, str]:
        """The object's bytes, and its suffix."""
        verb = "write" if self.df_type == "polars" else "to"
        options, buffer = dict(self.df_kwargs), io.BytesIO()
        if self.file_format == "parquet":
            getattr(frame, f"{verb}_parquet")(buffer, **options)
            return buffer.getvalue(), ".parquet"
        zipped = options.get("compression") == "gzip"
        if zipped:
            del options["compression"]
        getattr(frame, f"{verb}_{self.file_format}")(buffer, **options)
        data = buffer.getvalue()
        return (gzip.compress(data), f".{self.file_format}.gz") if zipped else (data, f".{self.file_format}")


def _fix_dtypes(frame: Any, to_parquet: bool) -> None:
    """Whole numbers with gaps stay whole numbers; what pandas has no type for becomes text in Parquet."""
    pandas = frames("pandas")
    for name in frame:
        column = frame[name]
        if to_parquet and column.dtype.name == "object":
            frame[name] = column.astype(str)
        elif "float" in column.dtype.name and column.hasnans:
            known = column.dropna()
            kind = pandas.Int64Dtype() if (known == known.astype(int)).all() else pandas.Float64Dtype()
            frame[name] = column.astype(kind)
