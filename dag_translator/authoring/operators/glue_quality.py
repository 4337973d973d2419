"""Operators of AWS Glue Data Quality: rulesets, their evaluation, rules that are recommended."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields


class GlueDataQualityOperator(ServiceTask):
    """Makes or changes a ruleset of Glue Data Quality."""

    template_fields: Any = aws_template_fields("name", "ruleset", "description", "data_quality_ruleset_kwargs")
    template_fields_renderers: Any = {"data_quality_ruleset_kwargs": "json"}  # noqa: RUF012
    ui_color = "#ededed"
    service = "glue"
    starts = (
        grant("glue:CreateDataQualityRuleset glue:UpdateDataQualityRuleset", "glue:{here}:dataQualityRuleset/{name}"),
    )
    __init__ = takes(
        *("name", "ruleset"),
        description="AWS Glue Data Quality Rule Set With Airflow",
        update_rule_set=False,
        data_quality_ruleset_kwargs=None,
    )

    def request(self) -> dict[str, Any]:
        rules, more = self.ruleset.strip(), self.data_quality_ruleset_kwargs or {}
        if not rules.startswith("Rules") or not rules.endswith("]"):
            raise AttributeError("RuleSet must starts with Rules = [ and ends with ]")
        table = more.get("TargetTable")
        if table and not (table.get("TableName") and table.get("DatabaseName")):
            raise AttributeError("Target table must have DatabaseName and TableName")
        return {"Name": self.name, "Ruleset": rules, "Description": self.description, **more}

    def start(self, context: Any) -> dict[str, Any]:
        action = "UpdateDataQualityRuleset" if self.update_rule_set else "CreateDataQualityRuleset"
        return self.call(action, self.prepared(context))


_QUALITY = {"number_of_workers": 5, "timeout": 2880, "show_results": True, "wait_for_completion": True}
_PACE = {"waiter_delay": 60, "waiter_max_attempts": 20, "deferrable": False}
_FAILED = ("FAILED", "STOPPED", "STOPPING", "TIMEOUT")


class _QualityRun(ServiceOperator):
    template_fields_renderers: Any = {"datasource": "json"}  # noqa: RUF012
    ui_color = "#ededed"
    service = "glue"

    def request(self) -> dict[str, Any]:
        table = self.datasource.get("GlueTable", {})
        if not (table.get("DatabaseName") and table.get("TableName")):
            raise AttributeError("DataSource glue table must have DatabaseName and TableName")
        return {
            "DataSource": self.datasource,
            "Role": self.role,
            "NumberOfWorkers": self.number_of_workers,
            "Timeout": self.timeout,
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"RunId": answer["RunId"]}


class GlueDataQualityRuleSetEvaluationRunOperator(_QualityRun):
    """Evaluates rulesets on a table; the XCom is the run's id. A rule that fails fails the task."""

    template_fields: Any = aws_template_fields(
        *("datasource", "role", "rule_set_names", "rule_set_evaluation_run_kwargs")
    )
    action = "StartDataQualityRulesetEvaluationRun"
    starts = (
        grant(
            "glue:StartDataQualityRulesetEvaluationRun glue:GetDataQualityRuleset", "glue:{here}:dataQualityRuleset/*"
        ),
        grant("glue:BatchGetDataQualityResult", "glue:{here}:dataQualityRuleset/*"),
        grant("glue:GetDataQualityRulesetEvaluationRun", "glue:{here}:dataQualityRuleset/*"),
        passes_role("glue"),
    )
    watch = Watch(
        "glue",
        "GetDataQualityRulesetEvaluationRun",
        "Status",
        success=("SUCCEEDED",),
        failure=_FAILED,
        reason="ErrorString",
        grants=(grant("glue:GetDataQualityRulesetEvaluationRun", "glue:{here}:dataQualityRuleset/*"),),
    )
    __init__ = takes(
        *("datasource", "role", "rule_set_names"),
        verify_result_status=True,
        rule_set_evaluation_run_kwargs=None,
        **_QUALITY,
        **_PACE,
    )

    def request(self) -> dict[str, Any]:
        for name in self.rule_set_names:
            self.call("GetDataQualityRuleset", {"Name": name})  # fails if it is not there
        more = self.rule_set_evaluation_run_kwargs or {}
        return {**super().request(), "RulesetNames": self.rule_set_names, **more}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        assert handle is not None
        if self.waits():
            check_rules(self, handle["RunId"])
        return handle["RunId"]


def check_rules(operator: Any, run_id: str) -> None:
    """Log the results of an evaluation run; raise if a rule failed and verify_result_status says so."""
    ids = operator.call("GetDataQualityRulesetEvaluationRun", {"RunId": run_id}).get("ResultIds", [])
    results = operator.call("BatchGetDataQualityResult", {"ResultIds": ids}, "glue")["Results"] if ids else []
    rules = [rule for result in results for rule in result.get("RuleResults", ())]
    if operator.show_results:
        operator.log.info("AWS Glue data quality results: %s", rules)
    if operator.verify_result_status and any(rule.get("Result") in ("FAIL", "ERROR") for rule in rules):
        raise AirflowException("AWS Glue data quality ruleset evaluation run failed for one or more rules")


class GlueDataQualityRuleRecommendationRunOperator(_QualityRun):
    """Has rules recommended for a table; the XCom is the run's id."""

    template_fields: Any = aws_template_fields("datasource", "role", "recommendation_run_kwargs")
    action = "StartDataQualityRuleRecommendationRun"
    starts = (
        grant(
            "glue:StartDataQualityRuleRecommendationRun glue:GetDataQualityRuleRecommendationRun",
            "glue:{here}:dataQualityRuleset/*",
        ),
        passes_role("glue"),
    )
    watch = Watch(
        "glue",
        "GetDataQualityRuleRecommendationRun",
        "Status",
        success=("SUCCEEDED",),
        failure=_FAILED,
        reason="ErrorString",
        grants=(grant("glue:GetDataQualityRuleRecommendationRun", "glue:{here}:dataQualityRuleset/*"),),
    )
    __init__ = takes(*("datasource", "role"), recommendation_run_kwargs=None, **_QUALITY, **_PACE)

    def request(self) -> dict[str, Any]:
        return {**super().request(), **(self.recommendation_run_kwargs or {})}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        assert handle is not None
        if self.waits() and self.show_results:
            found = self.call("GetDataQualityRuleRecommendationRun", handle)
            self.log.info("recommended rules: %s", found.get("RecommendedRuleset"))
        return handle["RunId"]
