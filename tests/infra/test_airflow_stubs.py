"""What stands for Airflow while pip resolves; which requirements it is used for."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from infra.airflow_stubs import STUBS, also_needed, is_core, provider_in, stubs_for, write_stubs


@pytest.mark.parametrize(
    ("line", "core", "provider"),
    [
        ("apache-airflow[amazon]==2.10.3", True, None),
        ("apache_airflow_core>=3", True, None),
        ("apache-airflow-providers-standard", True, None),
        ("apache-airflow-providers-dbt-cloud>=9 ; python_version > '3'", False, "apache-airflow-providers-dbt-cloud"),
        ("pandas", False, None),
        ("-r other.txt", False, None),
    ],
)
def test_requirements_about_airflow(line: str, core: bool, provider: str | None) -> None:
    assert (is_core(line), provider_in(line)) == (core, provider)


def test_the_wheels_say_what_airflow_would_have_brought(tmp_path: Path) -> None:
    write_stubs(STUBS, tmp_path)
    with zipfile.ZipFile(tmp_path / "apache_airflow-3.3.2+airstep-py3-none-any.whl") as wheel:
        metadata = wheel.read("apache_airflow-3.3.2+airstep.dist-info/METADATA").decode()
        assert all("/" in name and ".dist-info/" in name for name in wheel.namelist()), "no code"
    assert "Requires-Dist: packaging\n" in metadata
    assert len(list(tmp_path.iterdir())) == len(STUBS)


def test_what_the_requirements_name_themselves_is_not_replaced() -> None:
    assert "mysqlclient" in {stub.name for stub in stubs_for(["apache-airflow-providers-mysql"])}
    assert "mysqlclient" not in {stub.name for stub in stubs_for(["mysqlclient==2.2"])}
    assert also_needed(["pandas", "apache-airflow-providers-snowflake==6.1"]) == ["aiohttp"]
