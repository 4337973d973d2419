"""Mails about failures: `email`, `email_on_failure`, `email_on_retry`, with Airflow's subject and text.

Who sends them is said in `dag_translator.authoring.utils.email`. A mail that can't be sent is logged and has no effect.
"""

from __future__ import annotations

import html
import logging
from pathlib import Path
from typing import Any

from lambdas.context.task_instance import TaskInstance
from lambdas.errors import message_of

log = logging.getLogger("airflow.task")

_SUBJECT = "Airflow alert: {{ti}}"
_TEXT = (
    "Try {{try_number}} out of {{max_tries + 1}}<br>"
    "Exception:<br>{{exception_html}}<br>"
    'Log: <a href="{{ti.log_url}}">Link</a><br>'
    "Host: {{ti.hostname}}<br>"
)


def mail_about(ti: TaskInstance, state: str, error: BaseException | None) -> None:
    """Send the mail that is due when a try has ended in `state`."""
    task = ti.task
    wanted = {"failed": task.email_on_failure, "up_for_retry": task.email_on_retry}.get(state)
    if not wanted or not task.email or error is None:
        return
    from dag_translator.authoring.configuration import conf
    from dag_translator.authoring.notifications.smtp import SmtpNotifier

    context = ti.get_template_context().copy()
    context["exception"] = error
    context["exception_html"] = html.escape(message_of(error)).replace("\n", "<br>")
    context["try_number"], context["max_tries"] = ti.try_number, ti.max_tries
    try:
        SmtpNotifier(
            to=task.email,
            subject=_template(conf, "subject_template", _SUBJECT),
            html_content=_template(conf, "html_content_template", _TEXT),
        )(context)
    except Exception:
        log.exception("the mail about task %s could not be sent", ti.task_id)


def _template(conf: Any, name: str, default: str) -> str:
    """The file that Airflow's setting `[email]` names, if there is one."""
    path = conf.get("email", name, fallback=None)
    return Path(path).read_text(encoding="utf-8") if path and Path(path).exists() else default
