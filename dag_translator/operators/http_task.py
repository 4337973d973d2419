"""`HttpOperator` over an EventBridge connection: prepare (Lambda renders) → Step Functions' HTTP task → record.

Where the project maps the Airflow connection to one (setting `httpConnections`), and nothing has to be decided in
Python: EventBridge keeps the credentials, so no Lambda and no history ever sees them, and no Lambda waits meanwhile.
The rest stays in Lambda (`http`). Limits are the HTTP task's: 60 seconds, 256 KB, HTTPS, no mutual TLS, text answers.

Source: Step Functions developer guide, "Call HTTPS APIs in Step Functions workflows" (fields, headers that it refuses,
errors, "IAM permissions to run an HTTP Task").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dag_translator.account import Account
from dag_translator.model import Task
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.service import ARN, HERE, literal, lower_call, note

KEY = "HttpOperator over EventBridge"
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
# What only Python can do, or does otherwise.
_IN_PYTHON = (
    "response_check",
    "response_filter",
    "pagination_function",
    "auth_type",
    "extra_options",
    "request_kwargs",
)
_REFUSED_HEADERS = frozenset(
    {
        *(
            "a-im",
            "accept-charset",
            "accept-datetime",
            "accept-encoding",
            "authorization",
            "cache-control",
            "connection",
        ),
        *("content-encoding", "content-md5", "date", "expect", "forwarded", "from", "host", "http2-settings"),
        *("if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards"),
        *("origin", "pragma", "proxy-authorization", "referer", "server", "te", "trailer", "transfer-encoding"),
        *("upgrade", "via", "warning"),
    }
)
_REFUSED_PREFIXES = ("x-forwarded-", "x-amz-", "x-amzn-")
_REWRITTEN = note(
    "json-rewritten",
    "Step Functions reads an answer in JSON, so the XCom is the same JSON written anew, not the server's own text",
    "read it with json.loads, or leave the connection out of httpConnections",
)


def in_account(operator: Any, account: Account) -> tuple[str, Mapping[str, Any]] | None:
    """The settings, if the project has a connection for it and Step Functions can do all that it does."""
    mapped_to = account.http_connections.get(literal(getattr(operator, "http_conn_id", None)) or "")
    method, headers = literal(getattr(operator, "method", None)), getattr(operator, "headers", None) or {}
    if mapped_to is None or method is None or method.upper() not in _METHODS or not _is_plain(operator, headers):
        return None
    data = getattr(operator, "data", None) or None
    is_get, is_form = method.upper() == "GET", isinstance(data, dict)
    if not (data is None or is_form or (isinstance(data, str) and not is_get)):
        return None
    has_body = data is not None and not is_get
    return KEY, {
        "connection": mapped_to.arn,
        "url": mapped_to.url.rstrip("/"),
        "method": method.upper(),
        "body": "form" if has_body and is_form else "text" if has_body else None,
        "headers": bool(headers),
        "notes": [_REWRITTEN],
    }


def _is_plain(operator: Any, headers: Any) -> bool:
    from dag_translator.authoring.operators.http import HttpOperator

    kind = operator.operator_class
    own = kind.process_response is not HttpOperator.process_response or kind.hook is not HttpOperator.hook
    several = operator.is_mapped or operator.get_closest_mapped_task_group() is not None
    if own or several or getattr(operator, "log_response", False) or not isinstance(headers, dict):
        return False
    return not any(map(is_refused, headers)) and not any(getattr(operator, name, None) for name in _IN_PYTHON)


def is_refused(header: str) -> bool:
    """Whether an HTTP task must not set this header."""
    return header.lower() in _REFUSED_HEADERS or header.lower().startswith(_REFUSED_PREFIXES)


def lower(task: Task, site: Site) -> States:
    """The Lambda renders the end of the URL, the query, the headers and the body."""
    given, made = task.settings, "$states.input.arguments"
    arguments = {
        "ApiEndpoint": f"{{% {json.dumps(given['url'])} & {made}.endpoint %}}",
        "Method": given["method"],
        "Authentication": {"ConnectionArn": given["connection"]},
        "QueryParameters": f"{{% {made}.query %}}",
    }
    if given["headers"] or given["body"] == "form":
        arguments["Headers"] = f"{{% {made}.headers %}}"
    if given["body"]:
        arguments["RequestBody"] = f"{{% {made}.body %}}"
    if given["body"] == "form":
        options = {"ArrayFormat": "REPEAT"}
        arguments["Transform"] = {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": options}
    return lower_call(task, site, "arn:aws:states:::http:invoke", arguments=arguments)


def permissions(task: Task, machine_name: str) -> tuple[Permission, ...]:
    given, reason = task.settings, f"HTTP request of task {task.task_id}"
    _, _, _, region, account, resource = given["connection"].split(":", 5)
    name = resource.split("/")[1]
    secret = f"{ARN}:secretsmanager:{region}:{account}:secret:events!connection/{name}/*"
    request = {
        "StringEquals": {"states:HTTPMethod": given["method"]},
        "StringLike": {"states:HTTPEndpoint": [given["url"], f"{given['url']}/*"]},
    }
    machine = f"{ARN}:states:{HERE}:stateMachine:{machine_name}"
    return (
        Permission(("states:InvokeHTTPEndpoint",), (machine,), reason, request),
        Permission(("events:RetrieveConnectionCredentials",), (given["connection"],), reason),
        Permission(("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"), (secret,), reason),
    )


LOWERING = Lowering(lower, permissions=permissions, native=True, becomes="`http:invoke`")
