"""Try provider distributions for real and write down what came of it: the table of PROVIDERS.md.

    .venv/bin/python -m tests.providers.survey [postgres slack …]      # without names: those of the table

Each is fetched from the package registry and installed as for Lambda, without Airflow; all its modules are imported
over the authoring package in a process of its own, and where `TRIALS` has one, an operator runs against a fake. Needs
the network and some minutes, so it is no part of the tests.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from dag_translator.errors import UsageError
from infra.packaging import LAMBDA_LIMIT
from infra.providers import here
from infra.wheels import dependencies
from tests.providers.trials import TRIALS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "PROVIDERS.md"
BEGIN, END = "<!-- survey -->\n", "<!-- survey: end -->"
NAMES = (
    *("amazon", "google", "microsoft-azure", "snowflake", "databricks", "dbt-cloud", "common-sql", "postgres", "mysql"),
    *("microsoft-mssql", "oracle", "sqlite", "trino", "jdbc", "odbc", "mongo", "redis", "elasticsearch"),
    *("http", "ssh", "sftp", "ftp", "smtp", "slack", "discord", "telegram", "pagerduty"),
    *(
        "github",
        "atlassian-jira",
        "salesforce",
        "tableau",
        "openai",
        "apache-kafka",
        "apache-spark",
        "docker",
        "cncf-kubernetes",
    ),
)
# What serves Airflow's own processes, or is an example.
_NOT_FOR_TASKS = (
    *("example_dags", "cli", "executors", "log", "auth_manager", "plugins", "secrets", "bundles", "queues"),
    *("get_provider_info", "auth_backend", "fs", "backcompat"),
)


# What a message names that is missing, the surest first.
_REASONS = (
    r"add apache-airflow-providers-(\S+) to",
    r"No module named '([\w.]+)'",
    r"`(\w+)` package",
    r"apache-airflow-providers-([\w-]+(?:\[[\w.]+\])?)",
    r"the '([\w.]+)' provider",
    r"(lib\w+\.so)",
    r"Could not import '(\w+)'",
)


def main() -> None:
    if sys.argv[1:2] == ["--import"]:
        print(json.dumps(_imported(Path(sys.argv[2]), sys.argv[3])))
        return
    names = sys.argv[1:] or NAMES
    rows = [_row(name) for name in names]
    table = "\n".join(["| distribution | MB | modules | an operator ran | remarks |", "|---|---|---|---|---|", *rows])
    if sys.argv[1:]:
        print(table)
        return
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    today = datetime.now(UTC).date().isoformat()
    PAGE.write_text(f"{before}{BEGIN}Measured {today}, {here()}.\n\n{table}\n{END}{rest.split(END)[1]}")


def _row(name: str) -> str:
    distribution = f"apache-airflow-providers-{name}"
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(f"{distribution}\n")
        try:
            installed = dependencies(here(), requirements, ROOT / ".airstep/cache").folder
        except UsageError as error:
            missing = re.findall(r"depends on ([\w.-]+)|no wheel of ([\w.-]+)", str(error))
            what = next((one or other for one, other in missing), "a dependency")
            return f"| `{name}` | | | | can't be installed: there is no wheel of {what} |"
    command = [sys.executable, "-m", "tests.providers.survey", "--import", str(installed), name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        return f"| `{name}` | | | | {done.stderr.strip().splitlines()[-1]} |"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    version = next(each.version for each in distributions(path=[str(installed)]) if each.name == distribution)
    size = sum(file.stat().st_size for file in installed.rglob("*") if file.is_file())
    megabytes = f"**{size >> 20}**" if size > LAMBDA_LIMIT else str(size >> 20)
    remarks = ", ".join(f"`{each}`" for each in found["needs"])
    needs = f"{found['failed']} more need {remarks}" if found["needs"] else ""
    return f"| `{name}` {version} | {megabytes} | {found['imported']} | {found['trial']} | {needs} |"


def _imported(folder: Path, name: str) -> dict[str, Any]:
    """Import every module of an installed distribution; how many could be, and what the others need."""
    import importlib
    import warnings

    from dag_translator.authoring import imports

    warnings.simplefilter("ignore")
    sys.path.append(str(folder))
    imports.install()
    failed: list[str] = []
    top = folder / "airflow/providers" / name.replace("-", "/")
    files = [file for file in sorted(top.rglob("*.py")) if not _serves_airflow(file.relative_to(top))]
    for file in files:
        try:
            importlib.import_module(".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"))
        except Exception as error:
            failed.append(_reason(error))
    return {
        "imported": len(files) - len(failed),
        "failed": len(failed),
        "needs": sorted(set(failed)),
        "trial": TRIALS[name]() if name in TRIALS else "",
    }


def _serves_airflow(path: Path) -> bool:
    return not {*path.parts[:-1], path.stem}.isdisjoint(_NOT_FOR_TASKS)


def _reason(error: Exception) -> str:
    """The package that is missing, else what was said."""
    for pattern in _REASONS:
        found = re.search(pattern, str(error))
        if found is not None:
            return found[1]
    return str(error)[:60]


if __name__ == "__main__":
    main()
