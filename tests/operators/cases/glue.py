"""AWS Glue: crawlers, DataBrew, data quality, the catalog."""

from __future__ import annotations

from typing import Any

from tests.operators.cases import NO, Case, states

CONFIG = 'config={"Name": "c", "Role": "r", "DatabaseName": "{{ ds }}", "Targets": {}}'
SOURCE = 'datasource={"GlueTable": {"DatabaseName": "d", "TableName": "t"}}, role="r"'
CRAWL = {"Crawler": {"State": "READY", "LastCrawl": {"Status": "SUCCEEDED"}}}
BAD_CRAWL = {"Crawler": {"State": "READY", "LastCrawl": {"Status": "FAILED", "ErrorMessage": "why"}}}
CRAWLING = {"Crawler": {"State": "RUNNING"}}
EVALUATED = {"Status": "SUCCEEDED", "ResultIds": ["x"]}
RULES: dict[str, Any] = {"Results": [{"RuleResults": [{"Name": "a", "Result": "PASS"}]}]}
BROKEN_RULES: dict[str, Any] = {"Results": [{"RuleResults": [{"Name": "a", "Result": "FAIL"}]}]}
TABLE = 'database_name="d", table_name="t"'


def single(name: str, module: str, arguments: str, action: str, answer: Any = None, result: Any = None) -> Case:
    """An operator whose work is one call."""
    called = f"glue:{action}"
    return Case(name, module, arguments, {called: answer or {}}, (action,), result, {called: NO})


GLUE = (
    single("GlueCrawlerCreateOperator", "glue_crawler", CONFIG, "CreateCrawler", result="c"),
    single("GlueCrawlerUpdateOperator", "glue_crawler", CONFIG, "UpdateCrawler", result="c"),
    single("GlueCrawlerDeleteOperator", "glue_crawler", 'crawler_name="c"', "DeleteCrawler"),
    Case(
        *("GlueCrawlerRunOperator", "glue_crawler", 'crawler_name="c"'),
        {"glue:StartCrawler": {}, "glue:GetCrawler": [CRAWLING, CRAWL]},
        ("StartCrawler", "GetCrawler"),
        "c",
        {"glue:GetCrawler": BAD_CRAWL},
    ),
    Case(
        *("GlueCrawlerOperator", "glue_crawler", CONFIG),
        {"glue:GetCrawler": [CRAWL, CRAWLING, CRAWL], "glue:UpdateCrawler": {}, "glue:StartCrawler": {}},
        ("GetCrawler", "UpdateCrawler", "StartCrawler", "GetCrawler"),
        "c",
        {"glue:StartCrawler": NO},
    ),
    Case(
        *("GlueDataBrewStartJobOperator", "glue_databrew", 'job_name="j"'),
        {"databrew:StartJobRun": {"RunId": "r"}, "databrew:DescribeJobRun": states("State", "RUNNING", "SUCCEEDED")},
        ("StartJobRun", "DescribeJobRun"),
        {"run_id": "r"},
        {"databrew:DescribeJobRun": states("State", "RUNNING")},
    ),
    single(
        *("GlueDataQualityOperator", "glue", 'name="n", ruleset="Rules = [ IsComplete \\"a\\" ]"'),
        "CreateDataQualityRuleset",
        {"Name": "n"},
    ),
    Case(
        *("GlueDataQualityRuleSetEvaluationRunOperator", "glue", f'{SOURCE}, rule_set_names=["n"]'),
        {
            "glue:GetDataQualityRuleset": {"Name": "n"},
            "glue:StartDataQualityRulesetEvaluationRun": {"RunId": "r"},
            "glue:GetDataQualityRulesetEvaluationRun": [{"Status": "RUNNING"}, EVALUATED],
            "glue:BatchGetDataQualityResult": RULES,
        },
        (
            *("GetDataQualityRuleset", "StartDataQualityRulesetEvaluationRun"),
            *("GetDataQualityRulesetEvaluationRun", "BatchGetDataQualityResult"),
        ),
        "r",
        {"glue:BatchGetDataQualityResult": BROKEN_RULES},
    ),
    Case(
        *("GlueDataQualityRuleRecommendationRunOperator", "glue", SOURCE),
        {
            "glue:StartDataQualityRuleRecommendationRun": {"RunId": "r"},
            "glue:GetDataQualityRuleRecommendationRun": states("Status", "RUNNING", "SUCCEEDED"),
        },
        ("StartDataQualityRuleRecommendationRun", "GetDataQualityRuleRecommendationRun"),
        "r",
        {"glue:GetDataQualityRuleRecommendationRun": states("Status", "FAILED", ErrorString="why")},
    ),
    single(
        *("GlueCatalogCreateDatabaseOperator", "glue_catalog", 'database_name="d", tags={"a": "b"}', "CreateDatabase"),
        result="d",
    ),
    single("GlueCatalogDeleteDatabaseOperator", "glue_catalog", 'database_name="d"', "DeleteDatabase"),
    single(
        *("GlueCatalogCreateTableOperator", "glue_catalog", f'{TABLE}, table_input={{"Description": "x"}}'),
        *("CreateTable", None, "t"),
    ),
    single("GlueCatalogDeleteTableOperator", "glue_catalog", TABLE, "DeleteTable"),
    single(
        *("GlueCatalogCreatePartitionOperator", "glue_catalog", f'{TABLE}, partition_input={{"Values": ["1"]}}'),
        "CreatePartition",
    ),
    single(
        *("GlueCatalogBatchDeletePartitionOperator", "glue_catalog"),
        f'{TABLE}, partitions_to_delete=[{{"Values": ["1"]}}]',
        "BatchDeletePartition",
        result=[],
    ),
    Case(
        *("GlueJobSensor", "glue", 'job_name="j", run_id="r"'),
        {"glue:GetJobRun": states("JobRun.JobRunState", "RUNNING", "SUCCEEDED")},
        ("GetJobRun",),
        failing={"glue:GetJobRun": states("JobRun.JobRunState", "STOPPED")},
    ),
    Case(
        *("GlueCrawlerSensor", "glue_crawler", 'crawler_name="c"'),
        {"glue:GetCrawler": [CRAWLING, CRAWL]},
        ("GetCrawler",),
        failing={"glue:GetCrawler": BAD_CRAWL},
    ),
    Case(
        *("GlueCatalogPartitionSensor", "glue_catalog_partition", 'table_name="d.t", timeout=600'),
        {"glue:GetPartitions": [{"Partitions": []}, {"Partitions": [{"Values": ["1"]}]}]},
        ("GetPartitions",),
        failing={"glue:GetPartitions": {"Partitions": []}},
    ),
    Case(
        *("GlueDataQualityRuleSetEvaluationRunSensor", "glue", 'evaluation_run_id="r"'),
        {
            "glue:GetDataQualityRulesetEvaluationRun": [{"Status": "RUNNING"}, EVALUATED],
            "glue:BatchGetDataQualityResult": RULES,
        },
        ("GetDataQualityRulesetEvaluationRun", "BatchGetDataQualityResult"),
        failing={"glue:BatchGetDataQualityResult": BROKEN_RULES},
    ),
    Case(
        *("GlueDataQualityRuleRecommendationRunSensor", "glue", 'recommendation_run_id="r"'),
        {"glue:GetDataQualityRuleRecommendationRun": states("Status", "RUNNING", "SUCCEEDED")},
        ("GetDataQualityRuleRecommendationRun",),
        failing={"glue:GetDataQualityRuleRecommendationRun": states("Status", "TIMEOUT")},
    ),
)
