"""Third-party packages for a Lambda layer, as wheels for its platform: no Docker, no compiler.

What Airstep's own Lambdas need is pinned with hashes in `runtime.lock`; the DAGs' own requirements are resolved beside
it, under its versions. boto3 comes with Lambda's runtime. The outcome is kept in the cache under a key of everything
that decides it, so a second build costs nothing.

Invariant: what is in the folder came from a wheel for exactly the given platform; a package without one is an error.

>>> Platform("arm64", "3.13").tags()[-1]
'manylinux2014_aarch64'
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

from dag_translator.authoring import environments
from dag_translator.errors import UsageError
from infra.airflow_stubs import also_needed, is_core, project_in, stubs_for, write_stubs

RUNTIME_LOCK = Path(__file__).with_name("runtime.lock")
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# Lambda's Python 3.12 and later run on Amazon Linux 2023 (glibc 2.34), 3.11 on Amazon Linux 2 (glibc 2.26).
_NEWEST_GLIBC = {"3.11": 26}
_GLIBC = 34
# The list of versions that goes with Airflow itself.
_AIRFLOWS_CONSTRAINTS = re.compile(r"(-c|--constraint)[= ]*[\"']?\S*(apache/airflow|constraints-)", re.IGNORECASE)
_NO_WHEEL = re.compile(
    r"No matching distribution found for (.+)|Could not find a version that satisfies the requirement (\S+)"
)
_CONFLICT = re.compile(r" +(The user requested|.* depends on) ")
_PIN = re.compile(r"^[\w.-]+==\S+(?: ;[^\\\n]*)?", re.MULTILINE)
_INSTALLATION_RECORDS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
_TOLD_LINES = 15
_FORMAT = b"2"  # change when the same inputs should give another folder


@dataclass(frozen=True, slots=True)
class Platform:
    """Where the packages have to run. host: on this machine's own Python (the local AWS), whatever the rest says."""

    architecture: str
    python_version: str
    host: bool = False

    def tags(self) -> tuple[str, ...]:
        """pip's platform tags that fit, best first."""
        machine = _MACHINES[self.architecture]
        newest = _NEWEST_GLIBC.get(self.python_version, _GLIBC)
        return (*(f"manylinux_2_{minor}_{machine}" for minor in range(newest, 16, -1)), f"manylinux2014_{machine}")

    def pip_options(self) -> list[str]:
        if self.host:
            return ["--only-binary=:all:"]
        tags = [option for tag in self.tags() for option in ("--platform", tag)]
        version = ["--python-version", self.python_version, "--implementation", "cp"]
        return ["--only-binary=:all:", *version, *tags]

    def __str__(self) -> str:
        where = "this machine" if self.host else "Lambda (Linux)"
        return f"{where}, {self.architecture}, Python {self.python_version}"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """A folder of installed packages, the key of its contents, and the requirements that were left out on purpose."""

    folder: Path
    key: str
    left_out: tuple[str, ...] = ()


def dependencies(
    platform: Platform,
    requirements: Path | None,
    cache: Path,
    without: Sequence[str] = (),
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Dependencies:
    """The packages that Lambdas on `platform` need, from the cache or newly fetched.

    requirements: the DAGs' own requirements file. Lines about Airflow itself are left out: Airstep answers to those
    imports; provider distributions are installed without it. without: packages to leave out, whoever asks for them.
    say: is told when something has to be fetched, which takes its time.
    Raises UsageError when a package has no wheel for the platform, or versions conflict.
    """
    wanted, left_out = _wanted(requirements)
    pins = RUNTIME_LOCK.read_text()
    decisive = (pins, "\n".join(wanted), repr(platform), repr(stubs_for(wanted)), *sorted(without))
    parts = (_FORMAT, *(each.encode() for each in decisive))
    key = hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]
    folder = cache / "dependencies" / key
    if not folder.exists():
        if requirements is not None:
            say(f"installing what {requirements} lists, for {platform}; it is kept in {cache}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="building-") as building:
            _build(platform, wanted, requirements, Path(building))
            _leave_out(without, Path(building) / "all")
            _clean(Path(building) / "all")
            _publish(Path(building) / "all", folder)
    return Dependencies(folder, key, left_out)


def environment(platform: Platform, name: str, wanted: Sequence[str], cache: Path, source: Path) -> Path:
    """A folder with the environment `name` (below `authoring.environments.FOLDER`), from the cache or newly fetched:
    the requirements `wanted` and nothing else. source: the DAG file.

    Raises UsageError as `dependencies` does.
    """
    digest = hashlib.sha256(b"\0".join((_FORMAT, name.encode(), repr(platform).encode()))).hexdigest()[:24]
    folder = cache / "environments" / digest
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="building-") as building:
            installed = Path(building) / "all" / environments.FOLDER / name
            listed = Path(building) / "requirements.txt"
            listed.write_text("\n".join(wanted))
            _pip(platform, installed, ["-r", str(listed)], source)
            _clean(installed)
            _publish(Path(building) / "all", folder)
    return folder


