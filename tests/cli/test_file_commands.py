"""`airstep dags test | simulate | translate | check`: answers, exit codes, messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Airstep
from tests.infra.project import write_tree


def test_a_run_that_succeeds(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "test", dags / "ten_tasks.py", "--logical-date", "2024-01-15", "-o", "json")
    assert called.code == 0
    run = called.json
    assert (run["dag_id"], run["run_id"], run["state"]) == ("ten_tasks", "manual__2024-01-15T00:00:00+00:00", "success")
    assert set(run["tasks"].values()) == {"success"}
    assert len(run["tasks"]) == 10
    assert run["xcoms"]["numbers"] == {"return_value": [2024, 1, 15]}
    assert run["xcoms"]["total"] == {"return_value": 15 * (2024 + 1 + 15)}
    assert run["rendered"]["show"]["op_args"] == ["30600"]
    assert run["transitions"] <= 16
    assert run["history_events"] > 40
    assert run["definition_bytes"] > 1000


def test_a_run_that_fails(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "test", dags / "fails.py", "-o", "json")
    assert called.code == 1
    run = called.json
    assert run["state"] == "failed"
    assert run["tasks"] == {
        "recovers": "success",
        "breaks": "failed",
        "skipped": "skipped",
        "after_breaks": "upstream_failed",
        "after_skipped": "skipped",
        "always": "success",
        "leaf": "upstream_failed",
    }
    assert run["try_number"]["recovers"] == 3
    assert run["makespan_s"] >= 2 * 3600, "two retry delays of an hour, in virtual time"
    assert run["errors"]["skipped"] == "not today"
    assert run["error"] == "DagRunFailed: breaks"


def test_what_cannot_be_translated_is_json_too(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "test", dags / "broken" / "syntax_error.py", "-o", "json")
    assert called.code == 2
    (problem,) = called.json["problems"]
    assert (problem["code"], problem["line"]) == ("syntax-error", 3)
    called = airstep("dags", "test", dags / "broken" / "syntax_error.py")
    assert called.code == 2
    assert "syntax_error.py:3: syntax-error" in called.stderr
    assert "Traceback" not in called.stderr


def test_which_dag_of_a_file(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "test", dags / "several.py")
    assert called.code == 2
    assert "has 2 DAGs; choose one with --dag-id: first, second" in called.stderr
    called = airstep("dags", "test", dags / "several.py", "--dag-id", "third")
    assert called.code == 2
    assert "has no DAG 'third'; it has first, second" in called.stderr


def test_conf_reaches_the_params_and_prints_stay_off_stdout(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "test", dags / "several.py", "-d", "second", "-c", '{"greeting": "hi"}', "-o", "json")
    assert called.code == 0
    assert called.json["xcoms"] == {"start": {"return_value": "hi"}}
    assert "to standard output" in called.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--conf", "{"], "--conf: this is not JSON"),
        (["--conf", "[1]"], "--conf: expected a JSON object"),
        (["--logical-date", "yesterday"], "--logical-date: 'yesterday' is not ISO 8601"),
    ],
)
def test_wrong_options(airstep: Airstep, dags: Path, arguments: list[str], message: str) -> None:
    called = airstep("dags", "test", dags / "ten_tasks.py", *arguments)
    assert called.code == 2
    assert message in called.stderr
    assert called.stdout == ""


def test_the_table_of_a_run(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "test", dags / "fails.py")
    assert called.code == 1
    assert "upstream_failed" in called.stdout
    assert "DagRunFailed: breaks" in called.stdout


def test_yaml(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "test", dags / "several.py", "-d", "first", "-o", "yaml")
    assert called.code == 0
    assert "tasks:\n  only: success\n" in called.stdout


def test_simulate(airstep: Airstep, dags: Path, tmp_path: Path) -> None:
    called = airstep(
        *("dags", "simulate", dags / "ten_tasks.py", "-o", "json", "--save", tmp_path / "run.svg"),
        *(
            "--durations",
            '{"times_3": 20, "numbers": 3, "total": 2}',
            "--outcomes",
            '{"times_2": ["failed", "success"]}',
        ),
    )
    assert called.code == 0
    told = called.json
    tasks = {task["task_id"]: task for task in told["tasks"]}
    assert told["state"] == "success"
    assert tasks["times_3"] == {"task_id": "times_3", "state": "success", "try_number": 1, "start": 3.0, "end": 23.0}
    assert (tasks["times_2"]["try_number"], tasks["times_2"]["end"]) == (2, 3 + 1 + 300 + 1), "a try, a delay, a try"
    assert told["makespan_s"] == told["critical_path_s"] == 305 + 2 + 1
    assert told["critical_path"] == ["start", "numbers", "times_2", "total", "show", "end"]
    assert told["cost"]["step_functions"] == pytest.approx(told["transitions"] * 25e-6)
    assert told["cost"]["as_of"]
    assert (tmp_path / "run.svg").read_text().startswith("<svg")


def test_simulated_branches(airstep: Airstep, dags: Path) -> None:
    outcomes = {"branch": {"follow": "right"}, "gate": {"follow": []}, "b": "failed"}
    told = airstep("dags", "simulate", dags / "branches.py", "--outcomes", json.dumps(outcomes), "-o", "json").json
    states = {task["task_id"]: task["state"] for task in told["tasks"]}
    assert (states["left"], states["right"], states["join"]) == ("skipped", "success", "success")
    assert (states["behind"], states["c"], states["d"]) == ("skipped", "success", "upstream_failed")
    assert told["state"] == "failed"


def test_a_branch_follows_everything_unless_told(airstep: Airstep, dags: Path) -> None:
    told = airstep("dags", "simulate", dags / "branches.py", "-o", "json").json
    assert {task["state"] for task in told["tasks"]} == {"success"}


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--durations", '{"nope": 1}', "the DAG has no task 'nope'"),
        ("--durations", '{"start": -1}', "start: -1 is not a number of seconds"),
        ("--durations", '{"total": 901}', "a Python task has at most 900 s in Lambda"),
        ("--outcomes", '{"start": "running"}', "start: 'running' is none of success, failed, skipped"),
        ("--outcomes", '{"start": []}', "start: [] is none of"),
    ],
)
def test_wrong_plans(airstep: Airstep, dags: Path, option: str, value: str, message: str) -> None:
    called = airstep("dags", "simulate", dags / "ten_tasks.py", option, value)
    assert called.code == 2
    assert message in called.stderr


def test_translate(airstep: Airstep, dags: Path, tmp_path: Path) -> None:
    called = airstep("dags", "translate", dags / "several.py", "-o", tmp_path)
    assert called.code == 0
    written = sorted(file.name for file in tmp_path.iterdir())
    assert written == ["first.asl.json", "first.manifest.json", "second.asl.json", "second.manifest.json"]
    definition = json.loads((tmp_path / "second.asl.json").read_text())
    manifest = json.loads((tmp_path / "second.manifest.json").read_text())
    assert definition["QueryLanguage"] == "JSONata"
    assert [task["task_id"] for task in manifest["tasks"]] == ["start", "outer.inner.deep"]


def test_dumps(airstep: Airstep, dags: Path) -> None:
    assert "numbers: _PythonDecoratedOperator" in airstep(
        "dags", "translate", dags / "ten_tasks.py", "--dump", "model"
    ).stdout.replace("@task", "_PythonDecoratedOperator")
    assert airstep("dags", "translate", dags / "ten_tasks.py", "--dump", "regions").stdout.startswith("series")
    assert "StartAt" in airstep("dags", "translate", dags / "ten_tasks.py", "--dump", "asl").stdout


def test_translate_refuses_after_writing_the_rest(airstep: Airstep, dags: Path, tmp_path: Path) -> None:
    called = airstep("dags", "translate", dags / "broken" / "unknown_import.py", "-o", tmp_path)
    assert called.code == 2
    assert "unknown_import.py:2" in called.stderr
    assert airstep("dags", "translate", dags / "ten_tasks.py").code == 2, "neither -o nor --dump"


def test_check(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "check", dags, "--timeout", "2", "-o", "json")
    assert called.code == 1
    files = {Path(file["path"]).name: file for file in called.json["files"]}
    assert "helper.py" not in files
    for file in files.values():
        assert {"path", "error", "dags"} <= set(file)
        for dag in file["dags"]:
            assert {"dag_id", "status", "tasks", "definition_bytes", "problems"} <= set(dag)
    good = files["ten_tasks.py"]["dags"][0]
    assert (good["status"], good["tasks"], good["problems"]) == ("supported", 10, [])
    assert good["definition_bytes"] > 1000
    bad = files["unknown_import.py"]["dags"][0]
    assert bad["status"] == "refused"
    assert {"code", "line", "message", "hint"} <= set(bad["problems"][0])
    assert [files[name]["problems"][0]["code"] for name in ("hangs.py", "exits.py", "syntax_error.py")] == [
        "load-timeout",
        "load-exit",
        "syntax-error",
    ]
    assert all(files[name]["error"] for name in ("hangs.py", "exits.py", "syntax_error.py"))
    assert files["prints.py"]["dags"][0]["status"] == "supported"


def test_check_says_what_to_do(airstep: Airstep, dags: Path) -> None:
    called = airstep("dags", "check", dags / "broken" / "unknown_import.py", dags / "several.py")
    assert called.code == 1
    assert "unknown_import.py:2: " in called.stdout
    assert "→" in called.stdout
    assert "2 files, 3 DAGs: 2 supported, 0 approximated, 1 refused" in called.stdout
    assert airstep("dags", "check", dags / "several.py").code == 0


PANDAS = "from airflow import DAG\nimport no_such_frames\nfrom airflow.sensors.filesystem import FileSensor\nwith DAG('{}'):\n    {}"


def test_check_sums_up_why(airstep: Airstep, tmp_path: Path) -> None:
    """A project's folder is its DAG folder; what many files lack is one reason, said with what to do once."""
    write_tree(
        tmp_path,
        {
            "dags/a.py": PANDAS.format("a", "FileSensor(task_id='f', filepath='/data/x')"),
            "dags/b.py": PANDAS.format("b", "pass"),
            "dags/c.py": "from airflow import DAG\nDAG('c')",
            "tests/test_dags.py": "import airflow, no_such_test_tool",
        },
    )
    called = airstep("dags", "check", tmp_path)
    assert called.code == 1
    assert called.stdout.count("no_such_frames, or the package that has it") == 2  # at its first place, and in the end
    assert "no_such_test_tool" not in called.stdout
    assert called.stdout.splitlines()[-7:] == [
        "Why, most frequent first (files):",
        "     2  missing-module: No module named 'no_such_frames'",
        "        → add no_such_frames, or the package that has it, to requirements.txt; a module of yours goes into the DAG folder",
        "     1  unsupported-argument: FileSensor: a path of the local file system (/data/x) is not supported",
        '        → put the file on S3: filepath=\'s3://bucket/key\', or the connection\'s extra {"path": "s3://bucket/folder"}',
        "",
        "3 files, 3 DAGs: 1 supported, 0 approximated, 2 refused",
    ]
    found = airstep("dags", "check", tmp_path, "-o", "json").json["summary"]
    reasons = found.pop("reasons")
    assert found == {"files": 3, "unread": 0, "dags": 3, "supported": 1, "approximated": 0, "refused": 2}
    assert [(reason["code"], reason["files"]) for reason in reasons] == [
        ("missing-module", 2),
        ("unsupported-argument", 1),
    ]


def test_check_installs_nothing_if_told_so(airstep: Airstep, tmp_path: Path) -> None:
    write_tree(tmp_path, {"dags/a.py": PANDAS.format("a", "pass"), "requirements.txt": "no-such-frames"})
    called = airstep("dags", "check", "--no-install", tmp_path)
    assert "missing-module" in called.stdout and "installing" not in called.stderr


def test_a_plugins_operator_runs(airstep: Airstep, tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "plugins/own.py": "from airflow.models import BaseOperator\n"
            "class Own(BaseOperator):\n    def execute(self, context):\n        return 'own'\n",
            "dags/a.py": "from airflow import DAG\nfrom own import Own\nwith DAG('a'):\n    Own(task_id='t')\n",
        },
    )
    called = airstep("dags", "test", tmp_path / "dags/a.py", "-o", "json")
    assert called.code == 0
    assert called.json["xcoms"]["t"]["return_value"] == "own"


def test_check_of_what_does_not_exist(airstep: Airstep, tmp_path: Path) -> None:
    called = airstep("dags", "check", tmp_path / "nowhere")
    assert called.code == 2
    assert "there is no such file or folder" in called.stderr
    assert airstep("dags", "check", tmp_path).code == 0
