"""A module of the dashboard asks the database or knows a page's state, never both.

1. The database is asked in `dashboard/queries/`, and in the modules of `dashboard/pages/<page>/` that are not called
   `views.py`, `*_views.py`, `forms.py` or `regions.py`.
2. What asks it is given values: a scope, a text, a function that makes links. It imports neither `dashboard.live` nor
   any view, form or region.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEVER = re.compile(r"(views|.*_views|forms|regions)\.py")
OF_PAGES = re.compile(
    r"dashboard\.live\b.*|dashboard\.pages\.(?:\w+\.)?(?:\w+_)?(?:views|forms|regions|page_view|board_choice)"
)
SETTINGS_OF = {"dashboard/models.py", "dashboard/admin.py", "dashboard/visibility.py", "dashboard/apps.py"}

# Of rooms that read the log, what takes a value and reads nothing.
READS_NOTHING = {"marcus_events.log.statement_timeout", "marcus_events.search.masking"}
READERS = ("marcus_events.log", "marcus_events.search", "marcus_events.access.linked_tasks")
MANAGERS = {"objects", "_default_manager", "_base_manager"}
QUERYSETS = {"aggregate", "annotate", "exclude", "order_by", "select_related", "values_list"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404"}


def modules() -> Iterator[Path]:
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if "/migrations/" not in name and name not in SETTINGS_OF:
            yield path


def may_ask(path: Path) -> bool:
    inside = path.relative_to(ROOT / "dashboard").parts
    is_of_page = inside[0] == "pages" and len(inside) == 3 and not NEVER.fullmatch(inside[-1])
    return inside[0] == "queries" or is_of_page


def asks(source: str) -> list[str]:
    """Where a module asks the database: through a manager, a connection, the log or the search."""
    return [found for node in ast.walk(ast.parse(source)) for found in asking(node)]


def asking(node: ast.AST) -> Iterator[str]:
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
        yield f"{node.lineno}: {ast.unparse(node)}"
    elif isinstance(called, ast.Attribute) and called.attr in QUERYSETS:
        yield f"{called.lineno}: {ast.unparse(called)}"
    elif isinstance(node, ast.ImportFrom) and node.module:
        for name in (alias.name for alias in node.names):
            if is_reader(node.module, name):
                yield f"{node.lineno}: from {node.module} import {name}"


def is_reader(module: str, name: str) -> bool:
    """A class is a value's type; everything else that these modules have reads."""
    if (module, name) in {("django.db", "connection"), ("django.db", "connections")} or name in SHORTCUTS:
        return True
    if module == "marcus_events" and f"marcus_events.{name}" in READERS:
        return True
    is_module_of_room = module.startswith(READERS) and module not in READS_NOTHING
    return is_module_of_room and f"{module}.{name}" not in READS_NOTHING and not name[0].isupper()


def imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_only_query_modules_ask_the_database() -> None:
    found = {path.relative_to(ROOT).as_posix(): asks(path.read_text()) for path in modules() if not may_ask(path)}
    assert not {name: places for name, places in found.items() if places}


def test_what_asks_the_database_knows_no_page_state_view_or_form() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): [name for name in imports(path.read_text()) if OF_PAGES.match(name)]
        for path in modules()
        if may_ask(path) and (path.parent.name == "queries" or asks(path.read_text()))
    }
    assert not {name: names for name, names in found.items() if names}


@pytest.mark.parametrize(
    "line",
    [
        "rows = Board.objects.now()",
        "few = rows.exclude(snoozed_until__gt=now)",
        "from django.db import connection",
        "from django.shortcuts import get_object_or_404",
        "from marcus_events.log import read",
        "from marcus_events.log.read import head",
        "from marcus_events import search",
        "from marcus_events.search import page",
    ],
)
def test_asking_is_recognised(line: str) -> None:
    assert asks(line)


@pytest.mark.parametrize(
    "line",
    [
        "from marcus_events.log.read import Head",
        "from marcus_events.log.statement_timeout import total_timeout",
        "from marcus_events.search.masking import masked",
        "from django.db import transaction",
    ],
)
def test_values_are_no_questions(line: str) -> None:
    assert not asks(line)
