"""What a DAG file builds: DAGs, task groups, tasks, edges and references between them."""
