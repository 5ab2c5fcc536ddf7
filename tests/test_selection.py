"""A changed file finds its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import selection

FILES = {
    "marcus_events/log/writer.py": "",
    "marcus_events/log/append.py": "",
    "marcus_events/log/__init__.py": "",
    "dashboard/pages/blocked/regions.py": 'PART = "blocked/_open.html"',
    "dashboard/pages/blocked/delays.py": "",
    "templates/blocked/_open.html": '{% include "blocked/_row.html" %}',
    "templates/blocked/_row.html": '{% include "blocked/_row.html" %}',
    "templates/blocked/_unused.html": "",
    "tests/log/test_writer.py": "from marcus_events.log import append, writer",
    "tests/log/test_tail.py": "from marcus_events.log import (\n    append,\n)",
    "tests/log/test_readers.py": "import marcus_events.log.append_all",
    "tests/dashboard/pages/blocked/test_regions.py": "from tests.log import helper",
    "tests/dashboard/test_charts.py": "from dashboard.pages.blocked.delays import delays",
    "tests/log/helper.py": "",
}


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("tests/log/test_tail.py", ["tests/log/test_tail.py"]),
        ("marcus_events/log/writer.py", ["tests/log/test_writer.py"]),
        ("dashboard/pages/blocked/regions.py", ["tests/dashboard/pages/blocked/test_regions.py"]),
        ("marcus_events/log/append.py", ["tests/log/test_tail.py", "tests/log/test_writer.py"]),
        ("dashboard/pages/blocked/delays.py", ["tests/dashboard/test_charts.py"]),
        ("tests/log/helper.py", ["tests/dashboard/pages/blocked/test_regions.py"]),
        ("templates/blocked/_open.html", ["tests/dashboard/pages/blocked/test_regions.py"]),
        ("templates/blocked/_row.html", ["tests/dashboard/pages/blocked/test_regions.py"]),
        ("templates/blocked/_unused.html", []),
    ],
)
def test_a_file_has_the_tests_at_its_place_or_those_that_use_it(file: str, found: list[str]) -> None:
    assert [str(path) for path in selection.tests_of(Path(file))] == found


def test_where_there_is_no_test_it_says_so() -> None:
    with pytest.raises(SystemExit, match="make test"):
        selection.main(["templates/blocked/_unused.html"])
