"""Starting, finding and stopping the server."""

import json
import os
import socket
import urllib.request
from pathlib import Path

import pytest

from infra.local import server
from infra.local.server import LocalAwsError
from tests.local.conftest import Client

pytestmark = pytest.mark.local_aws


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(LocalAwsError, match="is not available"):
            server.start(listener.getsockname()[1], tmp_path)
    assert server.status(tmp_path) is None


def test_a_state_directory_without_server_has_no_status(tmp_path: Path) -> None:
    assert server.status(tmp_path) is None
    assert server.stop(tmp_path) is False
    # As after a kill: the record is there, the lock is not held.
    (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "port": 1}))
    (tmp_path / "lock").touch()
    assert server.status(tmp_path) is None


def test_a_server_is_found_and_its_directory_is_its_own(client: Client) -> None:
    aws = client.aws
    found = server.status(aws.state_dir)
    assert found is not None
    assert (found.pid, found.endpoint) == (aws.pid, aws.endpoint)
    with pytest.raises(LocalAwsError, match="is in use"):
        server.start(None, aws.state_dir)


def test_it_listens_on_the_loopback_address_only(client: Client) -> None:
    addresses = [
        line.split()[1].split(":")[0]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{client.aws.port:04X}") and line.split()[3] == "0A"
    ]
    assert addresses == ["0100007F"]


def test_its_environment_is_enough_for_a_client(client: Client) -> None:
    assert client.aws.environment["AWS_ENDPOINT_URL"] == client.aws.endpoint
    with urllib.request.urlopen(f"{client.aws.endpoint}/_ministack/health") as answer:
        assert answer.status == 200


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--state-dir", str(tmp_path / "state")]
    assert server.main(["status", *where]) == 1
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    assert server.main(["up", "--port", port, *where]) == 0
    assert server.main(["up", "--port", port, *where]) == 0
    assert server.main(["status", *where]) == 0
    assert server.main(["down", *where]) == 0
    assert server.main(["down", *where]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "not running"
    assert lines[1] == lines[2]
    assert lines[1].startswith(f"running at http://127.0.0.1:{port} (pid ")
    assert lines[-2:] == ["stopped", "not running"]
