"""What would fail in CloudFormation after minutes is said before anything is synthesised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dag_translator.pipeline import Rerun
from infra.fitting import fitting_problems
from infra.settings import Settings
from infra.stacks import Source
from tests.infra.project import CONSUMER, definition, invoke, manifest

ONE = definition(a=invoke("TaskFunction"))


def source(dag_id: str, **changes: Any) -> Source:
    again = Rerun(ONE, {}, {"Part1": f"{dag_id}-rerun-part-1"}, [])
    return Source(Path(f"{dag_id}.py"), ONE, manifest(dag_id, **changes), rerun=again)


def told(*sources: Source, **settings: Any) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.dag_id) for problem in fitting_problems(sources, Settings(**settings))]


@pytest.mark.parametrize("dag_id", ["signal", "dispatcher", "run-ended", "backfill", "airstep-backfill"])
def test_the_platforms_names_are_taken(dag_id: str) -> None:
    assert told(source("etl"), source(dag_id)) == [("name-taken", dag_id)]


def test_what_the_platform_is_called_follows_the_prefix() -> None:
    assert told(source("airstep-backfill"), prefix="dev") == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (source("etl", functions={"TaskFunction": {}, "TaskFunction3008MB": {}}), source("etl-3008MB")),
        (source("etl", parts={"Part1": "etl-part-1"}), source("etl-part-1")),
        (source("etl"), source("etl-rerun")),
        (source("etl"), source("etl-rerun-part-1")),
    ],
)
def test_two_dags_with_one_name(first: Source, second: Source) -> None:
    assert told(first, second) == [("name-taken", second.manifest["dag_id"])]
    assert [problem.path for problem in fitting_problems([first, second], Settings())] == [str(second.file)]


def assets(count: int) -> dict[str, Any]:
    leaves = [{"asset": {"name": f"a{n}", "uri": f"s3://bucket/{n:03}"}} for n in range(count)]
    spec = {"timetable": {"type": "assets"}, "assets": {"all": leaves}}
    return {**CONSUMER["schedule"], "spec": spec}


@pytest.mark.parametrize(("count", "code"), [(100, []), (147, ["too-many-assets"]), (200, ["timetable-too-long"])])
def test_assets_have_to_fit_a_rule_and_a_parameter(count: int, code: list[str]) -> None:
    assert [each for each, _ in told(source("consumer", schedule=assets(count)))] == code
