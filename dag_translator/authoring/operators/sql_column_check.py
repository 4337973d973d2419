"""SQLColumnCheckOperator: what statistics of columns (nulls, distinct values, least, greatest) have to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.sql import BaseSQLOperator

_BOUNDS = ("greater_than", "geq_to", "less_than", "leq_to")
# Lower bound, upper bound, whether they may be equal.
_RANGES = (
    ("greater_than", "less_than", False),
    ("greater_than", "leq_to", False),
    ("geq_to", "less_than", False),
    ("geq_to", "leq_to", True),
)


class SQLColumnCheckOperator(BaseSQLOperator):
    """column_mapping: {column: {check: {"equal_to" | "greater_than" | "geq_to" | "less_than" | "leq_to": value}}}.

    A check may also have a "tolerance" (a share of its value) and a "partition_clause" (more of the WHERE). checks:
    null_check, distinct_check, unique_check, min, max. accept_none: NULL counts as 0.
    """

    template_fields: Any = ("table", "partition_clause", "sql", *BaseSQLOperator.template_fields)
    template_fields_renderers: Any = {"sql": "sql"}  # noqa: RUF012

    sql_check_template = """
        SELECT '{column}' AS col_name, '{check}' AS check_type, {column}_{check} AS check_result
        FROM (SELECT {check_statement} AS {column}_{check} FROM {table} {partition_clause}) AS sq
    """
    column_checks: Any = {  # noqa: RUF012
        "null_check": "SUM(CASE WHEN {column} IS NULL THEN 1 ELSE 0 END)",
        "distinct_check": "COUNT(DISTINCT({column}))",
        "unique_check": "COUNT({column}) - COUNT(DISTINCT({column}))",
        "min": "MIN({column})",
        "max": "MAX({column})",
    }

    def __init__(
        self,
        *,
        table: str,
        column_mapping: dict[str, dict[str, Any]],
        partition_clause: str | None = None,
        conn_id: str | None = None,
        database: str | None = None,
        accept_none: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        self.table = table
        self.column_mapping = column_mapping
        self.partition_clause = partition(partition_clause)
        self.accept_none = accept_none
        queries = [self._query(*each) for each in self._checks()]
        self.sql = f"SELECT col_name, check_type, check_result FROM ({'UNION ALL'.join(queries)}) AS check_columns"

    def _checks(self) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            (column, check, values) for column, all_ in self.column_mapping.items() for check, values in all_.items()
        ]

    def _query(self, column: str, check: str, values: dict[str, Any]) -> str:
        if check not in self.column_checks:
            raise AirflowException(f"Invalid column check: {check}.")
        _validate(values)
        return self.sql_check_template.format(
            check_statement=self.column_checks[check].format(column=column),
            check=check,
            table=self.table,
            column=column,
            partition_clause=where(self.partition_clause, values.get("partition_clause")),
        )

    def execute(self, context: Any) -> None:  # noqa: ARG002
        records = self.get_db_hook().get_records(self.sql)
        if not records:
            self._raise_exception(f"The following query returned zero rows: {self.sql}")
        self.log.info("Record: %s", records)
        for column, check, result in records:
            values = self.column_mapping[column][check]
            values["result"] = result
            values["success"] = self._get_match(values, result, values.get("tolerance"))
        failed = [
            f"Column: {column}\n\tCheck: {check},\n\tCheck Values: {values}\n"
            for column, check, values in self._checks()
            if not values["success"]
        ]
        if failed:
            self._raise_exception(
                f"Test failed.\nResults:\n{records!s}\nThe following tests have failed:\n{''.join(failed)}"
            )
        self.log.info("All tests have passed")

    def _get_match(self, check_values: dict[str, Any], record: Any, tolerance: float | None = None) -> bool:
        if record is None and self.accept_none:
            record = 0

        def bound(name: str, direction: int) -> Any:
            value = check_values[name]
            return value if tolerance is None else value + direction * abs(value) * tolerance

        def equal() -> bool:
            wanted = check_values["equal_to"]
            if tolerance is None:  # NULL is not equal to anything; a range would be an error
                return bool(record == wanted)
            return bool(bound("equal_to", -1) <= record <= bound("equal_to", 1))

        tests: dict[str, Callable[[], bool]] = {
            "geq_to": lambda: record >= bound("geq_to", -1),
            "greater_than": lambda: record > bound("greater_than", -1),
            "leq_to": lambda: record <= bound("leq_to", 1),
            "less_than": lambda: record < bound("less_than", 1),
            "equal_to": equal,
        }
        return all(test() for name, test in tests.items() if name in check_values)


def _validate(values: dict[str, Any]) -> None:
    given = [name for name in _BOUNDS if name in values]
    if not given and "equal_to" not in values:
        raise ValueError(
            "Please provide one or more of: less_than, leq_to, greater_than, geq_to, or equal_to in the check's dict."
        )
    for lower, upper, same in _RANGES:
        if lower not in values or upper not in values:
            continue
        if values[lower] > values[upper] or (values[lower] == values[upper] and not same):
            raise ValueError(f"{lower} should be {'' if same else 'strictly '}less than {upper}.")
    for one, other in (("greater_than", "geq_to"), ("less_than", "leq_to")):
        if one in values and other in values:
            raise ValueError(f"Only supply one of {one} or {other}.")
    if given and "equal_to" in values:
        raise ValueError("equal_to cannot be passed with a greater or less than function.")


def partition(clause: str | None) -> str | None:
    """A part of a WHERE clause; ValueError if it holds more than one statement."""
    if clause is not None and ";" in clause:
        raise ValueError("Invalid partition_clause: semicolons (;) not allowed.")
    return clause


def where(*clauses: str | None) -> str:
    """The WHERE of all the clauses that there are."""
    given = [clause for clause in clauses if clause]
    return f"WHERE {' AND '.join(given)}" if given else ""
