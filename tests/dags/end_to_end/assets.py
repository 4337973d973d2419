"""A producer, and consumers that wait for its assets, for one from outside, and for an alias."""

from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, AssetAlias, Metadata, task

ORDERS = Asset("orders", "s3://lake/orders")
PRICES = Asset("prices", "s3://lake/prices")
WRITTEN = AssetAlias("written")
KW = {"start_date": datetime(2024, 1, 1), "catchup": False}

with DAG("assets_producer", schedule=None, **KW):

    @task(outlets=[ORDERS, WRITTEN])
    def write(outlet_events):
        outlet_events[WRITTEN].add(Asset("s3://lake/dynamic"), extra={"rows": 7})
        yield Metadata(ORDERS, {"rows": 3})

    write() >> EmptyOperator(task_id="empty", outlets=[Asset("done")])

with DAG("assets_both", schedule=ORDERS & PRICES, **KW):

    @task(inlets=[ORDERS])
    def read(triggering_asset_events, inlet_events, dag_run, **context):
        return {
            "triggers": {
                asset.name: [each.extra for each in events] for asset, events in triggering_asset_events.items()
            },
            "inlet": inlet_events[ORDERS][-1].extra,
            "from": triggering_asset_events[ORDERS][0].source_dag_id,
            "run_type": dag_run.run_type.value,
            "logical_date": context.get("logical_date"),
        }

    read()

with DAG("assets_alias", schedule=[WRITTEN], **KW):

    @task
    def read_alias(triggering_asset_events):
        return [(each.asset.uri, each.extra) for each in triggering_asset_events[WRITTEN]]

    read_alias()
