"""What an HTTP request to an AWS service asks for, as far as saving its effects needs to know.

Invariant: an operation that is not known to be harmless counts as one that changes something.
"""

from urllib.parse import parse_qs

READING = (
    "Get", "List", "Describe", "BatchGet", "TransactGet", "Query", "Scan", "Head", "Select", "Search", "Filter",
    "Lookup", "Test", "Validate", "Simulate", "Estimate", "Detect", "Assume", "Decode", "ReceiveMessage",
)  # fmt: skip

# Services whose operations are told by method and path instead of by name.
REST_SERVICES = frozenset({"s3", "lambda", "scheduler", "apigateway"})


def operation(method: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> str:
    """The operation's name; for REST services the HTTP method.

    >>> operation("POST", {"x-amz-target": "DynamoDB_20120810.PutItem"}, b"", {})
    'PutItem'
    >>> operation("POST", {"content-type": "application/x-www-form-urlencoded"}, b"Action=GetRole&RoleName=r", {})
    'GetRole'
    """
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if action := query.get("Action"):
        return action[0]
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode("utf-8", "replace")).get("Action", [method])[0]
    return method


def changes_something(name: str) -> bool:
    """Whether an operation (or HTTP method) may change what its service remembers.

    >>> changes_something("PutItem"), changes_something("DescribeTable"), changes_something("GET")
    (True, False, False)
    """
    return name not in ("GET", "HEAD", "OPTIONS") and not name.startswith(READING)
