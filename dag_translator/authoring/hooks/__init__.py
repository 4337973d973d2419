"""Connections to other systems, as far as they are thin."""
