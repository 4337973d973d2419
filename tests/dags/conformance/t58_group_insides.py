"""What works inside mapped task groups: retries, sensors, setups, nested groups, XComs, context, templates."""

from datetime import datetime, timedelta

from airflow.decorators import dag, setup, task, task_group, teardown
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator

NO_DELAY = timedelta(0)


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t58_group_insides():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def letters():
        return {"a": 1, "b": 2}

    @task
    def double(x):
        return x * 2

    @task
    def unpacked(pair):
        return list(pair)

    @task
    def twice(x):
        return [x, x * 10]

    nums = numbers()

    # Arguments: cross product, partial, expand_kwargs, dicts.
    @task
    def tell(x, y, z=None):
        return [x, y, z]

    @task_group
    def pairs(x, y, z=None):
        return tell(x, y, z)

    crossed = pairs.partial(z="fixed").expand(x=nums, y=["p", "q"])
    by_dicts = pairs.override(group_id="by_dicts").expand_kwargs([{"x": 1, "y": 2, "z": 3}, {"x": 2, "y": 3, "z": 4}])
    pairs.override(group_id="lacking").expand_kwargs([{"x": 1, "y": 2}, {"x": 2, "y": 3, "z": 4}])

    @task
    def dicts():
        return [{"x": 1, "y": 2, "z": 0}, {"x": 3, "y": 4, "z": 0}]

    pairs.override(group_id="by_xcom_dicts").expand_kwargs(dicts())

    @task_group
    def items(pair):
        return unpacked(pair)

    of_dict = items.expand(pair=letters())

    @task
    def collect(values):
        return [value for value in values]

    collect.override(task_id="collect_crossed")(crossed)
    collect.override(task_id="collect_dicts")(by_dicts)
    collect.override(task_id="collect_items")(of_dict)

    @task
    def odd(x):
        if x == 2:
            raise ValueError(x)
        return x

    @task_group
    def partly(x):
        return odd(x)

    some = partly.expand(x=nums)
    collect.override(task_id="collect_some", trigger_rule="all_done")(some)
    lone = pairs.override(group_id="lone").partial(y=1).expand(x=[7])
    collect.override(task_id="collect_lone")(lone)
    none = partly.override(group_id="none").expand(x=[])
    double.override(task_id="double_none", trigger_rule="all_done")([none])

    # XComs inside and out, context, index templates.
    @task(map_index_template="{{ ti.map_index }}-{{ shown }}")
    def named(x):
        from airflow.sdk import get_current_context

        context = get_current_context()
        context["shown"] = f"n{x}"
        return [context["ti"].map_index, x]

    @task
    def pulls(ti=None):
        # Without map_indexes these would be the values of all that have run by now.
        return [ti.xcom_pull(task_ids="talk.named", map_indexes=ti.map_index), ti.xcom_pull(task_ids="numbers")]

    @task(multiple_outputs=True)
    def several(x):
        return {"one": x, "two": x + 1}

    @task_group
    def talk(x):
        first = named(x)
        first >> pulls()
        parts = several(x)
        tell(parts["one"], parts["two"])
        template = BashOperator(
            task_id="template",
            bash_command="echo {{ ti.map_index }}"
            " {{ ti.xcom_pull(task_ids='talk.several', key='two', map_indexes=ti.map_index) }}",
        )
        parts >> template
        return first

    talked = talk.expand(x=nums)

    @task
    def listens(ti=None):
        return list(ti.xcom_pull(task_ids="talk.several", key="two"))

    talked >> listens()

    # One group feeds the next, and a mapped task.
    @task_group
    def feeding(x):
        return twice(x)

    @task_group
    def not_feeding(x):
        return double(x)

    @task_group
    def fed(x):
        return double.override(task_id="again")(x)

    fed_by = fed.expand(x=feeding.expand(x=nums))
    fed.override(group_id="not_fed").expand(x=not_feeding.expand(x=nums))
    double.override(task_id="mapped_over_group").expand(x=fed_by)

    # Retries, and callbacks of them.
    @task(retries=2, retry_delay=NO_DELAY)
    def flaky(x, ti=None):
        if ti.try_number <= x:
            raise ValueError(f"try {ti.try_number}")
        return ti.try_number

    @task(trigger_rule="all_done")
    def after_flaky(y):
        return y

    @task_group
    def retrying(x):
        after_flaky(flaky(x))

    retrying.expand(x=[1, 2, 3])

    # Sensors.
    @task.sensor(poke_interval=0.1, timeout=60, mode="poke")
    def there(x):
        return True

    @task.sensor(poke_interval=0.1, timeout=0.2, soft_fail=True)
    def maybe(x):
        return x == 1

    @task_group
    def waiting(x):
        there(x) >> maybe(x) >> EmptyOperator(task_id="came")

    waiting.expand(x=[1, 2])

    # Nested groups, empty operators, a classic operator.
    @task_group
    def nested(x):
        begin = EmptyOperator(task_id="begin")

        @task_group
        def inner():
            one = double(x)
            one >> [double.override(task_id="left")(one), double.override(task_id="right")(one)]

        @task_group
        def last():
            PythonOperator(task_id="classic", python_callable=lambda n: n, op_args=[x])

        begin >> inner() >> last()

    nested.expand(x=nums) >> EmptyOperator(task_id="below_nested")

    # Setup and teardown.
    @setup
    def make(x):
        if x == 2:
            raise ValueError("no")
        return x

    @teardown
    def drop(made):
        return made

    @task_group
    def cleaned(x):
        made = make(x)
        done = double(x)
        made >> done >> drop(made)

    cleaned.expand(x=nums) >> double.override(task_id="below_cleaned", trigger_rule="all_done")(1)


t58_group_insides()
