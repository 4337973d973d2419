"""Params: a DAG run's parameters with defaults and a JSON schema, as in `params={"n": Param(5, type="integer")}`.

>>> params = ParamsDict({"n": Param(5, type="integer", minimum=3), "plain": "x"})
>>> params["n"], params["plain"]
(5, 'x')
>>> params["n"] = 1
Traceback (most recent call last):
dag_translator.authoring.exceptions.ParamValidationError: Invalid input for param n: 1 is less than the minimum of 3
"""

from __future__ import annotations

import copy
import json
from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from typing import Any

from dag_translator.authoring.definitions.mixins import ResolveMixin
from dag_translator.authoring.definitions.schema import dereferenced, mismatch
from dag_translator.authoring.exceptions import ParamValidationError
from dag_translator.authoring.loading import coded
from dag_translator.authoring.types import NOTSET


class Param:
    """A default value and the JSON schema that values have to fit: every further argument is a schema keyword."""

    def __init__(
        self, default: Any = NOTSET, description: str | None = None, source: str | None = None, **kwargs: Any
    ) -> None:
        if default is not NOTSET:
            _check_json(default)
        self.value = default
        self.description = description
        self.schema: dict[str, Any] = kwargs.pop("schema", kwargs)
        try:
            self._checked = dereferenced(self.schema)
        except ValueError as error:
            raise coded(error, "invalid-params", "say it with other keywords of JSON Schema") from None
        self.source = source

    def resolve(self, value: Any = NOTSET, suppress_exception: bool = False) -> Any:
        """The value (given or default), checked; it is kept. ParamValidationError, or None when suppressed."""
        try:
            if value is not NOTSET:
                _check_json(value)
            final = self.value if value is NOTSET else value
            if final is NOTSET:
                raise ParamValidationError("No value passed and Param has no default value")
            problem = mismatch(final, self._checked)
            if problem:
                raise ParamValidationError(problem)
        except ParamValidationError:
            if suppress_exception:
                return None
            raise
        self.value = final
        return final

    @property
    def has_value(self) -> bool:
        return self.value is not NOTSET and self.value is not None

    def dump(self) -> dict[str, Any]:
        """Value, description and schema, for JSON; a missing default is None."""
        value = None if self.value is NOTSET else self.value
        return {"value": value, "description": self.description, "schema": self.schema, "source": self.source}

    def __copy__(self) -> Param:
        return Param(self.value, self.description, self.source, schema=self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Param) and self.dump() == other.dump()

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Param({self.value!r}, schema={self.schema!r})"


class ParamsDict(MutableMapping[str, Any]):
    """name → Param, which reads and writes as name → value."""

    def __init__(self, dict_obj: Mapping[str, Any] | None = None, suppress_exception: bool = False) -> None:
        given = dict_obj.own_params() if isinstance(dict_obj, ParamsDict) else dict_obj or {}
        self._params = {k: v if isinstance(v, Param) else Param(v) for k, v in given.items()}
        self.suppress_exception = suppress_exception

    def own_params(self) -> dict[str, Param]:
        """The Param objects, copied."""
        return {name: copy.copy(param) for name, param in self._params.items()}

    def get_param(self, key: str) -> Param:
        return self._params[key]

    def __getitem__(self, key: str) -> Any:
        return self._params[key].resolve(suppress_exception=self.suppress_exception)

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, Param) or key not in self._params:
            self._params[key] = value if isinstance(value, Param) else Param(value)
            return
        try:
            self._params[key].resolve(value=value, suppress_exception=self.suppress_exception)
        except ParamValidationError as error:
            raise ParamValidationError(f"Invalid input for param {key}: {error}") from None

    def update(self, *others: Any, **named: Any) -> None:
        """As of a dict; of another ParamsDict the Params with their schemas."""
        given = [other.own_params() if isinstance(other, ParamsDict) else other for other in others]
        super().update(*given, **named)

    def __delitem__(self, key: str) -> None:
        del self._params[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def items(self) -> ItemsView[str, Any]:
        return ItemsView(self._params)

    def values(self) -> ValuesView[Any]:
        return ValuesView(self._params)

    def dump(self) -> dict[str, Any]:
        """name → value, None where there is no valid one."""
        return {name: param.resolve(suppress_exception=True) for name, param in self._params.items()}

    def validate(self) -> dict[str, Any]:
        """name → value; ParamValidationError names the parameter that does not fit."""
        found = {}
        for name, param in self._params.items():
            try:
                found[name] = param.resolve(suppress_exception=self.suppress_exception)
            except ParamValidationError as error:
                raise ParamValidationError(f"Invalid input for param {name}: {error}") from None
        return found

    def __copy__(self) -> ParamsDict:
        return ParamsDict(self.own_params(), self.suppress_exception)

    def __deepcopy__(self, memo: dict[int, Any]) -> ParamsDict:
        return ParamsDict(copy.deepcopy(self._params, memo), self.suppress_exception)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ParamsDict):
            return self.dump() == other.dump()
        return self.dump() == other if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr({name: param.value for name, param in self._params.items()})


class DagParam(ResolveMixin):
    """A parameter by name, its value known in a run: what a `@dag` function gets for each of its arguments."""

    def __init__(self, current_dag: Any, name: str, default: Any = NOTSET) -> None:
        if default is not NOTSET:
            current_dag.params[name] = default
        self.current_dag = current_dag
        self._name = name
        self._default = default

    @property
    def name(self) -> str:
        return self._name

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        return iter(())

    def resolve(self, context: Any) -> Any:
        """The run's conf, else the default, else the run's params."""
        conf = getattr(context.get("dag_run"), "conf", None) or {}
        if self._name in conf:
            return conf[self._name]
        if self._default is not NOTSET:
            return self._default.value if isinstance(self._default, Param) else self._default
        if self._name in context.get("params", {}):
            return context["params"][self._name]
        raise RuntimeError(f"No value could be resolved for parameter {self._name}")

    def __repr__(self) -> str:
        return f"DagParam({self._name!r})"


def _check_json(value: Any) -> None:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        raise ParamValidationError(
            f"All provided parameters must be json-serializable. The value '{value}' is not serializable."
        ) from None
