"""`HttpOperator` whose request Step Functions makes: what is rendered of it, and its answer's text.

As `apache-airflow-providers-http`: the data of a GET are its query, a dict is a form, a text is the body as it is.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, quote

from lambdas.tasks.native.work import NativeWork

_AS_IT_IS = "/%:@!$&'()*+,;=~"  # as `requests` leaves it
_FORM = "application/x-www-form-urlencoded"


def prepare(operator: Any, _context: Any) -> dict[str, Any]:
    """The end of the URL (from the slash on), the query, the headers and the body."""
    path, _, query = (operator.endpoint or "").partition("?")
    endpoint = quote(f"/{path}" if path and not path.startswith("/") else path, safe=_AS_IT_IS)
    parameters = {name: values if len(values) > 1 else values[0] for name, values in parse_qs(query, True).items()}
    headers = {name: str(value) for name, value in (operator.headers or {}).items()}
    data = operator.data or {}
    if operator.method.upper() == "GET":
        return {"endpoint": endpoint, "query": {**parameters, **_fields(data)}, "headers": headers}
    if isinstance(data, dict) and data and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = _FORM
    body = _fields(data) if isinstance(data, dict) else data
    return {"endpoint": endpoint, "query": parameters, "headers": headers, "body": body}


def record(_operator: Any, answer: Any, _context: Any) -> str:
    """The answer's text; Step Functions has read one in JSON."""
    body = answer.get("ResponseBody", "")
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of a form or a query, as `requests` has them: texts, or lists of them; None is left out."""
    return {
        str(name): [str(each) for each in value] if isinstance(value, list | tuple) else str(value)
        for name, value in data.items()
        if value is not None
    }


OPERATOR = NativeWork(prepare, record)
