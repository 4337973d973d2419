"""Every trigger rule below a mapped task whose instances ended differently."""

from datetime import datetime

from airflow.decorators import dag, task
from airflow.exceptions import AirflowSkipException

RULES = [
    "all_success", "all_failed", "all_done", "all_done_min_one_success", "one_success", "one_failed", "one_done",
    "none_failed", "none_failed_min_one_success", "none_skipped", "all_skipped", "always",
]  # fmt: skip
MIXES = {"s": "ss", "f": "ff", "k": "kk", "sf": "sf", "sk": "sk", "fk": "fk", "sfk": "sfk"}


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t50_mapped_rules():
    @task
    def end_as(how):
        if how == "f":
            raise ValueError("told to fail")
        if how == "k":
            raise AirflowSkipException("told to skip")
        return how

    @task
    def below():
        return 1

    @task
    def done():
        return "s"

    other = done()
    for name, mix in MIXES.items():
        mapped = end_as.override(task_id=f"m_{name}").expand(how=list(mix))
        for rule in RULES:
            if rule == "always":
                continue
            mapped >> below.override(task_id=f"{name}_{rule}", trigger_rule=rule)()
    for rule in ("one_success", "one_failed", "all_success", "none_failed_min_one_success"):
        joined = below.override(task_id=f"sfk_s_{rule}", trigger_rule=rule)()
        [end_as.override(task_id=f"n_{rule}").expand(how=["s", "f", "k"]), other] >> joined


t50_mapped_rules()
