"""Tests of the `airstep` command."""
