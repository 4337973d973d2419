"""`LoggingMixin`: `self.log`."""

from __future__ import annotations

import logging


class LoggingMixin:
    """Gives a class its logger."""

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"{type(self).__module__}.{type(self).__qualname__}")
