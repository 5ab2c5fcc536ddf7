"""Whether a folder can be followed, in words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from marcus_events.sources.marcus import folder_check
from marcus_events.sources.marcus.folder_check import find_problem, is_same_folder, parse_path
from tests.sources.installations import copy_run

ROOT = Path(__file__).parents[2]
NOBODY = 65534
AS_NOBODY = (
    "import os, sys; from pathlib import Path; from marcus_events.sources.marcus.folder_check import find_problem;"
    f" os.chdir(sys.argv[1]); os.geteuid() or os.setuid({NOBODY}); print(find_problem(Path('.')))"
)


def test_a_marcus_and_an_empty_folder_can_be_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert find_problem(root) == find_problem(tmp_path / "empty") == ""


@pytest.mark.parametrize("text", ["", "marcus", "./marcus", "../marcus", "~root/x", "/x/a\nb", "/x/\x1b[2J"])
def test_what_is_no_whole_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(Enter an absolute path|A path cannot contain line breaks)"):
        parse_path(text)


def test_the_home_of_the_server_may_be_abbreviated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert parse_path("~/marcus/") == Path("/home/ada/marcus")


def test_what_is_no_folder_is_refused(root: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(root / "data/marcus.db")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert find_problem(tmp_path / "nowhere") == folder_check.MISSING
    for path in (root / "data/marcus.db", tmp_path / "pipe", tmp_path / "link", Path("/dev/null")):
        assert find_problem(path) == folder_check.NOT_A_FOLDER
    assert find_problem(tmp_path / "circle").startswith("Cannot open the folder: Too many levels")
    assert find_problem(tmp_path / ("x" * 300)) == "Cannot open the folder: File name too long."


def test_the_folder_above_is_named_where_one_of_its_own_is_meant(root: Path) -> None:
    for name in ("data", "logs"):
        assert find_problem(root / name) == folder_check.IN_PARENT.format(root)


def test_a_link_that_leads_out_of_the_folder_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "logs").rename(tmp_path / "logs")
    (root / "logs").symlink_to(tmp_path / "logs")
    assert find_problem(root) == folder_check.LEADS_OUT.format("logs")


@pytest.mark.parametrize("name", [".", "logs", "data/kanban.db"])
def test_what_the_server_may_not_read_is_named(tmp_path: Path, name: str) -> None:
    """In a process that is not root's, and begins within the folder: those above it are not opened to everybody."""
    root = copy_run(tmp_path / "marcus")
    root.chmod(0o755)
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (root / name).chmod(0)
    command = [sys.executable, "-c", AS_NOBODY, str(root)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    (root / name).chmod(0o700)
    assert found.stdout.strip() == folder_check.FORBIDDEN.format("this folder" if name == "." else name), found.stderr


def test_two_names_of_one_folder_are_the_same(root: Path) -> None:
    link = root.with_name("link")
    link.symlink_to(root)
    assert is_same_folder(link, root)
    assert is_same_folder(root / "data" / "..", root)
    assert not is_same_folder(root, root.with_name("other"))
