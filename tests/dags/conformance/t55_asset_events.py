"""What tasks say of their outlets, read back by tasks below them."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Asset, AssetAlias, Metadata, task
from airflow.sdk.exceptions import AirflowSkipException

A = Asset("t55_a", "s3://t55/a", extra={"of": "the asset"})
B = Asset("t55_b", "s3://t55/b/")
C = Asset("t55_c")
D = Asset("t55_d")
E = Asset("t55_e")
F = Asset("t55_f")
G = Asset("t55_g")
H = Asset("t55_h")
EMPTY = Asset("t55_empty")
X, Y = AssetAlias("t55_x"), AssetAlias("t55_y")


def told(events):
    return [
        [each.asset.name, each.asset.uri, each.extra, each.source_dag_id, each.source_task_id, each.source_map_index]
        for each in events
    ]


with DAG("t55_asset_events", schedule=None, start_date=datetime(2024, 1, 1), catchup=False):

    @task(outlets=[A, A, B, C])
    def says(outlet_events):
        outlet_events[A].extra["n"] = 1
        outlet_events[B].extra = {"m": [1, {"k": None}]}
        outlet_events[Asset("t55_other")].extra = {"not": "an outlet"}
        return "done"

    @task(outlets=[D])
    def yields():
        yield Metadata(D, {"a": 1})
        yield "something else"
        yield Metadata(D, extra={"b": 2})
        return "returned"

    @task(outlets=[X, Y])
    def aliases(outlet_events):
        outlet_events[X].add(Asset("t55_dynamic"), extra={"v": 1})
        outlet_events[X].add(Asset("t55_dynamic"), extra={"v": 2})
        outlet_events[Y].add(Asset("t55_dynamic"), extra={"v": 1})
        outlet_events[AssetAlias("t55_z")].add(Asset("t55_nobody"))
        yield Metadata(Asset("t55_by_yield"), {"w": 3}, alias=X)

    @task(outlets=[E])
    def mapped(n, *, outlet_events):
        outlet_events[E].extra = {"n": n}

    @task(outlets=[F], retries=1, retry_delay=timedelta(0))
    def second_try(ti, outlet_events):
        outlet_events[F].extra = {"try": ti.try_number}
        if ti.try_number == 1:
            raise RuntimeError("the first try's events are gone")

    @task(outlets=[G])
    def skips():
        raise AirflowSkipException("no event")

    @task(outlets=[H], trigger_rule="all_done")
    def fails():
        raise RuntimeError("no event")

    classic = PythonOperator(task_id="classic", python_callable=lambda **c: None, outlets=[C])
    empty = EmptyOperator(task_id="empty", outlets=[EMPTY])

    @task(inlets=[A, B, C, D, E, F, G, H, EMPTY, X, Y], trigger_rule="all_done")
    def reads(*, inlet_events):
        found = {each.name: told(inlet_events[each]) for each in (A, B, D, F, G, H, EMPTY, Y)}
        found["mapped"] = sorted(told(inlet_events[E]), key=lambda each: each[-1])
        found["c"] = sorted(told(inlet_events[C]), key=lambda each: each[-2])
        found["x"] = sorted(told(inlet_events[X]), key=str)
        found["last"] = inlet_events[A][-1].extra
        found["by index"] = told(inlet_events[0])
        found["len"] = [len(inlet_events), len(inlet_events[A])]
        found["for_asset"] = told(inlet_events.for_asset(name="t55_a", uri="s3://t55/a"))
        found["limit"] = [each.extra for each in inlet_events[E].limit(2)].__len__()
        return found

    @task(inlets=[A], trigger_rule="all_done")
    def unknown_inlet(*, inlet_events):
        return told(inlet_events[B])

    producers = [says(), yields(), aliases(), mapped.expand(n=[1, 2, 3]), second_try(), skips(), fails(), classic, empty]
    producers >> reads() >> unknown_inlet()
