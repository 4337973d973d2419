"""LatestOnlyOperator: what follows runs only in the latest scheduled run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dag_translator.authoring.operators.skipmixin import BaseBranchOperator


class LatestOnlyOperator(BaseBranchOperator):
    """Skips its direct downstream tasks unless the run is manual, or now lies in the interval after the run's own."""

    ui_color = "#e9ffdb"

    def choose_branch(self, context: Any) -> list[str]:
        everything = sorted(self.downstream_task_ids)
        dag_run = context["dag_run"]
        if str(getattr(dag_run.run_type, "value", dag_run.run_type)) == "manual":
            self.log.info("Manually triggered DAG_Run: allowing execution to proceed.")
            return everything
        start, end = dag_run.data_interval_start, dag_run.data_interval_end
        if start is None or end is None or start == end:
            return everything
        # The next run's interval begins where this one's ends; it is as long, or ends when the DAG's schedule says.
        following = _next_end(context, end) or end + (end - start)
        now = datetime.now(UTC)
        if end < now <= following:
            return everything
        self.log.info("Not latest execution, skipping downstream.")
        return []


def _next_end(context: Any, end: Any) -> Any:  # noqa: ARG001
    """When the next interval ends, if whoever runs the task knows the schedule (`dag_run.next_data_interval_end`)."""
    return getattr(context["dag_run"], "next_data_interval_end", None)
