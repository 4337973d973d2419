"""Notifiers: callbacks that send a mail or a message."""
