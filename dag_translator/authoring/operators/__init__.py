"""The operators whose execute() runs in a Lambda."""
