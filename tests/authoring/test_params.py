"""Params: values, schemas, merging."""

from __future__ import annotations

from typing import Any

import pytest

from dag_translator.authoring.definitions.dag import DAG
from dag_translator.authoring.definitions.param import Param, ParamsDict
from dag_translator.authoring.definitions.schema import mismatch
from dag_translator.authoring.exceptions import ParamValidationError
from dag_translator.authoring.operators.empty import EmptyOperator


def test_params_check_values_and_merge() -> None:
    params = ParamsDict({"n": Param(5, type="integer", minimum=3), "s": "x"})
    params["n"] = 4
    assert params.dump() == {"n": 4, "s": "x"}
    with pytest.raises(ParamValidationError, match="Invalid input for param n: 'a' is not of type 'integer'"):
        params["n"] = "a"
    with pytest.raises(ParamValidationError, match="json-serializable"):
        Param({1})
    with DAG("d", params={"a": 1, "b": 2}, default_args={"params": {"c": 3}}):
        task = EmptyOperator(task_id="t", params={"b": 20})
    assert task.params.dump() == {"a": 1, "b": 20, "c": 3}


@pytest.mark.parametrize(
    ("value", "schema", "reason"),
    [
        (5, {"type": "integer"}, None),
        (5.0, {"type": "integer"}, None),
        (True, {"type": "integer"}, "True is not of type 'integer'"),
        (None, {"type": ["null", "string"]}, None),
        ("x", {"enum": ["x", "y"]}, None),
        ("z", {"enum": ["x", "y"]}, "'z' is not one of ['x', 'y']"),
        ("2024-13-01", {"format": "date"}, "'2024-13-01' is not a 'date'"),
        ("2024-01-01T00:00:00Z", {"format": "date-time"}, None),
        ("abc", {"pattern": "^a", "minLength": 4}, "'abc' is too short"),
        (7, {"multipleOf": 2}, "7 is not a multiple of 2"),
        (3, {"exclusiveMinimum": 3}, "3 is less than or equal to the minimum of 3"),
        ([1, "x"], {"items": {"type": "integer"}}, "'x' is not of type 'integer'"),
        ([1, 1], {"uniqueItems": True}, "[1, 1] has non-unique elements"),
        ({"a": 1}, {"required": ["b"]}, "'b' is a required property"),
        ({"a": "x"}, {"properties": {"a": {"type": "integer"}}}, "'x' is not of type 'integer'"),
        ({"b": 1}, {"properties": {}, "additionalProperties": False}, "Additional properties are not allowed"),
        (5, {"anyOf": [{"type": "string"}, {"minimum": 9}]}, "5 is not valid under any of the given schemas"),
        (5, {"not": {"type": "integer"}}, "5 should not be valid"),
        ("x", {"title": "T", "section": "S", "description": "shown only"}, None),
    ],
)
def test_schemas(value: Any, schema: dict[str, Any], reason: str | None) -> None:
    found = mismatch(value, schema)
    assert found is None if reason is None else (found or "").startswith(reason)


def test_a_param_without_default_is_missing_until_it_is_given() -> None:
    params = ParamsDict({"n": Param(type="integer")})
    assert params.dump() == {"n": None}
    with pytest.raises(ParamValidationError, match="Invalid input for param n: No value passed"):
        params.validate()
    params["n"] = 3
    assert params.validate() == {"n": 3}
    copy = ParamsDict()
    copy.update(params)
    with pytest.raises(ParamValidationError):
        copy["n"] = "x"
    assert params["n"] == 3


# Measured on Airflow 3.3.2: schema, values that fit, values that don't.
SCHEMAS: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({"type": "string", "format": "time"}, ["12:30:00", "1:2:3"], ["12:30:00Z", "24:00:00", "99:00"]),
    ({"format": "ipv4"}, ["1.2.3.4", 5], ["1.2.3.400"]),
    ({"format": "ipv6"}, ["::1"], ["1.2.3.4"]),
    ({"if": {"minimum": 3}, "then": {"multipleOf": 5}}, [2, 5, 10], [7]),
    (
        {
            "if": {"properties": {"k": {"const": "s"}}},
            "then": {"properties": {"v": {"type": "string"}}},
            "else": {"properties": {"v": {"type": "integer"}}},
        },
        [{"k": "s", "v": "x"}, {"k": "t", "v": 1}, {"v": "x"}],
        [{"k": "s", "v": 1}, {"k": "t", "v": "x"}],
    ),
    ({"$defs": {"x": {"type": "string"}}, "$ref": "#/$defs/x"}, ["z"], [1]),
    ({"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "integer"}},
     [[], [1, "a", 2]], [["a"], [1, 2], [1, "a", "b"]]),
    ({"contains": {"type": "string"}, "maxContains": 1}, [[1, "x"]], [[1], ["a", "b"]]),
    ({"patternProperties": {"^a": {"type": "integer"}}, "propertyNames": {"maxLength": 2}}, [{"a": 1, "b": "z"}],
     [{"a": "x"}, {"abc": 1}]),
    ({"minProperties": 1, "maxProperties": 2}, [{"a": 1}, {"a": 1, "b": 2}], [{}, {"a": 1, "b": 2, "c": 3}]),
    ({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"b": {"properties": {"b": {"minimum": 2}}}}},
     [{"c": 1}, {"a": 1, "b": 2}], [{"a": 1}, {"a": 1, "b": 1}]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "good", "bad"), SCHEMAS)
def test_keywords_of_json_schema(schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert Param(value, schema=schema).resolve() == value
    for value in bad:
        with pytest.raises(ParamValidationError):
            Param(value, schema=schema).resolve()


@pytest.mark.parametrize(
    "schema", [{"$ref": "#"}, {"$ref": "#/$defs/none"}, {"properties": {"a": {"unevaluatedProperties": False}}}]
)
def test_a_schema_that_could_not_be_checked_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not supported|points to nothing"):
        Param(1, schema=schema)
