"""Sensors on AWS Glue: job runs, crawlers, partitions, data quality."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.glue_quality import (
    GlueDataQualityRuleRecommendationRunOperator as Recommendation,
)
from dag_translator.authoring.operators.glue_quality import (
    GlueDataQualityRuleSetEvaluationRunOperator as Evaluation,
)
from dag_translator.authoring.operators.glue_quality import check_rules


class GlueJobSensor(ServiceSensor):
    """Done when the job's run has SUCCEEDED. verbose has no effect: the run's log stays in its log group."""

    template_fields: Any = aws_template_fields("job_name", "run_id")
    service = "glue"
    watch = Watch(
        "glue",
        "GetJobRun",
        "JobRun.JobRunState",
        success=("SUCCEEDED",),
        failure=("FAILED", "STOPPED", "TIMEOUT"),
        reason="JobRun.ErrorMessage",
        grants=(grant("glue:GetJobRun", "glue:{here}:job/{job_name}"),),
    )
    __init__ = takes("job_name", "run_id", verbose=False, deferrable=False, poke_interval=120, max_retries=60)

    def arguments(self) -> dict[str, Any]:
        return {"JobName": self.job_name, "RunId": self.run_id}


class GlueCrawlerSensor(ServiceSensor):
    """Done when the crawler is READY and its last crawl SUCCEEDED."""

    template_fields: Any = aws_template_fields("crawler_name")
    service = "glue"
    watch = Watch(
        "glue",
        "GetCrawler",
        "Crawler.State",
        success=("READY",),
        grants=(grant("glue:GetCrawler", "glue:{here}:crawler/{crawler_name}"),),
    )
    __init__ = takes("crawler_name")

    def arguments(self) -> dict[str, Any]:
        return {"Name": self.crawler_name}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        crawler = self.call("GetCrawler", handle)["Crawler"]
        if crawler["State"] != "READY":
            return "running", crawler["State"]
        status = crawler.get("LastCrawl", {}).get("Status", "unknown")
        return ("success" if status == "SUCCEEDED" else "failed"), f"Status: {status}"


class GlueCatalogPartitionSensor(ServiceSensor):
    """Done when the table has a partition that fits the expression."""

    template_fields: Any = aws_template_fields("database_name", "table_name", "expression")
    ui_color = "#C5CAE9"
    service = "glue"
    watch = Watch(
        "glue",
        "GetPartitions",
        "Partitions",
        grants=(grant("glue:GetPartitions", "glue:{here}:catalog", "glue:{here}:database/*", "glue:{here}:table/*"),),
    )
    __init__ = takes(
        *("table_name",), expression="ds='{{ ds }}'", database_name="default", poke_interval=180, deferrable=False
    )

    def arguments(self) -> dict[str, Any]:
        database, _, table = self.table_name.rpartition(".")
        name = {"DatabaseName": database or self.database_name, "TableName": table}
        return {**name, "Expression": self.expression, "MaxResults": 1}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        pages = self.client().get_paginator("get_partitions").paginate(**handle)
        there = any(page["Partitions"] for page in pages)
        return ("success", "found") if there else ("running", "not found")


class GlueDataQualityRuleSetEvaluationRunSensor(ServiceSensor):
    """Done when the evaluation has SUCCEEDED; with verify_result_status a rule that fails fails it."""

    template_fields: Any = aws_template_fields("evaluation_run_id")
    service = "glue"
    watch = replace(
        Evaluation.watch,
        grants=(
            *Evaluation.watch.grants,
            grant("glue:BatchGetDataQualityResult", "glue:{here}:dataQualityRuleset/*"),
        ),
    )
    __init__ = takes(
        *("evaluation_run_id",),
        show_results=True,
        verify_result_status=True,
        deferrable=False,
        poke_interval=120,
        max_retries=60,
    )

    def arguments(self) -> dict[str, Any]:
        return {"RunId": self.evaluation_run_id}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        state, told = super().asked(handle)
        if state == "success":
            check_rules(self, self.evaluation_run_id)
        return state, told


class GlueDataQualityRuleRecommendationRunSensor(ServiceSensor):
    """Done when the recommendation has SUCCEEDED. show_results has no effect: ask Glue for the rules."""

    template_fields: Any = aws_template_fields("recommendation_run_id")
    service = "glue"
    watch = Recommendation.watch
    __init__ = takes(
        *("recommendation_run_id",), show_results=True, deferrable=False, poke_interval=120, max_retries=60
    )

    def arguments(self) -> dict[str, Any]:
        return {"RunId": self.recommendation_run_id}
