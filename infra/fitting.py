"""Whether translated DAGs fit into one account beside each other: names that are taken, texts that AWS has no room for.

CloudFormation would say it after minutes, in the words of the service that refuses; here it is said before anything is
synthesised, with the DAG file. Sources: EventBridge API reference, InputTransformer; Systems Manager API reference,
PutParameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dag_translator.errors import Problem
from infra.asset_rules import TEMPLATE_LIMIT, payload_size
from infra.platform_stack import BACKFILL, DISPATCHER, RUN_ENDED, SIGNAL
from infra.schedules import timetable_text
from infra.settings import Settings
from infra.stacks import Source

_PARAMETER_LIMIT = 8_192  # characters, of an advanced one
_PLATFORM = "the platform"


def fitting_problems(sources: Sequence[Source], settings: Settings) -> Iterator[Problem]:
    """A problem for each name that two of them would have, or the platform has, and for each text that is too long."""
    taken = dict.fromkeys(_of_the_platform(settings), _PLATFORM)
    for source in sources:
        dag_id = str(source.manifest["dag_id"])
        for kind, name in _names(source, settings):
            first = taken.setdefault((kind, name), dag_id)
            if first != dag_id:
                what = f"its {kind} would be called {name}, as one of {first} is"
                yield _problem("name-taken", what, "give the DAG another dag_id", source)
        yield from _too_long(source, settings)


def _of_the_platform(settings: Settings) -> Iterator[tuple[str, str]]:
    for part in (SIGNAL, DISPATCHER, RUN_ENDED, BACKFILL):
        yield "function", settings.function(part.part)
    yield "state machine", settings.backfill_machine


def _names(source: Source, settings: Settings) -> Iterator[tuple[str, str]]:
    """Of what a DAG's stack has under a fixed name; each once."""
    manifest, again = source.manifest, source.rerun
    machines = {manifest["machine_name"], *manifest["parts"].values()}
    machines |= {manifest["rerun_machine_name"], *again.part_names.values()} if again is not None else set()
    yield from (("state machine", name) for name in sorted(machines))
    for name in manifest["functions"]:
        yield "function", settings.task_function(manifest["machine_name"], name)


def _too_long(source: Source, settings: Settings) -> Iterator[Problem]:
    manifest = source.manifest
    told = len(timetable_text(manifest, settings))
    if told > _PARAMETER_LIMIT:
        what = f"its timetable takes {told:,} characters; Parameter Store holds {_PARAMETER_LIMIT:,}"
        yield _problem("timetable-too-long", what, "use fewer events, or fewer assets, in its schedule", source)
    elif (size := payload_size(manifest, settings)) > TEMPLATE_LIMIT:
        what = f"its assets take {size:,} characters of a rule's input template; EventBridge takes {TEMPLATE_LIMIT:,}"
        yield _problem(
            "too-many-assets", what, "let a DAG that waits for some of them update an asset of its own", source
        )


def _problem(code: str, what: str, hint: str, source: Source) -> Problem:
    return Problem(code, what, hint, path=str(source.file), dag_id=source.manifest["dag_id"])
