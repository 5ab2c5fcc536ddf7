"""One noun, one thing: no two classes share a name, and no module is called by a word that says nothing by itself."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("config", "server", "dashboard", "marcus_events")
BY_DJANGO = {"Command", "Media", "Meta"}  # names that the framework looks for
# Each of these names says what a module is only beside its folder's; Django's own are told by their folders.
SAYS_NOTHING = {
    *("base", "checking", "common", "core", "data", "following", "handlers", "handling", "helpers", "main", "manager"),
    *("misc", "page", "present", "reading", "running", "services", "shared", "state", "tools", "types", "utils"),
}


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in Path(ROOT, package).rglob("*.py") if "migrations" not in path.parts)


def test_no_two_public_classes_share_a_name() -> None:
    defined: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                defined[node.name].append(str(path.relative_to(ROOT)))
    assert len(defined) > 300
    shared = {name: places for name, places in defined.items() if len(places) > 1 and name not in BY_DJANGO}
    assert shared == {}


def test_no_module_s_name_occurs_twice_where_it_says_nothing_by_itself() -> None:
    named: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        named[path.stem].append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in named.items() if name in SAYS_NOTHING and len(places) > 1} == {}
