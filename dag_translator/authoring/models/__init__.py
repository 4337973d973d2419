"""What users touch of airflow.models: Variable, Connection, assets, run states."""
