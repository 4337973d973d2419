"""Not a file to load: only one of the two words is in it."""

VALUE = "airflow"
