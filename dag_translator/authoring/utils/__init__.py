"""What users touch of airflow.utils, airflow.macros and airflow.configuration."""
