"""Mistakes in a DAG file: each is reported with its place, what is wrong, and what to do; all of a file's at once."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from dag_translator.errors import Problem
from dag_translator.pipeline import Refused, Translation, translate_file

HEAD = """\
from datetime import datetime, timedelta
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.operators.bash import BashOperator
dag = DAG("d", schedule=None, start_date=datetime(2024, 1, 1))
def work(): pass
"""  # its six lines come before the lines below


def _problems(tmp_path: Path, body: str, head: str = HEAD) -> list[Problem]:
    file = tmp_path / "bad.py"
    file.write_text(head + dedent(body))
    found: dict[Problem, None] = {}
    for each in translate_file(file):
        found |= dict.fromkeys(problem for problem in each.problems if problem.severity == "refused")
    return list(found)


LAMBDA = "dag=dag, executor_config={'airstep': {'compute': 'lambda'}}"
CASES = {
    "syntax error": ("x = (\n", "syntax-error", 7),
    "missing module": ("import no_such_module_here\n", "missing-module", 7),
    "unknown module of airflow": ("from airflow.operatorz.python import PythonOperator\n", "unknown-import", 7),
    "unknown name": ("from airflow.operators.python import PythonOperatr\n", "unknown-import", 7),
    "a rule below a setup": (
        (
            "a = PythonOperator(task_id='a', python_callable=work, dag=dag).as_setup()\n"
            "a >> PythonOperator(task_id='b', python_callable=work, trigger_rule='all_done', dag=dag)\n"
        ),
        "setup-needs-all-success",
        8,
    ),
    "cycle": (
        "a, b = (PythonOperator(task_id=t, python_callable=work, dag=dag) for t in 'ab')\na >> b >> a\n",
        "cycle",
        None,
    ),
    "duplicate task id": (
        "PythonOperator(task_id='a', python_callable=work, dag=dag)\n" * 2,
        "duplicate-task-id",
        8,
    ),
    "unknown argument": (
        "BashOperator(task_id='a', bash_command='x', bash_comand='y', dag=dag)\n",
        "unknown-argument",
        7,
    ),
    "missing argument": ("BashOperator(task_id='a', dag=dag)\n", "missing-argument", 7),
    "wrong type": ("PythonOperator(task_id='a', python_callable=work, retries='many', dag=dag)\n", None, 7),
    "illegal edge": ("PythonOperator(task_id='a', python_callable=work, dag=dag) >> 5\n", "illegal-edge", 7),
    "unknown trigger rule": (
        "PythonOperator(task_id='a', python_callable=work, trigger_rule='all_sucess', dag=dag)\n",
        "invalid-trigger-rule",
        7,
    ),
    "task over 15 minutes": (
        f"PythonOperator(task_id='a', python_callable=work, execution_timeout=timedelta(minutes=16), {LAMBDA})\n",
        "task-too-long",
        7,
    ),
    "raises": ("1 / 0\n", "file-raised", 7),
    "a timeout that is none": (
        "BashOperator(task_id='a', bash_command='x', execution_timeout=1j, dag=dag)\n",
        "invalid-argument",
        7,
    ),
    **{
        f"fixed of a mapped task: {argument}": (
            f"BashOperator.partial(task_id='a', dag=dag, {argument}).expand(bash_command=['x'])\n",
            "invalid-argument",
            7,
        )
        for argument in ("retries='many'", "retry_delay=print", "max_active_tis_per_dagrun={}", "trigger_rule='nope'")
    },
    **{
        f"fixed of a mapped sensor: {argument}": (
            f"import airflow.sensors.bash as b;b.BashSensor.partial(task_id='a', dag=dag, {argument}).expand(env=[])\n",
            "invalid-argument",
            7,
        )
        for argument in ("timeout='x'", "poke_interval=-1", "mode='sleep'")
    },
    "what the translation of an operator cannot read": (
        (
            "from airflow.providers.amazon.aws.sensors.athena import AthenaSensor\n"
            "AthenaSensor(task_id='a', query_execution_id='q', sleep_time=print, dag=dag)\n"
        ),
        "invalid-argument",
        8,
    ),
    "an argument of the DAG": ("other = DAG('e', schedule=None, catchup='no')\n", "invalid-argument", 7),
}


@pytest.mark.parametrize("case", CASES)
def test_mistakes_are_refused_with_their_place(case: str, tmp_path: Path) -> None:
    body, code, line = CASES[case]
    problems = _problems(tmp_path, body)
    assert problems, "nothing was reported"
    (problem,) = problems
    assert code in (None, problem.code)
    assert line in (None, problem.line)
    assert problem.path is not None
    assert problem.path.endswith("bad.py")
    assert problem.message
    assert problem.hint or case == "wrong type"


def test_all_of_a_files_mistakes_at_once(tmp_path: Path) -> None:
    body = """
        from airflow.operators.nowhere import Nothing
        BashOperator(task_id='a', bash_command='x', bash_comand='y', dag=dag)
        BashOperator(task_id='b', bash_command='x', retrys=3, dag=dag)
        PythonOperator(task_id='c', python_callable=work, trigger_rule='all_sucess', dag=dag)
        Nothing(task_id='d', anything=1, dag=dag)
    """
    problems = _problems(tmp_path, body)
    assert [(problem.line, problem.code) for problem in sorted(problems, key=lambda each: each.line or 0)] == [
        (8, "unknown-import"),
        (9, "unknown-argument"),
        (10, "unknown-argument"),
        (11, "invalid-trigger-rule"),
    ]


def test_a_mistake_of_one_dag_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text(
        HEAD
        + "with DAG('good', schedule=None, start_date=datetime(2024, 1, 1)):\n"
        + "    PythonOperator(task_id='a', python_callable=work)\n"
        + "BashOperator(task_id='a', bash_command='x', bash_comand='y', dag=dag)\n"
    )
    found = {each.dag_id: type(each) for each in translate_file(file)}
    assert found == {"d": Refused, "good": Translation}


def test_a_limit_of_step_functions_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    body = """
        for n in range(1100):
            PythonOperator(task_id=f'{"x" * 240}{n}', python_callable=work, dag=dag)
    """
    (problem,) = _problems(tmp_path, body)
    assert problem.code == "payload-too-large"
    assert "262,144" in problem.message
