"""Operators of AWS Glue besides its jobs: crawlers and DataBrew."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask, error_code
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields

_CRAWLER = "glue:{here}:crawler/{crawler_name}"
_CONFIGURED = "glue:{here}:crawler/{config.Name}"
_RUNNING = {"wait_for_completion": True, "deferrable": False, "fail_on_already_running": True, "poll_interval": 5}


class _Configured(ServiceTask):
    template_fields: Any = aws_template_fields("config")
    ui_color = "#ededed"
    service = "glue"
    __init__ = takes("config")

    def request(self) -> dict[str, Any]:
        config: dict[str, Any] = self.config
        return config

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return self.config["Name"]


class GlueCrawlerCreateOperator(_Configured):
    """Makes a crawler; the XCom is its name."""

    action = "CreateCrawler"
    starts = (grant("glue:CreateCrawler glue:TagResource", _CONFIGURED), passes_role("glue"))


class GlueCrawlerUpdateOperator(_Configured):
    """Changes a crawler; the XCom is its name."""

    action = "UpdateCrawler"
    starts = (grant("glue:UpdateCrawler", _CONFIGURED), passes_role("glue"))

    def request(self) -> dict[str, Any]:
        return {name: value for name, value in self.config.items() if name != "Tags"}


class _Run(ServiceOperator):
    """crawler_name: an argument, or in config."""

    crawler_name: Any
    ui_color = "#ededed"
    service, action = "glue", "StartCrawler"

    def request(self) -> dict[str, Any]:
        return {"Name": self.crawler_name}

    def start(self, context: Any) -> dict[str, Any]:
        try:
            self.call(self.action, self.prepared(context))
        except Exception as error:
            if self.fail_on_already_running or error_code(error) != "CrawlerRunningException":
                raise
            self.log.warning("crawler %r is already running", self.crawler_name)
        return self.request()

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        if self.waits():
            crawl = self.call("GetCrawler", self.request())["Crawler"].get("LastCrawl", {})
            if crawl.get("Status") in ("FAILED", "CANCELLED"):
                raise AirflowException(
                    f"the crawl of {self.crawler_name} is {crawl['Status']}: {crawl.get('ErrorMessage')}"
                )
        return self.crawler_name


class GlueCrawlerRunOperator(_Run):
    """Runs a crawler; the XCom is its name."""

    template_fields: Any = aws_template_fields("crawler_name")
    starts = (grant("glue:StartCrawler", _CRAWLER),)
    # A crawler is READY again when its crawl is over; how that ended stands beside it.
    watch = Watch(
        "glue",
        "GetCrawler",
        "Crawler.State",
        success=("READY",),
        reason="Crawler.LastCrawl.ErrorMessage",
        grants=(grant("glue:GetCrawler", _CRAWLER),),
    )
    __init__ = takes("crawler_name", **_RUNNING)


class GlueCrawlerOperator(_Run):
    """Makes or changes a crawler, and runs it. (Deprecated in the provider.) config: CreateCrawler's request."""

    template_fields: Any = aws_template_fields("config")
    starts = (
        grant("glue:StartCrawler glue:GetCrawler glue:CreateCrawler glue:UpdateCrawler glue:TagResource", _CONFIGURED),
        passes_role("glue"),
    )
    watch = Watch(
        "glue",
        "GetCrawler",
        "Crawler.State",
        success=("READY",),
        grants=(grant("glue:GetCrawler", _CONFIGURED),),
    )
    __init__ = takes("config", **_RUNNING)

    def start(self, context: Any) -> dict[str, Any]:
        try:
            self.call("GetCrawler", {"Name": self.config["Name"]})
        except Exception as error:
            if error_code(error) != "EntityNotFoundException":
                raise
            self.call("CreateCrawler", self.config)
        else:
            self._update()
        self.crawler_name = self.config["Name"]
        return super().start(context)

    def _update(self) -> None:
        try:
            self.call("UpdateCrawler", {name: value for name, value in self.config.items() if name != "Tags"})
        except Exception as error:
            if self.fail_on_already_running or error_code(error) != "CrawlerRunningException":
                raise

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:
        self.crawler_name = self.config["Name"]
        return super().finish(handle, context)


class GlueCrawlerDeleteOperator(ServiceTask):
    """Deletes a crawler."""

    template_fields: Any = aws_template_fields("crawler_name")
    ui_color = "#ededed"
    service, action = "glue", "DeleteCrawler"
    starts = (grant("glue:DeleteCrawler", _CRAWLER),)
    __init__ = takes("crawler_name")

    def request(self) -> dict[str, Any]:
        return {"Name": self.crawler_name}


class GlueDataBrewStartJobOperator(ServiceOperator):
    """Runs a DataBrew job; the XCom is {"run_id"}. As in the provider a run that ends in failure is an end as any."""

    template_fields: Any = aws_template_fields(
        *("job_name", "wait_for_completion", "waiter_delay", "waiter_max_attempts", "deferrable")
    )
    service, action = "databrew", "StartJobRun"
    starts = (grant("databrew:StartJobRun", "databrew:{here}:job/{job_name}"),)
    watch = Watch(
        "databrew",
        "DescribeJobRun",
        "State",
        success=("STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT"),
        grants=(grant("databrew:DescribeJobRun", "databrew:{here}:job/{job_name}"),),
    )
    __init__ = takes(
        *("job_name",), wait_for_completion=True, delay=None, waiter_delay=30, waiter_max_attempts=60, deferrable=False
    )

    def request(self) -> dict[str, Any]:
        return {"Name": self.job_name}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"Name": self.job_name, "RunId": answer["RunId"]}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"run_id": (handle or {}).get("RunId")}
