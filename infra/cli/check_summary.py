"""What the reports of many files come to: how many DAGs are supported, and why the others are not, most frequent first.

    {"files": 90, "unread": 4, "dags": 99, "supported": 72, "approximated": 2, "refused": 25,
     "reasons": [{"code": "missing-module", "message": "No module named 'pandas'", "hint": "add …", "files": 6}]}

unread: files that could not be read and have no DAGs. reasons: what is refused, the same in different places counted
once a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_SHOWN = 8
_ONE_LINE = 120
# In which other file it is, which differs although the reason is the same.
_PLACE = re.compile(r" \(in .*:\d+\)$")


def summary(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The counts and the reasons."""
    statuses = Counter(dag["status"] for report in reports for dag in report["dags"])
    counted = Counter(reason for report in reports for reason in _reasons(report))
    return {
        "files": len(reports),
        "unread": sum(report["error"] is not None and not report["dags"] for report in reports),
        "dags": statuses.total(),
        **{status: statuses[status] for status in ("supported", "approximated", "refused")},
        "reasons": [
            {"code": code, "message": message, "hint": hint, "files": files}
            for (code, message, hint), files in counted.most_common()
        ],
    }


def _reasons(report: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Why something of a file is refused."""
    problems = [*report["problems"], *(problem for dag in report["dags"] for problem in dag["problems"])]
    return {
        (problem["code"], _PLACE.sub("", problem["message"]), problem["hint"] or "")
        for problem in problems
        if problem["severity"] == "refused"
    }


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The summary for people. Reasons are listed where there are several files."""
    reasons = found["reasons"]
    if found["files"] > 1 and reasons:
        yield ""
        yield "Why, most frequent first (files):"
        for reason in reasons[:_SHOWN]:
            yield f"{reason['files']:6}  {_shortened(reason['code'] + ': ' + reason['message'])}"
            if reason["hint"]:
                yield f"        → {_shortened(reason['hint'])}"
        if len(reasons) > _SHOWN:
            yield f"        … and {len(reasons) - _SHOWN} more, see above"
        yield ""
    counts = ", ".join(f"{found[status]} {status}" for status in ("supported", "approximated", "refused"))
    unread = f"; {found['unread']} files could not be read" if found["unread"] else ""
    yield f"{found['files']} files, {found['dags']} DAGs: {counts}{unread}"


def _shortened(text: str) -> str:
    line = text.splitlines()[0] if text else ""
    return line if len(line) <= _ONE_LINE else f"{line[: _ONE_LINE - 1]}…"
