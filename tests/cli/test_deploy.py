"""Calling the CDK CLI: what it is told, what is shown of it, what happens when it fails."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dag_translator.errors import AirstepError
from infra.cli.deploy_command import bootstrap, run_cdk

FAKE = f"""#!{sys.executable}
import os, sys
open("called", "a").write(" ".join(sys.argv[1:]) + " | " + os.environ.get("AWS_ENDPOINT_URL", "") + "\\n")
print("✨  Synthesis time: 3.2s")
print("airstep-platform | 1/9 | 12:00:00 | CREATE_IN_PROGRESS   | AWS::DynamoDB::Table | Table")
print("airstep-platform | 9/9 | 12:00:01 | CREATE_COMPLETE      | AWS::CloudFormation::Stack | airstep-platform")
if "fails" in sys.argv:
    print("the reason")
    sys.exit(3)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose CDK CLI only says what it was called with."""
    cdk = tmp_path / "node_modules" / ".bin" / "cdk"
    cdk.parent.mkdir(parents=True)
    cdk.write_text(FAKE)
    cdk.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return tmp_path


def test_it_tells_where_to_go_and_shows_what_matters(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_cdk(["deploy", "--all"], {"target": "local"}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert (project / "called").read_text() == "deploy --all -c target=local | http://127.0.0.1:1\n"
    shown = capsys.readouterr().err
    assert "airstep-platform: CREATE_COMPLETE" in shown
    assert "Synthesis time" in shown
    assert "DynamoDB" not in shown


def test_a_failure_shows_everything(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AirstepError, match=r"cdk deploy failed \(exit code 3\)[\s\S]*DynamoDB[\s\S]*the reason"):
        run_cdk(["deploy", "fails"], {}, {}, quiet=True)
    assert capsys.readouterr().err == ""


def test_bootstrap_happens_once(project: Path) -> None:
    class Missing(Exception):
        pass

    class Ssm:
        exceptions = SimpleNamespace(ParameterNotFound=Missing)
        done = False

        def get_parameter(self, Name: str) -> Any:
            if not self.done:
                raise Missing
            return {}

    ssm = Ssm()
    account = SimpleNamespace(client=lambda _: ssm, account_id="000000000000", region="us-east-1", environment={})
    bootstrap(account, quiet=True)
    ssm.done = True
    bootstrap(account, quiet=True)
    called = (project / "called").read_text().splitlines()
    assert len(called) == 1
    assert called[0].startswith("bootstrap aws://000000000000/us-east-1")
