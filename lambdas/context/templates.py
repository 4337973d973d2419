"""Jinja as Airflow sets it up: what `template_fields` are rendered with.

A sandboxed environment (names with one leading underscore are allowed), StrictUndefined unless the DAG says
otherwise, the filters `ds`, `ds_nodash`, `ts`, `ts_nodash`, `ts_nodash_with_tz`, the DAG's macros and filters,
templates looked up beside the DAG file and in `template_searchpath`. With `render_template_as_native_obj` a field
may become any Python value. Strings are rendered inside lists, tuples, sets and dicts (values only), and in
objects that have `template_fields` of their own; XComArgs are replaced by what they refer to; a string that ends
in one of `template_ext` names a file.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping
from typing import Any

log = logging.getLogger("airflow.task")


def _ds(value: Any) -> Any:
    return None if value is None else value.strftime("%Y-%m-%d")


def _ds_nodash(value: Any) -> Any:
    return None if value is None else value.strftime("%Y%m%d")


def _ts(value: Any) -> Any:
    return None if value is None else value.isoformat()


def _ts_nodash(value: Any) -> Any:
    return None if value is None else value.strftime("%Y%m%dT%H%M%S")


def _ts_nodash_with_tz(value: Any) -> Any:
    return None if value is None else value.isoformat().replace("-", "").replace(":", "")


FILTERS = {
    "ds": _ds,
    "ds_nodash": _ds_nodash,
    "ts": _ts,
    "ts_nodash": _ts_nodash,
    "ts_nodash_with_tz": _ts_nodash_with_tz,
}


@functools.cache
def _environment_classes() -> tuple[type, type]:
    """(sandboxed, native) environments; made when first needed, as Jinja is not free to import."""
    import jinja2
    import jinja2.nativetypes
    import jinja2.sandbox

    class Sandboxed(jinja2.sandbox.SandboxedEnvironment):
        """Allows attributes with one leading underscore, as Airflow does."""

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
            return not jinja2.sandbox.is_internal_attribute(obj, attr)

    return Sandboxed, jinja2.nativetypes.NativeEnvironment


def environment(dag: Any, *, native: bool | None = None) -> Any:
    """The DAG's Jinja environment; native=None: as the DAG says."""
    import jinja2

    sandboxed, native_class = _environment_classes()
    if dag is None:
        plain = sandboxed(cache_size=0)
        plain.filters.update(FILTERS)
        return plain
    arguments: dict[str, Any] = {
        "loader": jinja2.FileSystemLoader([dag.folder, *_searchpath(dag)]),
        "undefined": dag.template_undefined or jinja2.StrictUndefined,
        "extensions": ["jinja2.ext.do"],
        "cache_size": 0,
    }
    arguments.update(dag.jinja_environment_kwargs or {})
    wants_native = dag.render_template_as_native_obj if native is None else native
    made = (native_class if wants_native else sandboxed)(**arguments)
    made.filters.update(FILTERS)
    if dag.user_defined_macros:
        made.globals.update(dag.user_defined_macros)
    if dag.user_defined_filters:
        made.filters.update(dag.user_defined_filters)
    return made


def _searchpath(dag: Any) -> list[str]:
    given = dag.template_searchpath
    return [os.fspath(given)] if isinstance(given, str | os.PathLike) else list(given or ())


def environment_for(operator: Any, dag: Any) -> Any:
    """The environment of an operator, which may choose native rendering for itself."""
    return environment(dag, native=getattr(operator, "render_template_as_native_obj", None))


def render_template_fields(operator: Any, context: Any, jinja_env: Any = None) -> None:
    """Render every attribute named in `operator.template_fields`, in place.

    Raises what rendering raises (jinja2.UndefinedError for an unknown name), after logging which field it was.
    """
    env = jinja_env or Environments(operator, context)
    _render_fields(operator, operator, context, env, set(getattr(operator, "_already_rendered", ())))


class Environments:
    """The operator's environment, made only if there is anything to render."""

    def __init__(self, operator: Any, context: Any) -> None:
        self._operator = operator
        self._context = context
        self._made: Any = None

    def __call__(self) -> Any:
        if self._made is None:
            self._made = environment_for(self._operator, self._context.get("dag"))
        return self._made


def render_template(operator: Any, content: Any, context: Any, jinja_env: Any = None) -> Any:
    """`content` rendered (a string, or anything that holds strings)."""
    env = jinja_env or Environments(operator, context)
    return _render(operator, content, context, env, set())


def render_label(dag: Any, template: str, context: Any) -> str:
    """A mapped task's `map_index_template`, rendered."""
    return str(_render_lazily(environment(dag).from_string(template), context))


