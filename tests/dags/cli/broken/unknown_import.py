from airflow import DAG
from airflow.providers.nowhere import Something

with DAG("unknown_import", schedule=None) as dag:
    Something(task_id="a")
