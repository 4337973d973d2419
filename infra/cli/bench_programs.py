"""What `bench` runs: DAG files, and little programs that measure in a fresh process and print one JSON object."""

TEN_TASKS = """
from datetime import datetime

from airflow.decorators import dag, task
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator


@dag(dag_id="ten_tasks", schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def ten_tasks():
    start = EmptyOperator(task_id="start")

    @task
    def numbers(day):
        return [int(part) for part in day.split("-")]

    @task
    def times(values, factor):
        return [value * factor for value in values]

    @task
    def total(parts):
        return sum(sum(part) for part in parts)

    given = numbers("{{ ds }}")
    start >> given
    parts = [times.override(task_id=f"times_{factor}")(given, factor) for factor in range(1, 6)]
    show = PythonOperator(
        task_id="show", python_callable=lambda text: text, op_args=["{{ ti.xcom_pull(task_ids='total') }}"]
    )
    total(parts) >> show >> EmptyOperator(task_id="end")


ten_tasks()
"""

# layered: groups of ten in sequence; tangled: edges at random, as no person would draw them.
LARGE = """
import random
from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator

rng = random.Random(7)
with DAG("large", schedule=None, start_date=datetime(2024, 1, 1), catchup=False) as dag:
    tasks = [PythonOperator(task_id=f"t{{i}}", python_callable=int) for i in range({tasks})]
    for i in range(1, {tasks}):
        if "{shape}" == "layered":
            if i >= 10:
                tasks[i - 10 - i % 10 :][:10] >> tasks[i]
        else:
            for j in {{rng.randrange(max(0, i - 40), i) for _ in range(rng.choice([1, 1, 2]))}}:
                tasks[j] >> tasks[i]
"""

_TELL = """
import json, resource, sys
def tell(**told):
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told["megabytes"] = round(largest / (1024 if sys.platform == "linux" else 2**20), 1)
    print(json.dumps(told))
"""

LOAD = (
    _TELL
    + """
import time
began = time.perf_counter()
from pathlib import Path
from dag_translator.load import load
loaded = load(Path(sys.argv[1]))
assert not loaded.problems and len(loaded.dags[0].tasks) == 10, loaded.problems
tell(seconds=time.perf_counter() - began)
"""
)

AIRFLOW_LOAD = (
    _TELL
    + """
import time
began = time.perf_counter()
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors and len(bag.dags["ten_tasks"].tasks) == 10, bag.import_errors
tell(seconds=time.perf_counter() - began)
"""
)

COMPILE = (
    _TELL
    + """
import time
from pathlib import Path
from dag_translator.freeze import freeze
from dag_translator.load import load
from dag_translator.pipeline import Refused, translate_file
from dag_translator.structure import structure
began = time.process_time()
(result,) = translate_file(Path(sys.argv[1]))
whole = time.process_time() - began
frozen = freeze(load(Path(sys.argv[1])).dags[0], Path("large.py"), None)
began = time.process_time()
structure(frozen)
structured = time.process_time() - began
tell(seconds=round(whole, 2), structure=round(structured, 2), refused=isinstance(result, Refused))
"""
)

COLD_IMPORT = (
    _TELL
    + """
import time
began = time.perf_counter()
import lambdas.task_function, lambdas.tasks.run_task, lambdas.storage.dynamo_store
import lambdas.backends, lambdas.observability
from lambdas.aws import clients
import os
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
clients().dynamodb
tell(seconds=time.perf_counter() - began)
"""
)

BOTO3_IMPORT = (
    _TELL
    + """
import time
began = time.perf_counter()
import boto3
boto3.client("dynamodb", region_name="us-east-1")
tell(seconds=time.perf_counter() - began)
"""
)

ENGINE = (
    _TELL
    + """
import time
from infra.local.engine import run

class Echo:
    async def call(self, resource, arguments, call):
        await call.sleep(1)
        return arguments

count = 5000
chain = {f"s{i}": {"Type": "Pass", "Output": {"n": "{% $states.input.n + 1 %}"},
                   "Next": f"s{i + 1}"} for i in range(count)}
chain[f"s{count}"] = {"Type": "Succeed"}
began = time.perf_counter()
done = run({"QueryLanguage": "JSONata", "StartAt": "s0", "States": chain}, {"n": 0}, integrations=Echo())
seconds = time.perf_counter() - began
assert done.output == {"n": count}, (done.status, done.error, done.cause)

call = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f"}, "End": True}
branches = [{"StartAt": f"t{i}", "States": {f"t{i}": call}} for i in range(200)]
machine = {"Type": "Parallel", "Branches": branches, "End": True}
began = time.perf_counter()
done = run({"QueryLanguage": "JSONata", "StartAt": "p", "States": {"p": machine}}, integrations=Echo())
parallel = time.perf_counter() - began
assert done.status == "SUCCEEDED" and (done.stopped - done.started).total_seconds() == 1
tell(states_per_second=count / seconds, parallel_seconds=round(parallel, 3))
"""
)