def resolve_template_files(operator: Any, dag: Any) -> None:
    """Put the text of the files that fields name (by `template_ext`) in the fields' place; what Airflow does while it
    loads a DAG, before `prepare_template`."""
    endings = tuple(operator.template_ext or ())
    if endings:
        for name in operator.template_fields:
            value = getattr(operator, name, None)
            if isinstance(value, str) and value.endswith(endings):
                setattr(operator, name, _source(operator, dag, value))
            elif isinstance(value, list):
                texts = [_source(operator, dag, each) if _is_file(each, endings) else each for each in value]
                setattr(operator, name, texts)
    prepare = getattr(operator, "prepare_template", None)
    if prepare is not None:
        prepare()


def _is_file(value: Any, endings: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value.endswith(endings)


def _source(operator: Any, dag: Any, name: str) -> str:
    env = environment_for(operator, dag)
    return str(env.loader.get_source(env, name)[0])


def _render_fields(operator: Any, parent: Any, context: Any, env: Any, seen: set[int]) -> None:
    for name in parent.template_fields:
        try:
            value = getattr(parent, name)
        except AttributeError:
            raise AttributeError(
                f"{name!r} is configured as a template field but {type(parent).__name__} does not have this attribute."
            ) from None
        if _is_empty(value):
            continue
        try:
            if callable(value):
                rendered = value(context=context, jinja_env=env() if isinstance(env, Environments) else env)
            else:
                rendered = _render(operator, value, context, env, seen)
        except Exception:
            log.exception(
                "Exception rendering Jinja template for task '%s', field '%s'. Template: %r",
                getattr(operator, "task_id", type(operator).__name__),  # a notifier has none
                name,
                value,
            )
            raise
        setattr(parent, name, rendered)


def _is_empty(value: Any) -> bool:
    try:
        return not value
    except Exception:  # e.g. a DataFrame, which has no truth value
        return False


def _render(operator: Any, value: Any, context: Any, env: Any, seen: set[int]) -> Any:
    if id(value) in seen:
        return value
    if isinstance(value, str):
        return _render_text(operator, value, context, env() if isinstance(env, Environments) else env)
    rendered = getattr(type(value), "_airstep_rendered", None)  # an ObjectStoragePath, which has another `resolve`
    if rendered is not None:
        return rendered(value, lambda text: _render(operator, text, context, env, seen))
    resolve = None if isinstance(value, os.PathLike) else getattr(value, "resolve", None)
    if resolve is not None:
        return resolve(context)
    if isinstance(value, tuple):
        items = [_render(operator, each, context, env, seen) for each in value]
        return tuple(items) if value.__class__ is tuple else value.__class__(*items)  # named tuples
    if isinstance(value, list):
        return [_render(operator, each, context, env, seen) for each in value]
    if isinstance(value, dict):
        return {key: _render(operator, each, context, env, seen) for key, each in value.items()}
    if isinstance(value, set):
        return {_render(operator, each, context, env, seen) for each in value}
    seen.add(id(value))
    if hasattr(value, "template_fields"):
        _render_fields(operator, value, context, env, seen)
    return value


def _render_text(operator: Any, text: str, context: Any, env: Any) -> Any:
    endings = tuple(operator.template_ext or ())
    is_file = bool(endings) and text.endswith(endings)
    if not is_file and not _may_have_markup(text, env):
        return _without_last_newline(text, env)
    template = env.get_template(text) if is_file else env.from_string(text)
    return _render_lazily(template, context)


def _may_have_markup(text: str, env: Any) -> bool:
    """Whether Jinja could find anything in `text`; most fields hold plain text, and compiling them costs most."""
    import jinja2.nativetypes

    if isinstance(env, jinja2.nativetypes.NativeEnvironment) or "\r" in text:
        return True  # a native "12" becomes a number; line ends are unified
    starts = (env.variable_start_string, env.block_start_string, env.comment_start_string)
    prefixes = (env.line_statement_prefix, env.line_comment_prefix)
    return any(start in text for start in starts) or any(prefix and prefix in text for prefix in prefixes)


def _without_last_newline(text: str, env: Any) -> str:
    if env.keep_trailing_newline or not text.endswith("\n"):
        return text
    return text[:-1]


def _render_lazily(template: Any, context: Mapping[str, Any]) -> Any:
    """`template.render(context)`, reading only those names of the context that the template uses."""
    env = template.environment
    names = {**{key: value for key, value in template.globals.items() if key not in context}}
    scope = _Scope(names, context)
    try:
        nodes = template.root_render_func(env.context_class(env, scope, template.name, template.blocks))
        return env.concat(nodes)
    except Exception:
        return env.handle_exception()


class _Scope(dict[str, Any]):
    """The globals of the environment, and behind them the context, read when a name is looked up."""

    def __init__(self, names: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        super().__init__(names)
        self._context = context

    def __missing__(self, key: str) -> Any:
        return self._context[key]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self._context

    def keys(self) -> Any:
        return {**dict.fromkeys(self._context), **dict.fromkeys(super().keys())}.keys()

    def __iter__(self) -> Any:
        return iter(self.keys())
