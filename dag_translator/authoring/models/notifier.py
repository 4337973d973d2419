"""Notifiers: callbacks as objects, `on_failure_callback=MyNotifier(...)`."""

from __future__ import annotations

import copy
from typing import Any

from dag_translator.authoring import runtime


class BaseNotifier:
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
            runtime.current().render_template_fields(mine, context)
        mine.notify(context)


class BaseOperatorLink:
    """A link in Airflow's web interface; kept, shown nowhere."""

    name = ""

    def get_link(self, operator: Any, **kwargs: Any) -> str:  # noqa: ARG002
        return ""
