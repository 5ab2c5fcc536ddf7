"""Selects the tests for a file: `make check FILE=…` runs them. As a program it prints their paths.

A test module stands for itself. A source module has the test module at its mirrored path: for
`marcus_events/log/writer.py` that is `tests/log/test_writer.py`. Without one, the test modules that import it are used.
A template or another file has the tests of the modules that name it. `make test` covers the rest.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("config", "server", "dashboard", "marcus_events", "benchmarks")


def tests_of(file: Path) -> list[Path]:
    """Return paths, sorted; empty if there are none. `file` and the results are relative to the checkout."""
    if file.suffix != ".py":
        return naming(file)
    if file.parts[0] == "tests" and file.name.startswith("test_"):
        return [file]
    return mirrored(file) or importing(file)


def mirrored(file: Path) -> list[Path]:
    """Map a source path to its test path. `tests/` has the folders of `marcus_events/` at its top level."""
    name = f"test_{file.stem}.py"
    candidates = [Path("tests", file.parent, name), Path("tests", *file.parent.parts[1:], name)]
    return [path for path in dict.fromkeys(candidates) if Path(ROOT, path).exists()]


def importing(file: Path) -> list[Path]:
    parts = file.with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    dotted, package, name = (re.escape(text) for text in (".".join(parts), ".".join(parts[:-1]), parts[-1]))
    by_name = rf"^ *from {package} import (\([^)]*|[^(\n]*)\b{name}\b"
    pattern = re.compile(rf"^ *(from|import) {dotted}\b|{by_name}", re.MULTILINE)
    return [path for path in modules("tests", "test_*.py") if pattern.search(Path(ROOT, path).read_text())]


def naming(file: Path) -> list[Path]:
    """Return the tests of the modules that name the file, or a template that includes it."""
    found: set[Path] = set()
    names = [file]  # extended by each template that names one of them
    for name in names:
        for path in users_of(name):
            if path.suffix == ".py":
                found.update(tests_of(path))
            elif path not in names:
                names.append(path)
    return sorted(found)


def users_of(file: Path) -> list[Path]:
    name = "/".join(file.parts[1:]) if file.parts[0] in ("templates", "static") else file.name
    pattern = re.compile(rf"(?<![\w/-]){re.escape(name)}\b")
    places = [
        *modules("templates", "*.html"),
        *(path for each in (*SOURCES, "tests") for path in modules(each, "*.py")),
    ]
    return [path for path in places if pattern.search(Path(ROOT, path).read_text())]


def modules(folder: str, pattern: str) -> list[Path]:
    return sorted(path.relative_to(ROOT) for path in Path(ROOT, folder).rglob(pattern))


def main(files: list[str]) -> None:
    found = sorted({test for file in files for test in tests_of(Path(file).resolve().relative_to(ROOT))})
    if not found:
        sys.exit(f"No test is found for {' '.join(files)}: run the tests of its area, or make test.")
    print("\n".join(map(str, found)))


if __name__ == "__main__":
    main(sys.argv[1:])