def _wanted(requirements: Path | None) -> tuple[list[str], tuple[str, ...]]:
    """The lines of a requirements file that count, and those about Airflow."""
    if requirements is None:
        return [], ()
    lines = [line.strip() for line in requirements.read_text().splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    left_out = tuple(line for line in lines if is_core(line) or _AIRFLOWS_CONSTRAINTS.match(line))
    return [line for line in lines if line not in left_out], left_out


def _build(platform: Platform, wanted: list[str], requirements: Path | None, building: Path) -> None:
    everything = building / "all"
    _pip(platform, everything, ["--require-hashes", "-r", str(RUNTIME_LOCK)], RUNTIME_LOCK)
    if wanted and requirements is not None:
        # Beside the original, so that `-r other.txt` and local wheels in it still resolve.
        with tempfile.NamedTemporaryFile("w", dir=requirements.parent, prefix=".airstep-", suffix=".txt") as own:
            own.write("\n".join([*wanted, *also_needed(wanted)]))
            own.flush()
            pins, stubs = building / "pins.txt", stubs_for(wanted)
            pinned = [*_PIN.findall(RUNTIME_LOCK.read_text()), *(stub.constraint for stub in stubs)]
            pins.write_text("\n".join(pinned))
            write_stubs(stubs, building / "stubs")
            options = ["--find-links", str(building / "stubs"), "-c", str(pins)]
            _pip(platform, building / "own", [*options, "-r", own.name], requirements)
        shutil.copytree(building / "own", everything, dirs_exist_ok=True)


def _pip(platform: Platform, target: Path, what: list[str], source: Path) -> None:
    """Install `what` into `target`; `source` is the file that the user would have to change."""
    if find_spec("pip") is None:
        raise UsageError(
            f"{sys.executable} has no pip, which builds the Lambda packages\n"
            "    → run `python -m ensurepip` in this environment"
        )
    options = ["--no-compile", "--no-warn-conflicts", "--disable-pip-version-check", "--no-input"]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *options,
        "--target",
        str(target),
        *platform.pip_options(),
        *what,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(_explain(done.stdout + done.stderr, platform, source))


def _explain(said: str, platform: Platform, source: Path) -> str:
    """What pip's failure means for the user: where, what, and what to do."""
    missing = _NO_WHEEL.search(said)
    if missing and "ResolutionImpossible" not in said:
        name = (missing[1] or missing[2]).strip()
        return (
            f"{source}: there is no wheel of {name} for {platform}\n"
            "    → pick a version that has one, change the settings `architecture` or `pythonVersion`, or put\n"
            "      pure Python code into the DAGs folder"
        )
    if "ResolutionImpossible" in said:
        # Of each package one line, not one for each of its versions.
        lines = {line.split()[0]: line for line in said.splitlines()[::-1] if _CONFLICT.match(line)}
        conflict = "\n".join([*lines.values()][::-1])
        return (
            f"{source}: these requirements do not fit together, or not with what Airstep's Lambdas run on, or one has "
            f"no wheel for {platform}\n{conflict}\n"
            f"    → loosen the versions; Airstep's own are in {RUNTIME_LOCK.name}"
        )
    last = "\n".join(said.strip().splitlines()[-_TOLD_LINES:])
    return f"{source}: pip failed\n{last}\n    → see pip's message above"


def _leave_out(names: Sequence[str], folder: Path) -> None:
    """Remove installed packages, file by file as their records tell. Airstep's own stay."""
    unwanted = {project_in(name) for name in names} - {
        project_in(pin) for pin in _PIN.findall(RUNTIME_LOCK.read_text())
    }
    for installed in distributions(path=[str(folder)]):
        if project_in(installed.name) in unwanted:
            for file in installed.files or ():
                Path(str(file.locate())).unlink(missing_ok=True)
    for empty in sorted(folder.rglob("*"), reverse=True):
        if unwanted and empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()


def _clean(folder: Path) -> None:
    """Remove what no Lambda needs and what differs from one installation to the next."""
    for cache in [*folder.rglob("__pycache__")]:
        shutil.rmtree(cache)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for name in _INSTALLATION_RECORDS:
        for file in folder.glob(f"*.dist-info/{name}"):
            file.unlink()


def _publish(built: Path, folder: Path) -> None:
    """Put the finished folder in its place; another build that was quicker wins."""
    try:
        built.rename(folder)
    except OSError:
        if not folder.exists():
            raise
