import time

from airflow import DAG

time.sleep(3600)
dag = DAG("never_reached")
