"""The `airstep` command.

`main` puts the commands together; `*_commands` modules hold one group of commands each, in Airflow's words; the rest is
what they stand on: `inprocess` (a DAG on the engine, in this process), `account` (what is deployed, local or real),
`output` (table, JSON, YAML), `picture` (the graph as SVG). Nothing here decides how a DAG runs.
"""
