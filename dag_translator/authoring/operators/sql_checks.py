"""Checks of what a query finds. A check that fails fails the task; its result is in the message, not in an XCom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dag_translator.authoring.exceptions import AirflowException, AirflowFailException
from dag_translator.authoring.operators.sql import BaseSQLOperator, parse_boolean
from dag_translator.authoring.operators.sql_column_check import partition, where

_SQL: Any = {"sql": "sql"}
_EXTENSIONS = (".hql", ".sql")


class SQLTableCheckOperator(BaseSQLOperator):
    """checks: {name: {"check_statement": SQL that is true, "partition_clause": more of the WHERE}}.

    accept_none: an empty table passes.
    """

    template_fields: Any = ("table", "partition_clause", "sql", *BaseSQLOperator.template_fields)
    template_fields_renderers = _SQL

    sql_check_template = """
    SELECT '{check_name}' AS check_name, MIN({check_name}) AS check_result
    FROM (SELECT CASE WHEN {check_statement} THEN 1 ELSE 0 END AS {check_name}
          FROM {table} {partition_clause}) AS sq
    """

    def __init__(
        self,
        *,
        table: str,
        checks: dict[str, dict[str, Any]],
        partition_clause: str | None = None,
        conn_id: str | None = None,
        database: str | None = None,
        accept_none: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        self.table = table
        self.checks = checks
        self.partition_clause = partition(partition_clause)
        self.accept_none = accept_none
        queries = [
            self.sql_check_template.format(
                check_statement=values["check_statement"],
                check_name=name,
                table=table,
                partition_clause=where(self.partition_clause, values.get("partition_clause")),
            )
            for name, values in checks.items()
        ]
        self.sql = f"SELECT check_name, check_result FROM ({'UNION ALL'.join(queries)}) AS check_table"

    def execute(self, context: Any) -> None:  # noqa: ARG002
        records = self.get_db_hook().get_records(self.sql)
        if not records and self.accept_none:
            self.log.warning("No records found for table: %s, but accept_none=True", self.table)
            return
        if not records:
            self._raise_exception(f"The following query returned zero rows: {self.sql}")
        for name, result in records:
            self.checks[name]["result"] = str(result)
            self.checks[name]["success"] = parse_boolean(str(result))
        failed = [
            f"\tCheck: {name},\n\tCheck Values: {values}\n"
            for name, values in self.checks.items()
            if not values["success"]
        ]
        if failed:
            self._raise_exception(
                f"Test failed.\nQuery:\n{self.sql}\nResults:\n{records!s}\n"
                f"The following tests have failed:\n{', '.join(failed)}"
            )
        self.log.info("All tests have passed")


class SQLCheckOperator(BaseSQLOperator):
    """Every value of the query's first row has to be true, as Python sees it."""

    template_fields: Any = ("sql", *BaseSQLOperator.template_fields)
    template_ext: Any = _EXTENSIONS
    template_fields_renderers = _SQL
    ui_color = "#fff7e6"

    def __init__(
        self,
        *,
        sql: str,
        conn_id: str | None = None,
        database: str | None = None,
        parameters: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        self.sql = sql
        self.parameters = parameters

    def execute(self, context: Any) -> None:  # noqa: ARG002
        row = self.get_db_hook().get_first(self.sql, self.parameters)
        self.log.info("Record: %s", row)
        if not row:
            self._raise_exception(f"The following query returned zero rows: {self.sql}")
        if not all(row.values() if isinstance(row, dict) else row):
            self._raise_exception(f"Test failed.\nQuery:\n{self.sql}\nResults:\n{row!s}")
        self.log.info("Success.")


class SQLValueCheckOperator(BaseSQLOperator):
    """Every value of the first row has to be pass_value, as a number give or take tolerance (a share of it)."""

    template_fields: Any = ("sql", "pass_value", *BaseSQLOperator.template_fields)
    template_ext: Any = _EXTENSIONS
    template_fields_renderers = _SQL
    ui_color = "#fff7e6"

    def __init__(
        self,
        *,
        sql: str,
        pass_value: Any,
        tolerance: Any = None,
        conn_id: str | None = None,
        database: str | None = None,
        parameters: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        self.sql = sql
        self.pass_value = str(pass_value)
        found = _number(tolerance)
        self.tol = found if isinstance(found, float) else None
        self.has_tolerance = self.tol is not None
        self.parameters = parameters

    def execute(self, context: Any) -> None:  # noqa: ARG002
        self.check_value(self.get_db_hook().get_first(self.sql, self.parameters))

    def check_value(self, records: Any) -> None:
        if not records:
            self._raise_exception(f"The following query returned zero rows: {self.sql}")
        wanted = _number(self.pass_value)
        share = None if self.tol is None else f"{self.tol:.1%}"
        message = f"Test failed.\nPass value:{wanted}\nTolerance:{share}\nQuery:\n{self.sql}\nResults:\n{records!s}"
        if not isinstance(wanted, float):
            passed = all(str(record) == wanted for record in records)
        else:
            try:
                numbers = [float(record) for record in records]
            except (ValueError, TypeError) as error:
                raise AirflowException(f"Converting a result to float failed.\n{message}") from error
            margin = abs(wanted) * (self.tol or 0.0)
            passed = all(wanted - margin <= number <= wanted + margin for number in numbers)
        if not passed:
            self._raise_exception(message)


class SQLIntervalCheckOperator(BaseSQLOperator):
    """Metrics (SQL expressions) of the run's date against those of days_back earlier.

    metrics_thresholds: {metric: ratio that it has to stay below}. ratio_formula: max_over_min or relative_diff.
    ignore_zero: a metric that is 0 passes.
    """

    template_fields: Any = ("sql1", "sql2", *BaseSQLOperator.template_fields)
    template_ext: Any = _EXTENSIONS
    template_fields_renderers: Any = {"sql1": "sql", "sql2": "sql"}  # noqa: RUF012
    ui_color = "#fff7e6"

    ratio_formulas: Any = {  # noqa: RUF012
        "max_over_min": lambda cur, ref: max(cur, ref) / min(cur, ref),
        "relative_diff": lambda cur, ref: abs(cur - ref) / ref,
    }

    def __init__(
        self,
        *,
        table: str,
        metrics_thresholds: dict[str, Any],
        date_filter_column: str | None = "ds",
        days_back: Any = -7,
        ratio_formula: str | None = "max_over_min",
        ignore_zero: bool = True,
        conn_id: str | None = None,
        database: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        if ratio_formula not in self.ratio_formulas:
            raise AirflowFailException(
                f"Invalid diff_method: {ratio_formula}. Supported diff methods are: {list(self.ratio_formulas)}"
            )
        self.ratio_formula = ratio_formula
        self.ignore_zero = ignore_zero
        self.table = table
        self.metrics_thresholds = metrics_thresholds
        self.metrics_sorted = sorted(metrics_thresholds)
        self.date_filter_column = date_filter_column
        self.days_back = -abs(days_back)
        query = f"SELECT {', '.join(self.metrics_sorted)} FROM {table} WHERE {date_filter_column}="
        self.sql1 = query + "'{{ ds }}'"
        self.sql2 = query + f"'{{{{ macros.ds_add(ds, {self.days_back}) }}}}'"

    def execute(self, context: Any) -> None:  # noqa: ARG002
        queries = (self.sql2, self.sql1)
        rows = [self.get_db_hook().get_first(sql) for sql in queries]
        for row, sql in zip(rows, queries, strict=True):
            if not row:
                self._raise_exception(f"The following query returned zero rows: {sql}")
        past, current = rows
        results = [self._result(*each) for each in zip(self.metrics_sorted, current, past, strict=True)]
        self.log.info("Metrics: %s", results)
        if failed := [each for each in results if not each["success"]]:
            details = "; ".join(f"{each['metric']}: {each}" for each in failed)
            self._raise_exception(f"The following tests have failed:\n {details}")
        self.log.info("All tests have passed")

    def _result(self, metric: str, current: Any, past: Any) -> dict[str, Any]:
        compare: Callable[[Any, Any], Any] = self.ratio_formulas[self.ratio_formula]
        ratio = None if current == 0 or past == 0 else compare(current, past)
        threshold = self.metrics_thresholds[metric]
        return {
            "metric": metric,
            "current_metric": current,
            "past_metric": past,
            "threshold": threshold,
            "ignore_zero": self.ignore_zero,
            "ratio": ratio,
            "success": self.ignore_zero if ratio is None else ratio < threshold,
        }


class SQLThresholdCheckOperator(BaseSQLOperator):
    """The first value has to be within min_threshold and max_threshold: numbers, or SQL that finds one."""

    template_fields: Any = ("sql", "min_threshold", "max_threshold", *BaseSQLOperator.template_fields)
    template_ext: Any = _EXTENSIONS
    template_fields_renderers = _SQL

    def __init__(
        self,
        *,
        sql: str,
        min_threshold: Any,
        max_threshold: Any,
        conn_id: str | None = None,
        database: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        self.sql = sql
        self.min_threshold = min_threshold
        self.max_threshold = max_threshold

    def execute(self, context: Any) -> None:  # noqa: ARG002
        hook = self.get_db_hook()
        row = hook.get_first(self.sql)
        if not row:
            self._raise_exception(f"The following query returned zero rows: {self.sql}")
        bounds = [_number(each) for each in (self.min_threshold, self.max_threshold)]
        lower, upper = (each if isinstance(each, float) else hook.get_first(each)[0] for each in bounds)
        within = lower <= row[0] <= upper
        found = {"result": row[0], "task_id": self.task_id, "min_threshold": lower, "max_threshold": upper}
        self.push({**found, "within_threshold": within})
        if not within:
            self._raise_exception(
                f'Threshold Check: "{self.task_id}" failed.\nDAG: {self.dag_id}\nTask_id: {self.task_id}\n'
                f"SQL: {self.sql}\nResult: {round(row[0], 2)} is not within thresholds {lower} and {upper}"
            )
        self.log.info("Test %s Successful.", self.task_id)

    def push(self, meta_data: dict[str, Any]) -> None:
        """For subclasses: send what was found somewhere. Here it is logged."""
        self.log.info("Log from %s:\n%s", self.dag_id, "\n".join(f"{key}: {item}" for key, item in meta_data.items()))


def _number(value: Any) -> Any:
    """As a float, or as it is."""
    try:
        return float(value)
    except (ValueError, TypeError):
        return value
