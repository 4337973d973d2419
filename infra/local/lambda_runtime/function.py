"""What the runtime must know of a Lambda function, and what one invocation answers.

Invariant: plain data; two equal `Function`s can share a warm worker.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Package:
    """A zip file (code or layer) and the digest by which its unpacked copy is found again."""

    digest: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Function:
    """One version of a function; `timeout` in seconds, `memory` in MB."""

    name: str
    version: str
    arn: str
    handler: str
    runtime: str
    timeout: float
    memory: int
    account: str
    region: str
    log_group: str
    environment: Mapping[str, str]
    code: Package
    layers: tuple[Package, ...] = ()

    @property
    def key(self) -> str:
        """Names the version; its workers change when `fingerprint` does."""
        return f"{self.arn}:{self.version}"

    @property
    def fingerprint(self) -> str:
        """Changes with everything a running worker has already taken in."""
        parts = (
            self.key,
            self.handler,
            self.runtime,
            str(self.timeout),
            str(self.memory),
            self.log_group,
            repr(sorted(self.environment.items())),
            self.code.digest,
            *(layer.digest for layer in self.layers),
        )
        return sha256("\x00".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a function (or the platform) wrote; `timestamp` in ms since the epoch."""

    timestamp: int
    message: str


@dataclass(frozen=True, slots=True)
class Invocation:
    """The outcome: JSON text of the answer or of the error object, and everything that was logged."""

    payload: str
    failed: bool
    log: tuple[LogLine, ...]
    log_stream: str
