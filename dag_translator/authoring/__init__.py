"""What DAG files import as `airflow.*`: Airflow's authoring interface, without Airflow.

    imports.py       the import hook: answers `airflow` and `airflow.*` while installed, from the table in names/
    names/           the one table: module path → name → where it lives here; and the names that are known but refused
    definitions/     DAG, TaskGroup, edges, BaseOperator, XComArg, mapping, decorators: what a DAG file builds
    operators/ sensors/ hooks/
                     what runs: every `execute()` and `poke()` here is the one that the Lambda calls
    storage/         ObjectStoragePath and its file systems, over the user's own packages
    models/          Variable, Connection, assets and the rest of what users touch of `airflow.models`
    runtime.py       what a Lambda (or a test) lends to running operators: context, secrets, AWS clients, templates
    loading.py       what a DAG file may not drop silently: its problems, collected while it loads

Invariant: importing anything below costs the standard library only (pendulum and Jinja2 load when first needed),
nothing here talks to AWS by itself, and importing has no effect beyond defining names.

>>> from dag_translator.authoring.imports import airflow_imports
>>> with airflow_imports():
...     from airflow.operators.empty import EmptyOperator
>>> EmptyOperator.__module__
'dag_translator.authoring.operators.empty'
"""
