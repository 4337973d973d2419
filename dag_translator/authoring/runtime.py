"""What operators need while they run, and who lends it: the Lambda, or a test. Nothing here talks to AWS by itself.

A `Runtime` answers for secrets, AWS clients and templates. It is set once per process (`install`) or for a block
(`use`); the context of the task that runs now is set around each task (`running`), and is what
`get_current_context()` answers.

>>> class Fixed(Runtime):
...     def get_variable(self, key):
...         return {"colour": "red"}.get(key)
>>> with use(Fixed()):
...     current().get_variable("colour")
'red'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from dag_translator.authoring.loading import coded
from dag_translator.authoring.masking import Masker

_NOT_RUNNING = "this works while a task runs, not while the DAG file loads: move it into a task"


class Runtime:
    """The defaults: no secrets but those in the environment, no AWS, no templates.

    masker: knows the secrets that were read.
    """

    def __init__(self) -> None:
        self.masker = Masker()

    def get_variable(self, key: str) -> str | None:  # noqa: ARG002
        """The Variable's text, None if it does not exist."""
        return None

    def set_variable(self, key: str, value: str, description: str | None = None) -> None:  # noqa: ARG002
        raise coded(RuntimeError("Variable.set has nowhere to write to"), "not-running", _NOT_RUNNING)

    def delete_variable(self, key: str) -> None:  # noqa: ARG002
        raise coded(RuntimeError("Variable.delete has nothing to delete from"), "not-running", _NOT_RUNNING)

    def get_connection(self, conn_id: str) -> Any:  # noqa: ARG002
        """The connection's URI or JSON text, a Connection, or None if it does not exist."""
        return None

    def client(self, service: str, **arguments: Any) -> Any:  # noqa: ARG002
        """A boto3 client. Arguments: region_name, endpoint_url, verify, config (a dict for botocore's Config),
        aws_access_key_id, aws_secret_access_key, aws_session_token, role_arn; absent ones mean boto3's defaults."""
        raise coded(RuntimeError(f"no AWS client for {service!r} here"), "not-running", _NOT_RUNNING)

    def resource(self, service: str, **arguments: Any) -> Any:  # noqa: ARG002
        """A boto3 resource, as `client`."""
        raise coded(RuntimeError(f"no AWS resource for {service!r} here"), "not-running", _NOT_RUNNING)

    def session(self, **arguments: Any) -> Any:  # noqa: ARG002
        """A boto3 session, of the same arguments as far as a session takes them."""
        raise coded(RuntimeError("no AWS session here"), "not-running", _NOT_RUNNING)

    def render_template_fields(self, operator: Any, context: Any, jinja_env: Any = None) -> None:  # noqa: ARG002
        """Render every attribute in `operator.template_fields` in place."""
        raise coded(RuntimeError("templates render only while a task runs"), "not-running", _NOT_RUNNING)

    def render_template(self, operator: Any, content: Any, context: Any, jinja_env: Any = None) -> Any:  # noqa: ARG002
        """Render one value (a string, or a collection of them) and return it."""
        raise coded(RuntimeError("templates render only while a task runs"), "not-running", _NOT_RUNNING)

    def get_template_env(self, operator: Any, dag: Any = None) -> Any:  # noqa: ARG002
        """The Jinja2 environment of the operator's DAG."""
        raise coded(RuntimeError("templates render only while a task runs"), "not-running", _NOT_RUNNING)


_RUNTIME: ContextVar[Runtime | None] = ContextVar("airstep_runtime", default=None)
# The process's own, set once: threads that a task starts have a fresh context and must find it.
_INSTALLED: list[Runtime] = [Runtime()]
_CONTEXT: ContextVar[Mapping[str, Any] | None] = ContextVar("airstep_context", default=None)


def current() -> Runtime:
    return _RUNTIME.get() or _INSTALLED[-1]


def install(runtime: Runtime) -> None:
    """From now on, in the whole process."""
    _INSTALLED[:] = [runtime]


@contextmanager
def use(runtime: Runtime) -> Iterator[Runtime]:
    token = _RUNTIME.set(runtime)
    try:
        yield runtime
    finally:
        _RUNTIME.reset(token)


@contextmanager
def running(context: Mapping[str, Any]) -> Iterator[None]:
    """The block runs as the task whose context this is."""
    token = _CONTEXT.set(context)
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def get_current_context() -> Any:
    """The context of the task that runs now; RuntimeError elsewhere, as in Airflow."""
    context = _CONTEXT.get()
    if context is None:
        raise coded(
            RuntimeError(
                "Current context was requested but no context was found! Are you running within an Airflow task?"
            ),
            "not-running",
            _NOT_RUNNING,
        )
    return context


def get_parsing_context() -> Any:
    """Airflow's way to ask which DAG and task a file is parsed for; here always "all of them"."""
    from types import SimpleNamespace

    return SimpleNamespace(dag_id=None, task_id=None)
