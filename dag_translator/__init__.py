"""Airflow DAG files in, Step Functions state machines out.

The package is imported inside Lambdas too (for `authoring`), so this file imports nothing. `pipeline` is the map of the
translator.
"""
