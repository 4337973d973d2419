"""Athena on DuckDB: Trino's SELECT, INSERT and CREATE TABLE AS, Hive's DDL, over Glue's catalog and objects in S3.

Invariant: knows nothing of ministack; Glue and S3 are reached through boto3 clients. A statement that can't be carried
out faithfully fails with a message that says so.
"""
