"""Runs Python Lambda functions as AWS does: one process per concurrent invocation, kept warm, nothing shared.

Invariant: a worker process sees the function's own package, its layers, boto3 and the standard library, and no other
installed package; so a dependency that was not packaged is missing here too. Knows nothing of ministack.
"""
