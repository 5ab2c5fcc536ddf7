"""Marcus's databases are read without a lock that it could feel and without leaving anything beside them."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, SqliteBusy
from tests.sources.sqlite_writer import COMMIT, Writer, make
from tests.waiting import wait_until

JOURNAL_MODES = ("delete", "truncate", "persist", "wal")


def count(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT count(*) FROM note").fetchone()[0]
    return found


def both(connection: sqlite3.Connection) -> tuple[int, int]:
    """Equal in every committed state."""
    return count(connection), connection.execute("SELECT total FROM tally").fetchone()[0]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("mode", JOURNAL_MODES)
def test_reading_leaves_nothing_behind_and_changes_nothing(tmp_path: Path, mode: str) -> None:
    database = Database(make(tmp_path / "kanban.db", mode))
    before = contents(tmp_path)
    assert database.read(both) == (0, 0)
    assert contents(tmp_path) == before


def test_a_wal_in_use_is_read_without_changing_it(tmp_path: Path) -> None:
    path = make(tmp_path / "kanban.db", "wal")
    with Writer(path, "wal") as marcus:
        marcus.do(*COMMIT)
        before = contents(tmp_path)
        assert sorted(before) == ["kanban.db", "kanban.db-shm", "kanban.db-wal"]
        assert Database(path).read(both) == (1, 1)
        assert contents(tmp_path) == before


def test_a_copied_wal_without_its_index_is_read_whole_and_gets_no_index(tmp_path: Path) -> None:
    path = make(tmp_path / "kanban.db", "wal")
    (copied := tmp_path / "copied").mkdir()
    with Writer(path, "wal") as marcus:
        marcus.do(*COMMIT)
        for name in ("kanban.db", "kanban.db-wal"):
            shutil.copyfile(tmp_path / name, copied / name)
    before = contents(copied)
    assert Database(copied / "kanban.db").read(both) == (1, 1)
    assert contents(copied) == before


def test_what_a_killed_marcus_had_committed_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = make(tmp_path / "kanban.db", "wal")
    with Writer(path, "wal") as marcus:
        marcus.do(*COMMIT, *COMMIT)
        marcus.process.kill()
    before = contents(tmp_path)
    assert "kanban.db-wal" in before
    assert Database(path).read(both) == (2, 2)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("mode", JOURNAL_MODES)
def test_a_writer_without_patience_is_never_in_our_way_nor_we_in_its(tmp_path: Path, mode: str) -> None:
    path = make(tmp_path / "kanban.db", mode)
    seen: list[int] = []

    def scan() -> bool:
        try:
            notes, total = Database(path).read(both)
        except SqliteBusy:
            return False
        assert notes == total, "not one consistent state"
        seen.append(notes)
        return len(set(seen)) >= 30

    with Writer(path, mode) as marcus:
        marcus.begin("write")
        wait_until(scan)
        commits = stop(marcus)
    assert seen == sorted(seen)
    assert commits >= seen[-1]


def stop(marcus: Writer) -> int:
    """How many commits it made without an error."""
    marcus.begin("SELECT 1")
    answer = marcus.answer()
    assert answer.isdecimal(), answer
    return int(answer)


@pytest.mark.parametrize("begin", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_while_marcus_holds_a_lock_its_last_commit_is_read_or_we_look_again_later(
    tmp_path: Path, mode: str, begin: str
) -> None:
    database = Database(make(tmp_path / "kanban.db", mode))
    with Writer(database.path, mode) as marcus:
        marcus.do(*COMMIT)
        assert marcus.do(begin, "INSERT INTO note VALUES ('not yet committed')") == "ok"
        try:
            assert database.read(both) == (1, 1)
        except SqliteBusy:
            assert mode == "delete"
        assert marcus.do("ROLLBACK", *COMMIT) == "ok"
    assert database.read(both) == (2, 2)


@pytest.mark.parametrize("mode", JOURNAL_MODES)
def test_every_lock_can_be_had_while_we_read(tmp_path: Path, mode: str) -> None:
    """The reader stands still in the middle of its query, and Marcus writes."""
    database = Database(make(tmp_path / "kanban.db", mode))
    with Writer(database.path, mode) as marcus:
        marcus.do(*COMMIT)

        def interrupted(connection: sqlite3.Connection) -> int:
            notes = count(connection)
            assert marcus.do("BEGIN EXCLUSIVE", "INSERT INTO note VALUES ('meanwhile')", "COMMIT") == "ok"
            assert count(connection) == notes
            return notes

        if mode == "wal":
            assert database.read(interrupted) == 1
        else:
            with pytest.raises(SqliteBusy, match="written meanwhile"):
                database.read(interrupted)
        assert database.read(count) > 1


def test_a_database_and_folder_that_cannot_be_written_to_are_read(tmp_path: Path) -> None:
    path = make(tmp_path / "kanban.db")
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert Database(path).read(count) == 0
    finally:
        tmp_path.chmod(0o755)


def test_it_has_changed_until_it_was_read_whole_and_again_after_a_commit(tmp_path: Path) -> None:
    path = make(tmp_path / "kanban.db")
    long_ago = path.stat().st_mtime - 60
    os.utime(path, (long_ago, long_ago))
    database = Database(path)
    assert database.has_changed()
    database.mark_read(database.signature())
    assert not database.has_changed()
    with Writer(path, "delete") as marcus:
        marcus.do(*COMMIT)
    assert database.has_changed()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"This is a text, and a long one at that", "is not an SQLite database"),
        (b"SQLite format 3\0" + b"\1" * 200, "not a database|malformed"),
    ],
)
def test_what_is_no_database_is_said_to_be_none(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "kanban.db"
    path.write_bytes(content)
    with pytest.raises(NotADatabase, match=reason):
        Database(path).read(count)
