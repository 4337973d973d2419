"""The text of a random DAG file while it is written: its lines, and what the edges written so far say."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

RULES = (
    "all_success", "all_failed", "all_done", "all_done_min_one_success", "one_success", "one_failed", "one_done",
    "none_failed", "none_failed_min_one_success", "none_skipped", "all_skipped",
    "all_done_setup_success", "always",
)  # fmt: skip
HOWS = "sssssssfffkkkxF12"


@dataclass(slots=True)
class Node:
    """What can stand beside `>>`: a task or a group, by the expression that names it.

    roots, leaves: of a group, its tasks; yields: what its XCom is ("list", "dict", "text", None); `how` it ends.
    """

    name: str
    task_ids: list[str]
    yields: str | None = None
    is_group: bool = False
    in_group: bool = False
    plain: bool = True


@dataclass(slots=True)
class Writer:
    """The file so far. below: what the edges written so far say, for branches; each group has its place.

    in_mapped: inside a mapped group, where Airflow maps nothing."""

    random: Random
    lines: list[str] = field(default_factory=list)
    count: int = 0
    budget: int = 0
    below_setup: bool = False
    in_mapped: bool = False
    branches: list[tuple[Node, str]] = field(default_factory=list)
    below: dict[str, list[Node]] = field(default_factory=dict)
    all_tasks: list[Node] = field(default_factory=list)

    def say(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def odds(self, chance: float) -> bool:
        return self.random.random() < chance

    def how(self) -> str:
        return self.random.choice(HOWS)

    def hows(self) -> list[str]:
        return [self.how() for _ in range(self.random.choice([0, 1, 1, 2, 2, 3]))]


def extra(writer: Writer, rule: float = 0.45) -> str:
    """More arguments of an operator."""
    settings = ""
    if writer.odds(rule) and not writer.below_setup:
        settings += f', trigger_rule="{writer.random.choice(RULES)}"'
    if writer.odds(0.15):
        settings += f", retries={writer.random.choice([0, 1, 2])}, retry_delay=timedelta(0)"
    if writer.odds(0.15):
        settings += ", **CALLBACKS"
    return settings


def made(writer: Writer, name: str, prefix: str, yields: str | None = None, *, plain: bool = True) -> Node:
    node = Node(name, [prefix + name], yields, plain=plain)
    writer.all_tasks.append(node)
    return node


def returned(writer: Writer) -> tuple[str, str | None]:
    """What a task returns, and what that can be used for."""
    return writer.random.choice(
        [
            ("None", None),
            (repr(writer.hows()), "list"),
            (repr(dict.fromkeys(writer.hows(), 1)), "dict"),
            ("'text'", "text"),
        ]
    )
