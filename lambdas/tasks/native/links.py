"""The XComs that the provider's links to the AWS console are made of."""

from __future__ import annotations

import os
from typing import Any

_DOMAINS = {"aws": "aws.amazon.com", "aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}


def push_link(operator: Any, context: Any, key: str, **values: Any) -> None:
    """Push them unless the task pushes nothing."""
    if not operator.do_xcom_push:
        return
    region = getattr(operator, "region_name", None) or os.environ.get("AWS_REGION", "")
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    context["ti"].keep(key, {"region_name": region, "aws_domain": _DOMAINS[partition], **values})
