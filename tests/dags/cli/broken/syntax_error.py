from airflow import DAG

with DAG("never_made"
    pass
