"""Notifiers: callbacks as objects, `on_failure_callback=MyNotifier(...)`."""

from __future__ import annotations

import copy
from typing import Any

from dag_translator.authoring import runtime
from dag_translator.authoring.utils.logs import LoggingMixin


class BaseNotifier(LoggingMixin):
    """Calls `notify(context)` with its template_fields rendered."""

    template_fields: Any = ()
    template_ext: Any = ()

    def __init__(self, context: Any = None, **_: Any) -> None:
        self.context = context

    def notify(self, context: Any) -> None:
        raise NotImplementedError

    def __call__(self, *args: Any) -> None:
        context = args[0] if args else self.context
        mine = copy.copy(self)  # a warm worker calls it again, with another context
        if mine.template_fields:
            mine.render_template_fields(context)
        mine.notify(context)

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        runtime.current().render_template_fields(self, context, jinja_env)

    def render_template(self, content: Any, context: Any, jinja_env: Any = None, *_: Any) -> Any:
        return runtime.current().render_template(self, content, context, jinja_env)


class BaseOperatorLink:
    """A link in Airflow's web interface; kept, shown nowhere."""

    name = ""

    def get_link(self, operator: Any, **kwargs: Any) -> str:  # noqa: ARG002
        return ""
