"""The templates of two DAGs: jsii takes seconds to start, so they are made once and every test reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.infra.project import (
    CONSUMER,
    DAGS,
    DAILY,
    HOURLY,
    RUNTIME,
    Cloud,
    definition,
    invoke,
    manifest,
    start,
    write_tree,
)


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`source` with the runtime, `dags` with the DAG files, `layer` with the third-party packages."""
    root = tmp_path_factory.mktemp("project")
    write_tree(root / "source", RUNTIME)
    write_tree(root / "dags", DAGS)
    write_tree(root / "layer", {"pendulum/__init__.py": ""})
    return root


@pytest.fixture(scope="session")
def cloud(trees: Path) -> Cloud:
    """Both DAGs, synthesised together with the platform."""
    from infra.settings import Settings
    from infra.stacks import Source

    settings = Settings(
        dags_folder=trees / "dags",
        cache_folder=trees / "cache",
        environment={"REGION_OF_DATA": "eu"},
        alarm_topic="arn:aws:sns:eu-west-1:123456789012:alarms",
        task_permissions={"daily_sales": [{"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::lake/*"]}]},
    )
    large = definition(**{f"task {n}": invoke("TaskFunction", f"task {n + 1}") for n in range(600)})
    large["States"]["task 600"] = invoke("TaskFunction")
    sources = [
        Source(trees / "dags/daily.py", definition(a=invoke("TaskFunction", "s"), s=invoke("SignalFunction")), DAILY),
        Source(trees / "dags/other.py", large, manifest("other", is_paused_upon_creation=True, schedule=HOURLY)),
    ]
    wide = manifest("wide", parts={"Part1": "wide-part-1", "Part2": "wide-part-2"})
    inner = {"Part1": definition(a=invoke("TaskFunction")), "Part2": definition(b=start("Part1"))}
    sources.append(Source(trees / "dags/other.py", definition(c=start("Part2")), wide, inner))
    return synthesised(
        trees,
        settings,
        sources,
        "cdk.out",
        ("airstep-platform", "airstep-daily-sales", "airstep-other", "airstep-wide"),
    )


@pytest.fixture(scope="session")
def asset_cloud(trees: Path) -> Cloud:
    """A DAG that has to do with assets, with the platform."""
    from infra.settings import Settings
    from infra.stacks import Source

    settings = Settings(dags_folder=trees / "dags", cache_folder=trees / "cache")
    sources = [
        Source(trees / "dags/other.py", definition(a=invoke("TaskFunction")), CONSUMER),
        Source(trees / "dags/other.py", definition(a=invoke("TaskFunction")), manifest("other")),
    ]
    names = ("airstep-platform", "airstep-consumer", "airstep-other")
    return synthesised(trees, settings, sources, "assets.out", names)


def synthesised(trees: Path, settings: Any, sources: list[Any], folder_name: str, names: tuple[str, ...]) -> Cloud:
    from aws_cdk import App

    from infra.packaging import Packager, layer_package
    from infra.stacks import add_stacks

    layer = layer_package(trees / "layer")
    app = App(outdir=str(trees / folder_name), analytics_reporting=False, builtin_cloud_formation_validation=False)
    packager = Packager(settings.dags_folder, layer.size, trees / "source")
    add_stacks(app, settings, sources, packager, layer, now=datetime(2026, 1, 1, tzinfo=UTC))
    folder = Path(app.synth().directory)
    return Cloud(folder, {name: json.loads((folder / f"{name}.template.json").read_text()) for name in names})
