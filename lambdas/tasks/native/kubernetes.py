"""`KubernetesPodOperator`: the Job that Step Functions is to run on the cluster, and what its end means."""

from __future__ import annotations

from typing import Any

from lambdas.tasks.native.work import NativeWork

_LET_IN = (
    "; the cluster has to let the state machine's role in, by an access entry (setting eksAccessEntry) or aws-auth"
)


def request(operator: Any, context: Any) -> dict[str, Any]:
    """RunJob's request."""
    made: dict[str, Any] = operator.request(context)
    return made


def result(operator: Any, answer: Any, _context: Any) -> Any:
    """`answer` is {"logs"} of a job that succeeded, {"error"} of another, with its "pods" if they could be read."""
    if "error" not in answer:
        return operator.result_of(answer.get("logs"))
    error = answer["error"]
    hint = _LET_IN if error.get("Error") in ("EKS.401", "EKS.403") else ""
    operator.check(answer.get("pods") or [], f"{error.get('Error')}: {error.get('Cause')}{hint}")
    raise AssertionError("check raises")


POD = NativeWork(request, result)
