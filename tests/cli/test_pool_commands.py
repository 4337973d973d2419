"""`airstep pools` on an account that moto plays."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from infra.cli import account, pool_commands
from infra.cli.account import Account
from infra.settings import read_settings
from lambdas.signal_function import Signals, handle
from lambdas.storage.memory_store import MemoryStore
from tests.cli.conftest import Airstep
from tests.lambdas.test_signal_function import Tokens


class Pools(Account):
    """An account whose table is in memory, and whose signal function is called here."""

    __slots__ = ()
    kept = MemoryStore()
    tokens = Tokens()

    @property
    def store(self) -> MemoryStore:
        return self.kept

    def client(self, service: str) -> Any:
        assert service == "lambda"
        return self

    def invoke(self, FunctionName: str, Payload: bytes) -> Any:
        assert FunctionName == "airstep-signal"
        answer = handle(Signals(self.kept, self.tokens), json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> type[Pools]:
    Pools.kept, Pools.tokens = MemoryStore(), Tokens()
    made = Pools(None, read_settings(), "eu-west-1", "123456789012")
    monkeypatch.setattr(account, "connect", lambda _local: made)
    return Pools


def test_set_get_list_delete(airstep: Airstep, pools: type[Pools]) -> None:
    waiting = {
        "kind": "admit",
        "run": {"dag_id": "d", "run_id": "r", "execution": "e"},
        "task_id": "a",
        "limits": {"pool": "db", "pool_slots": 2},
        "token": "t",
    }
    handle(Signals(pools.kept, pools.tokens), waiting)
    row = {"pool": "db", "slots": 3, "description": "the old one", "running": 1, "waiting": 0, "used": 2}
    assert airstep("pools", "set", "db", "3", "the old one", "-o", "json").json == [row]
    assert set(pools.tokens.outputs) == {"t"}  # whoever waited goes on
    assert airstep("pools", "get", "db", "-o", "json").json == [row]
    default, listed = airstep("pools", "list", "-o", "json").json
    assert listed == row
    assert (default["pool"], default["slots"]) == ("default_pool", 128)
    assert "not counted" in default["description"]
    assert airstep("pools", "delete", "db", "-o", "json").json == [row]
    assert airstep("pools", "get", "db").code == 2


def test_import_and_export_speak_airflows_format(airstep: Airstep, pools: type[Pools], tmp_path: Path) -> None:
    file = tmp_path / "pools.json"
    given = {
        "default_pool": {"slots": 128, "description": "Default pool", "include_deferred": False},
        "db": {"slots": 4, "description": "", "include_deferred": False},
    }
    file.write_text(json.dumps(given))
    called = airstep("pools", "import", file, "-o", "json")
    assert [row["pool"] for row in called.json] == ["db"]
    assert "default_pool is left out" in called.stderr
    assert airstep("pools", "export", tmp_path / "again.json").code == 0
    assert json.loads((tmp_path / "again.json").read_text()) == {"db": given["db"]}
    file.write_text("[1]")
    assert airstep("pools", "import", file).code == 2


@pytest.mark.usefixtures("pools")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["default_pool", "3", ""], "default_pool is not counted"),
        (["db", "3", "", "--include-deferred"], "a task that only waits holds no slot"),
    ],
)
def test_what_is_refused(airstep: Airstep, arguments: list[str], message: str) -> None:
    called = airstep("pools", "set", *arguments)
    assert (called.code, message in called.stderr) == (2, True)
    assert pool_commands.DEFAULT_SLOTS == 128
