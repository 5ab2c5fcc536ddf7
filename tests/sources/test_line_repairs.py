"""Lines that a crash, a full disk or an editor has damaged: what is whole is taken, the rest is named."""

import json
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from marcus_events.sources.marcus.line_repairs import parse_line
from marcus_events.sources.marcus.log_lines import LineFile
from marcus_events.sources.marcus.records import Record, RecordKind, Unreadable
from tests.sources.following import line
from tests.sources.installations import REALTIME, Session, append, copy_run, read_once

BOM = b"\xef\xbb\xbf"
SAID = {"timestamp": "2026-11-23T20:46:17Z", "type": "one", "data": {"name": "größer"}}
ONE = json.dumps(SAID, ensure_ascii=False).encode()
TWO = json.dumps(SAID | {"type": "two"}).encode()


@pytest.mark.parametrize(
    ("text", "types"),
    [
        (BOM + ONE, ["one"]),
        (bytes(3) + ONE, ["one"]),
        (bytes(5_000) + BOM + ONE + bytes(7), ["one"]),
        (ONE + TWO, ["one", "two"]),
        (ONE + b" \0" + BOM + TWO + ONE, ["one", "two", "one"]),
    ],
)
def test_records_among_marks_nuls_and_other_records_are_taken(text: bytes, types: list[str]) -> None:
    records, is_repaired = parse_line(RecordKind.REALTIME, text, "realtime:7")
    assert [record.body["type"] for record in records if isinstance(record, Record)] == types
    assert len(records) == len(types)
    assert is_repaired


@pytest.mark.parametrize("cut", range(1, len(TWO) - 1, 7))
def test_a_whole_record_after_one_that_broke_off_is_taken_and_the_break_is_named(cut: int) -> None:
    records, is_repaired = parse_line(RecordKind.REALTIME, TWO[:cut] + ONE, "realtime:7")
    [record, broken] = records
    assert isinstance(record, Record)
    assert record.body["type"] == "one"
    assert isinstance(broken, Unreadable)
    assert broken.where == "realtime:7"
    assert broken.reason.startswith("contains part of a record beside a complete one: ")
    assert is_repaired


def test_a_repaired_record_has_the_id_of_a_whole_one() -> None:
    [whole], [repaired] = (parse_line(RecordKind.REALTIME, text, "r")[0] for text in (ONE, BOM + bytes(9) + ONE))
    assert isinstance(whole, Record)
    assert isinstance(repaired, Record)
    assert whole.text_hash == repaired.text_hash


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bytes(40), "contains only NUL bytes"),
        (BOM, "is not JSON"),
        (TWO[:50], "is not JSON"),
        (b'["a"]' + ONE, "is not JSON"),
        (ONE + b", and more", "is not JSON: Extra data"),
        (b'{"data": ' + ONE, "is not JSON"),
        (b"\xff\xfe" + ONE[:20], "is not UTF-8"),
        (b'{"a":' * 100_000, "is not JSON"),
        (b'{"a' * 100_000, "is not JSON"),
    ],
)
def test_what_cannot_be_repaired_is_named_as_it_was(text: bytes, reason: str) -> None:
    if text.startswith((b"[", b'{"data": ')):  # the record at the end is whole, and what stands before it is not
        records, _ = parse_line(RecordKind.REALTIME, text, "realtime:7")
        assert [type(record) for record in records] == [Record, Unreadable]
        return
    [found], is_repaired = parse_line(RecordKind.REALTIME, text, "realtime:7")
    assert isinstance(found, Unreadable)
    assert (found.where, is_repaired) == ("realtime:7", False)
    assert found.reason.startswith(reason)


def test_repairs_are_counted_and_everything_in_a_damaged_run_is_told(tmp_path: Path) -> None:
    root = copy_run(tmp_path / "run")
    lines = (root / REALTIME).read_bytes().splitlines()
    damaged = [BOM + lines[0], bytes(100) + lines[1], lines[2] + lines[3], lines[4][:40] + lines[4], *lines[5:]]
    (root / REALTIME).write_bytes(b"\n".join(damaged) + b"\n")
    session = Session(root)
    session.scan()
    assert session.log == read_once(copy_run(tmp_path / "whole"))
    assert session.reader.logs.repaired == 4
    assert [item.where for item in session.unreadable] == [f"{REALTIME}:4"]


def test_a_hole_of_any_size_before_a_record_costs_no_memory_and_no_record(tmp_path: Path) -> None:
    """What a writer leaves that goes on at its old place after its file was truncated."""
    path = tmp_path / "realtime_1.jsonl"
    with path.open("wb") as file:
        file.seek(50_000_000)
        file.write(ONE + b"\n" + TWO + b"\n")
    file_of_lines = LineFile(path, "realtime")
    file_of_lines.begin()
    found = list(file_of_lines.read())
    assert [(item.where, getattr(item, "is_repaired", None)) for item in found] == [
        ("realtime:1", True),
        ("realtime:2", False),
    ]


WRITE = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path, bound, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(path, "a", buffering=1) as log:
    resource.setrlimit(resource.RLIMIT_FSIZE, (bound, resource.RLIM_INFINITY))
    try:
        log.write(text + "\\n")
    except OSError:
        pass
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    log.buffer.raw.write(text.encode() + b"\\n")
"""


def test_a_marcus_that_had_no_room_for_a_line_and_goes_on_loses_no_record(tmp_path: Path) -> None:
    """The kernel takes part of a line and refuses the rest; the next line follows what there is."""
    session = Session(tmp_path / "marcus")
    path = session.root / REALTIME
    append(path, line("before"))
    bound = path.stat().st_size + 40
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    subprocess.run([sys.executable, "-c", WRITE, str(path), str(bound), json.dumps(line("after"))], check=True)
    assert path.read_bytes().count(b"\n") >= 2
    assert [event.event_type for event in session.scan()][:2] == ["before", "after"]
    assert session.reader.logs.repaired == 1


COPY = """
import resource, signal, sys
from pathlib import Path
from marcus_events.sources.marcus.sqlite_files import Database, SqliteBusy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
try:
    Database(Path(sys.argv[1])).read(lambda connection: None)
except SqliteBusy as error:
    print(error)
"""


def test_a_database_that_cannot_be_copied_for_want_of_room_is_left_for_the_next_look(tmp_path: Path) -> None:
    """A WAL without its index is read from a copy."""
    root = copy_run(tmp_path / "run")
    board = root / "data/kanban.db"
    with closing(sqlite3.connect(board)) as marcus:
        marcus.execute("PRAGMA journal_mode = WAL")
        with marcus:
            marcus.execute("UPDATE tasks SET updated_at = 'now'")
        shutil.copyfile(board, tmp_path / "kanban.db")
        shutil.copyfile(f"{board}-wal", tmp_path / "kanban.db-wal")
    said = subprocess.run([sys.executable, "-c", COPY, str(tmp_path / "kanban.db")], capture_output=True, check=True)
    assert b"it cannot be copied to" in said.stdout
