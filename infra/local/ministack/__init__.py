"""The only package that knows ministack from the inside: which of its parts are replaced, and how they are reached.

Invariant: each module here goes through `internals.module`, which refuses a ministack other than the one this was
written for; nothing else of the project imports ministack.
"""
