"""`marcus_events.log` has all SQL on the event table, and is the only user of its models but for the admin."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "dashboard", "marcus_events", "server")
# The spool and the files that Marcus writes are SQLite: other databases, some of whose tables are called the same.
OTHER_DATABASES = ("marcus_events/bus/", "marcus_events/sources/marcus/")
ALLOWED = ("marcus_events/log/", "marcus_events/migrations/", *OTHER_DATABASES)

TABLE = r"(?:\w+\.)?\"?(?:event|event_\d+|event_identity)\"?(?![\w.])"
SQL = re.compile(
    rf"""\b(?:FROM|JOIN|USING|INTO|UPDATE|TABLE|TRUNCATE|COPY|LOCK|ONLY)\s+(?:ONLY\s+)?{TABLE}
    | \bFROM\s[^()]*?,\s*{TABLE}
    | \'event\'::regclass
    | \b(?:UPDATE|INTO|DELETE\s+FROM)\s+log_head\b""",
    re.VERBOSE,
)
MODELS = {"LoggedEvent", "Identity", "LogHead"}
MANAGERS = {f"{model}.{manager}" for model in MODELS for manager in ("objects", "_default_manager", "_base_manager")}


def modules(allowed: tuple[str, ...]) -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not path.relative_to(ROOT).as_posix().startswith(allowed):
                yield path


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every string of a module but its docstrings; of an f-string, its constant parts with X for each value."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_sql_on_the_event_table_is_in_the_log() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match.group(0)!r}"
        for path in modules(ALLOWED)
        for line, text in texts(path.read_text())
        if (match := SQL.search(text))
    ]
    assert not found, "move these statements into functions of marcus_events/log/:\n" + "\n".join(found)


def test_models_of_the_event_table_are_used_by_the_log_alone() -> None:
    """The admin shows rows that the log has read; it asks no manager for any."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in modules((*ALLOWED, "marcus_events/models/"))
        for line, text in uses(path.read_text(), may_import="/admin/" in path.as_posix())
    ]
    assert not found, "\n".join(found)


def uses(source: str, *, may_import: bool) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        imports = isinstance(node, ast.ImportFrom) and bool(MODELS & {alias.name for alias in node.names})
        asks = isinstance(node, ast.Attribute) and ast.unparse(node) in MANAGERS
        if (imports and not may_import) or asks:
            yield node.lineno, ast.unparse(node)  # type: ignore[attr-defined]  # statements and expressions have a line


def test_statements_are_run_in_one_way() -> None:
    """Through `marcus_events.log.rows`; COPY alone needs a cursor of its own."""
    without_log = ("marcus_events/migrations/", *OTHER_DATABASES)
    found = {path.relative_to(ROOT).as_posix() for path in modules(without_log) if ".cursor(" in path.read_text()}
    with_copy = {"marcus_events/log/single_copy.py", "marcus_events/projections/bulk_copy.py"}
    assert found == {"marcus_events/log/rows.py", *with_copy}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM event WHERE true",
        "SELECT 1 FROM event AS e, log_head",
        "SELECT 1 FROM log_head, event",
        "WITH a AS (SELECT) SELECT FROM a JOIN event USING (position)",
        "DELETE FROM event_1000000",
        "INSERT INTO event (position) VALUES (1)",
        "UPDATE ONLY event SET data = '{}'",
        "ALTER TABLE event DETACH PARTITION X",
        'SELECT FROM "event"',
        "SELECT FROM public.event",
        "SELECT position FROM event_identity",
        "SELECT 'event'::regclass",
        "UPDATE log_head SET position = 1",
    ],
)
def test_statements_are_recognised(statement: str) -> None:
    assert SQL.search(statement)


@pytest.mark.parametrize(
    "text",
    [
        "taken from events of the log",
        "SELECT position FROM log_head",
        "SELECT FROM event_type_count",
        "from event import",
    ],
)
def test_other_texts_are_not(text: str) -> None:
    assert not SQL.search(text)
