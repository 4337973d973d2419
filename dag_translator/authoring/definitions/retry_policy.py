"""`retry_policy`: what an exception decides about retries, as Airflow 3.3 has it. It is asked when a try has failed.

>>> policy = ExceptionRetryPolicy([RetryRule(KeyError, RetryAction.FAIL), RetryRule("builtins.OSError")])
>>> [policy.evaluate(error, 1, 3).action.value for error in (KeyError(), ConnectionError(), ValueError())]
['fail', 'retry', 'default']
"""

from __future__ import annotations

import abc
import enum
import importlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

ExceptionSpec = type[BaseException] | str


class RetryAction(enum.Enum):
    """RETRY: as long as `retries` allow it; FAIL: at once; DEFAULT: as without a policy."""

    RETRY = "retry"
    FAIL = "fail"
    DEFAULT = "default"


@dataclass(frozen=True)
class RetryDecision:
    """What a policy decides. retry_delay None: the task's own."""

    action: RetryAction = RetryAction.DEFAULT
    retry_delay: timedelta | None = None
    reason: str | None = None

    @classmethod
    def fail(cls, reason: str | None = None) -> RetryDecision:
        return cls(RetryAction.FAIL, reason=reason)

    @classmethod
    def retry(cls, delay: timedelta | None = None, reason: str | None = None) -> RetryDecision:
        return cls(RetryAction.RETRY, delay, reason)

    @classmethod
    def default(cls) -> RetryDecision:
        return cls()


class RetryPolicy(abc.ABC):
    """What a user's own policy extends."""

    @abc.abstractmethod
    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """The decision about a failed try; try_number counts from 1."""


@dataclass
class RetryRule:
    """What follows from an exception: a class, a dotted path to one ("builtins.OSError"), or a list of such."""

    exception: ExceptionSpec | list[ExceptionSpec]
    action: RetryAction = RetryAction.RETRY
    retry_delay: timedelta | None = None
    reason: str | None = None
    match_subclasses: bool = True

    def __post_init__(self) -> None:
        for spec in self._specs():
            if isinstance(spec, str) and "." not in spec:
                raise ValueError(
                    "RetryRule exception string must be a dotted import path (e.g. 'builtins.ValueError'), "
                    f"got {spec!r}"
                )

    def _specs(self) -> list[ExceptionSpec]:
        return self.exception if isinstance(self.exception, list) else [self.exception]

    def matches(self, exc: BaseException) -> bool:
        classes = tuple(found for spec in self._specs() if (found := _class_of(spec)) is not None)
        return isinstance(exc, classes) if self.match_subclasses else type(exc) in classes


class ExceptionRetryPolicy(RetryPolicy):
    """The first rule that matches decides, else `default`."""

    def __init__(self, rules: list[RetryRule], default: RetryAction = RetryAction.DEFAULT) -> None:
        self.rules = rules
        self.default = default

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002
        max_tries: int,  # noqa: ARG002
        context: Any = None,  # noqa: ARG002
    ) -> RetryDecision:
        for rule in self.rules:
            if rule.matches(exception):
                reason = rule.reason or f"Matched rule for {type(exception).__name__}"
                return RetryDecision(rule.action, rule.retry_delay, reason)
        return RetryDecision(self.default)


def _class_of(spec: ExceptionSpec) -> type[BaseException] | None:
    """The class; None for a path that leads nowhere, which matches nothing."""
    if not isinstance(spec, str):
        return spec
    module, _, name = spec.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    return found if isinstance(found, type) else None
