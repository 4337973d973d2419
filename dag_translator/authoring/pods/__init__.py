"""Kubernetes pods as DAG files describe them: models, and their form as JSON."""
