"""The documented behaviour of Step Functions, as checks against any endpoint that claims to have it.

By default they run against our own service in this process, on a virtual clock. Against another:

    AIRSTEP_CONTRACT_ENDPOINT=http://127.0.0.1:4566 pytest tests/contract     an endpoint for all services
    AIRSTEP_CONTRACT_ENDPOINT=aws AWS_PROFILE=me pytest tests/contract        a real account; what is made is removed

The expectations were written from AWS's documentation. Least certain are: describing an execution after its machine
was deleted, the error name of a duplicate nested StartExecution, and the exact shape of a history.
"""
