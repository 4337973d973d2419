"""Which Variables, Connections and other DAGs' XComs sources name: Python by its syntax, templates by their
text. Nothing is run.

Counted are `Variable.get("x")` and its kin, `{{ var.value.x }}`, arguments and keys called `…conn_id`,
`BaseHook.get_connection("x")`, `Connection.get("x")`, `{{ conn.x }}`, a hook's own arguments, the connection in the
address of an `ObjectStoragePath`, and the `dag_id` of `xcom_pull`; a name may be a constant of a module. What could
mean any name makes the answer "any", with the place: a role must never lack what a task needs.

>>> found = names_in({Path("d.py"): "from airflow.models import Variable\\nVariable.get('colour')\\nS3Hook('lake')"})
>>> sorted(found.variables.names), sorted(found.connections.names), found.variables.any_because
(['colour'], ['aws_default', 'fs_default', 'http_default', 'lake'], None)
>>> names_in({Path("d.py"): "BaseHook.get_connection(f())"}).connections.any_because
'd.py:1: a computed name'
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Of a hook that is made without a connection; each of ours has one of these.
DEFAULT_CONNECTIONS = ("aws_default", "fs_default", "http_default")
# Of hooks that only who imports them makes, or extends.
_DEFAULTS = {
    "PostgresHook": "postgres_default",
    "MySqlHook": "mysql_default",
    "RedshiftSQLHook": "redshift_default",
    "SnowflakeHook": "snowflake_default",
    "SqliteHook": "sqlite_default",
    "SlackHook": "slack_api_default",
    "SlackWebhookHook": "slack_default",
}
_READS = frozenset({"get"})
_WRITES = frozenset({"set", "delete", "update", "setdefault"})
_GETTERS = frozenset({"get_connection", "get_connection_from_secrets", "get_connections", "get_hook"})
_VARIABLE = re.compile(r"\bvar\s*\.\s*(?:value|json)\s*(?:\.\s*get\s*\(\s*['\"]([^'\"]+)['\"]|\.\s*(?!get\b)(\w+))")
_CONNECTION = re.compile(r"\bconn\s*(?:\.\s*get\s*\(\s*['\"]([^'\"]+)['\"]|\.\s*(?!get\b)(\w+))")
_DAG_ID = re.compile(r"\bdag_id\s*=(?!=)")
_OTHER_DAG = re.compile(r"\bdag_id\s*=(?!=)\s*(?:['\"]([^'\"]+)['\"]|([\w.]+))")
_USER = re.compile(r"^\w+://([^/@]+)@")
_NO_USER = re.compile(r"[\w…]+://[^@]*$")
_OWN_ID = re.compile(r"(dag|ti|task_instance|task|dag_run|self)\.dag_id")  # however a task gets at it, its own DAG's
_TEMPLATE = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)


@dataclass(slots=True)
class Names:
    """names: those that are known; any_because: where and why it may be any other; writes: whether it is written."""

    names: set[str] = field(default_factory=set)
    any_because: str | None = None
    writes: bool = False


@dataclass(slots=True)
class SecretNames:
    """dags: the other DAGs whose XComs are pulled."""

    variables: Names = field(default_factory=Names)
    connections: Names = field(default_factory=Names)
    dags: Names = field(default_factory=Names)


def names_in(sources: Mapping[Path, str]) -> SecretNames:
    """What these files use: Python by its syntax, anything else as a template."""
    found = SecretNames()
    trees = {path: ast.parse(text) for path, text in sources.items() if path.suffix == ".py"}
    shared: dict[str, set[Any]] = {}
    for tree in trees.values():
        for name, values in _constants(tree).items():
            shared.setdefault(name, set()).update(values)
    for path, tree in trees.items():
        _Reader(path.name, found, {**shared, **_constants(tree)}).visit(tree)
    for path, text in sources.items():
        if path not in trees:
            _read_text(text, path.name, found)
    return found


def _constants(tree: ast.Module) -> dict[str, set[Any]]:
    """Names that a module gives a text (or None) and nothing else, at its top."""
    found: dict[str, set[Any]] = {}
    spoilt: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, set())
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        for target in targets:
            if isinstance(target, ast.Name):
                if isinstance(value, ast.Constant):
                    found[target.id].add(value.value)
                else:
                    spoilt.add(target.id)
    stores = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return {name: values for name, values in found.items() if len(values) == stores.count(name) and name not in spoilt}


def _read_text(text: str, place: str, found: SecretNames) -> None:
    """Add what the templates in a text name. What looks like a piece of one is put together somewhere."""
    for template in _TEMPLATE.findall(text):
        _read_template(template, place, found)
    rest = _TEMPLATE.sub("", text)
    if any(sign in rest for sign in ("{{", "{%", "var.value", "var.json")):
        _read_template(rest, place, found, is_piece=True)


def _read_template(text: str, place: str, found: SecretNames, is_piece: bool = False) -> None:
    """Add what a template names; a mention in any other form may mean any name."""
    for word, pattern, names in (("var", _VARIABLE, found.variables), ("conn", _CONNECTION, found.connections)):
        known = [] if is_piece else [left or right for left, right in pattern.findall(text)]
        names.names.update(known)
        if len(re.findall(rf"(?<![\w.]){word}\b", text)) > len(known):
            names.any_because = names.any_because or f"{place}: a template with a computed name"
    if "xcom_pull" in text:
        known = [] if is_piece else _OTHER_DAG.findall(text)
        found.dags.names.update(literal for literal, _ in known if literal)
        own = sum(bool(_OWN_ID.fullmatch(computed)) for _, computed in known)
        if len(_DAG_ID.findall(text)) > own + sum(bool(literal) for literal, _ in known):
            found.dags.any_because = found.dags.any_because or f"{place}: a template with a computed name"


def add(names: Names, values: Iterable[Any], place: str) -> None:
    for value in values:
        if isinstance(value, str) and "{{" not in value and "{%" not in value:
            names.names.add(value)
        elif value is not None:
            names.any_because = names.any_because or f"{place}: a computed name"


class _Reader(ast.NodeVisitor):
    """Goes through one module. constants: name → the values it may have."""

    def __init__(self, place: str, found: SecretNames, constants: Mapping[str, set[Any]]) -> None:
        self.place, self.found, self.constants = place, found, constants
        self.variable_names = {"Variable"}  # how the module calls that class
        self.understood: set[int] = set()  # nodes whose meaning is known already

    def visit_Module(self, node: ast.Module) -> None:
        for each in ast.walk(node):
            if isinstance(each, ast.alias) and each.name == "Variable" and each.asname:
                self.variable_names.add(each.asname)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        owner = function.value if isinstance(function, ast.Attribute) else None
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if owner_name in self.variable_names and name in _READS | _WRITES:
            self.understood.add(id(owner))
            self.found.variables.writes |= name in _WRITES
            self.add(self.found.variables, self._argument(node, "key"), node)
        elif name in _GETTERS or (owner_name == "Connection" and name == "get"):
            if node.args or node.keywords:
                self.add(self.found.connections, self._argument(node, "conn_id"), node)
        elif name.endswith("Hook"):
            self._hook(node)
        elif name == "xcom_pull":
            self._pull(node)
        elif name == "ObjectStoragePath":
            self._address(node)
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg.endswith("conn_id"):
                self.add(self.found.connections, keyword.value, node)
        self.generic_visit(node)

    def _pull(self, node: ast.Call) -> None:
        """`dag_id`, by name or second, is another DAG, unless it is read off something of this one."""
        given = [keyword.value for keyword in node.keywords if keyword.arg == "dag_id"] or node.args[1:2]
        for value in given:
            text = ast.unparse(value).replace("'", "").replace('"', "").replace("[", ".").replace("]", "")
            if not _OWN_ID.fullmatch(".".join(text.split(".")[-2:])):
                self.add(self.found.dags, value, node)

    def _address(self, node: ast.Call) -> None:
        """An address may begin with a connection, `s3://NAME@bucket`; `conn_id` is seen elsewhere."""
        given = node.args[0] if node.args else ast.Constant("")
        known = [*self._values(given)]
        for address in known:
            self.found.connections.names.update(_USER.findall(str(address)))
        pieces = given.values if isinstance(given, ast.JoinedStr) else []
        text = "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in pieces)
        if not known and not _NO_USER.match(text) and not any(each.arg == "conn_id" for each in node.keywords):
            self._any(self.found.connections, node)

    def _hook(self, node: ast.Call) -> None:
        """A hook's positional arguments may be connections; without any it takes its default."""
        self.found.connections.names.update(DEFAULT_CONNECTIONS)
        for argument in node.args:
            self.add(self.found.connections, argument, node)
        if any(keyword.arg is None for keyword in node.keywords):
            self._any(self.found.connections, node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and str(key.value).endswith("conn_id"):
                self.add(self.found.connections, value, node)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.found.connections.names.update(_DEFAULTS[each.name] for each in node.names if each.name in _DEFAULTS)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self.variable_names and id(node) not in self.understood:
            self._passed_on(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr == "Variable" and id(node) not in self.understood:
            self._passed_on(node)
        self.generic_visit(node)

    def _passed_on(self, node: ast.AST) -> None:
        """The class itself is handed to somebody."""
        self._any(self.found.variables, node)
        self.found.variables.writes = True

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            named = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            if named == "default_conn_name" or (named.endswith("conn_id") and isinstance(node.value, ast.Constant)):
                self.add(self.found.connections, node.value, node)
        self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> None:
        given = [*node.posonlyargs, *node.args]
        pairs = [*zip(given[len(given) - len(node.defaults) :], node.defaults, strict=True)]
        pairs += [(each, value) for each, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value]
        for argument, value in pairs:
            if argument.arg.endswith("conn_id"):
                self.add(self.found.connections, value, value)
        for argument in (*given, *node.kwonlyargs):
            if argument.arg == "var":
                self._any(self.found.variables, argument)
            if argument.arg == "conn":
                self._any(self.found.connections, argument)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        text = node.value
        if not isinstance(text, str):
            return
        if text in ("var", "conn"):  # context["var"]
            self._any(self.found.variables if text == "var" else self.found.connections, node)
        else:
            _read_text(text, f"{self.place}:{node.lineno}", self.found)

    def _argument(self, node: ast.Call, name: str) -> ast.expr | None:
        named = (keyword.value for keyword in node.keywords if keyword.arg == name)
        return node.args[0] if node.args else next(named, None)

    def add(self, names: Names, value: ast.expr | None, node: ast.AST) -> None:
        known = list(self._values(value))
        place = f"{self.place}:{getattr(node, 'lineno', 0)}"
        add(names, known or [...], place)

    def _values(self, value: ast.expr | None) -> Iterator[Any]:
        """What an expression may be, nothing if that is not known."""
        match value:
            case ast.Constant():
                yield value.value
            case ast.Name():
                yield from self.constants.get(value.id, ())
            case ast.Attribute():  # of a module of the user's
                yield from self.constants.get(value.attr, ())

    def _any(self, names: Names, node: ast.AST) -> None:
        names.any_because = names.any_because or f"{self.place}:{getattr(node, 'lineno', 0)}: a computed name"
