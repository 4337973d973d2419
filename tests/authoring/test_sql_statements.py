"""How a text of SQL is split."""

from __future__ import annotations

import pytest

from dag_translator.authoring.hooks.sql_statements import statements


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select 1; ; select 2 ;", ["select 1;", ";", "select 2 ;"]),
        ("select ';' /* ; */, \"a;b\", `c;d`; select 'it''s;'", ["select ';'  , \"a;b\", `c;d`;", "select 'it''s;'"]),
        ("do $$ begin x; end $$; select $1", ["do $$ begin x; end $$;", "select $1"]),
        ("do $b$ a; $$ b; $b$;", ["do $b$ a; $$ b; $b$;"]),
        ("select /*+ hint; */ 1; -- last", ["select /*+ hint; */ 1;"]),
        (
            "create procedure p() begin if x then y; end if; case z when 1 then w; end case; end; select 2",
            [
                "create procedure p() begin if x then y; end if; case z when 1 then w; end case; end;",
                "select 2",
            ],
        ),
        ("begin; insert into t values (case when 1 then 2 end); commit;", None),
        ("select 'open; quote", ["select 'open; quote"]),
        ("", []),
    ],
)
def test_statements(sql: str, found: list[str] | None) -> None:
    wanted = found or ["begin;", "insert into t values (case when 1 then 2 end);", "commit;"]
    assert statements(sql) == (wanted if sql else [])


def test_statements_without_semicolons() -> None:
    assert statements("select 1; ; select 2 ;", strip_semicolon=True) == ["select 1", "select 2"]
