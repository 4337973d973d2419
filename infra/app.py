"""The CDK app: translates every DAG under the DAGs folder and puts each into a stack of its own, beside the platform's.

    settings (cdk.json) → DAG files → translate → packages → PlatformStack, DagStack…  → cdk.out

`cdk.json` runs it as `python -m infra.app`. This is the one place that reads the environment. If a DAG can't be
translated, all problems of all files are printed together and nothing is synthesised; `-c skipRefused=true` leaves such
DAGs out instead.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import App

from dag_translator.errors import AirstepError, Problem, TranslationError, UsageError
from dag_translator.pipeline import Refused, translate_file
from infra.clusters import missing_cluster
from infra.containers import missing_settings
from infra.dag_files import dag_files
from infra.fitting import fitting_problems
from infra.images import missing_credentials
from infra.packaging import Packager, layer_package
from infra.providers import environment_of, providers_at_hand
from infra.settings import Settings
from infra.stacks import Source, add_stacks
from infra.wheels import Platform, dependencies

# What the settings have to name for some tasks.
_LACKS = (missing_settings, missing_credentials, missing_cluster)


def translate(settings: Settings) -> list[Source]:
    """Translate all DAG files.

    Raises TranslationError with the problems of every file, UsageError when there is nothing to deploy. With
    `skip_refused`, DAGs that can't be translated are left out and named on standard error.
    """
    files = dag_files(settings.dags_folder)
    sources: list[Source] = []
    refused: list[Problem] = []
    for file in files:
        for done in translate_file(file, settings.dags_folder, settings.intervals, settings.account):
            if isinstance(done, Refused):
                refused += done.problems
            elif lacking := [each for check in _LACKS if (each := check(done.manifest, settings)) is not None]:
                refused += (replace(problem, path=str(file)) for problem in lacking)
            else:
                sources.append(Source(file, done.definition, done.manifest, done.parts, done.rerun()))
    sources, clashes = _without_clashes(sources)
    refused += clashes
    unfit = list(fitting_problems(sources, settings))
    sources = [source for source in sources if source.manifest["dag_id"] not in {each.dag_id for each in unfit}]
    refused += unfit
    if refused and not settings.skip_refused:
        raise TranslationError(refused)
    for problem in refused:
        _say(f"left out: {problem}")
    if not sources:
        raise UsageError(f"{settings.dags_folder}: no DAG files\n    → set `dagsFolder` in cdk.json, or with -c")
    return sources


def _without_clashes(sources: Sequence[Source]) -> tuple[list[Source], list[Problem]]:
    """The sources with unique DAG ids, and a problem for each further one: two stacks would fight for their names."""
    kept: dict[str, Source] = {}
    problems = []
    for source in sources:
        dag_id = source.manifest["dag_id"]
        first = kept.setdefault(dag_id, source)
        if first is not source:
            what = f"{first.file} has a DAG with this id already"
            hint = "give each DAG its own dag_id"
            problems.append(Problem("duplicate-dag-id", what, hint, path=str(source.file), dag_id=dag_id))
    return list(kept.values()), problems


def build(app: App, settings: Settings) -> None:
    """Translate, package and add everything to the app."""
    with environment_of(settings), providers_at_hand(settings.requirements, settings, _say):
        sources = translate(settings)
    platform = Platform(settings.architecture, settings.python_version, host=settings.target == "local")
    installed = dependencies(platform, settings.requirements, settings.cache_folder, settings.without_packages)
    for requirement in installed.left_out:
        _say(f"{settings.requirements}: {requirement!r} is left out, Airstep answers to Airflow's imports itself")
    layer = layer_package(installed.folder)
    packager = Packager(settings.dags_folder, layer_size=layer.size)
    add_stacks(app, settings, sources, packager, layer)


def main() -> int:
    """Synthesise for the CDK CLI, which says by environment where the output goes."""
    try:
        settings = Settings.read(App(analytics_reporting=False).node.try_get_context)
        # CloudFormation's own rules are checked (two thirds of the time) where they will be applied.
        app = App(analytics_reporting=False, builtin_cloud_formation_validation=settings.target == "aws")
        build(app, settings)
    except AirstepError as error:
        _say(str(error))
        return 1
    app.synth()
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
