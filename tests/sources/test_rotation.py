"""A log that is rotated, replaced, compressed, deleted or restored: nothing is lost, and nothing is read twice."""

import bz2
import gzip
import json
import lzma
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from marcus_events.core.event import utc_now
from marcus_events.sources.marcus.decompression import PlainContents
from marcus_events.sources.marcus.installation import Installation
from marcus_events.sources.marcus.log_lines import LineFile, LogLine
from tests.sources.following import line
from tests.sources.installations import REALTIME, Session, append, copy_run, read_once

FORMS = [
    *(".1", ".12", ".old", ".bak", "-20261129", "-20261129.1", "-1795899600", ".2026-11-29", ".2026-11-29_03-00-00"),
    *(".1.old", "~", ".20261129T0300"),
]


@dataclass(frozen=True)
class Compression:
    ending: str
    compress: Callable[[bytes], bytes]


COMPRESSIONS = [
    Compression(".gz", gzip.compress),
    Compression(".bz2", bz2.compress),
    Compression(".xz", lzma.compress),
]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = Session(tmp_path / "marcus")
    append(session.root / REALTIME, *[numbered(n) for n in range(3)], "garbage", {"type": "no time"})
    session.scan(is_last=False)
    return session


def numbered(number: int) -> dict[str, Any]:
    return line("build_finished", number=number)


def numbers(session: Session) -> list[int]:
    return [event.data["number"] for event in session.log]


def renamed(path: Path, ending: str) -> Path:
    return path.rename(path.with_name(path.name + ending))


@pytest.mark.parametrize("ending", FORMS)
def test_a_rotated_file_is_read_by_whoever_comes_later(tmp_path: Path, ending: str) -> None:
    root = copy_run(tmp_path / "run")
    renamed(root / REALTIME, ending)
    assert len(read_once(root)) == 718
    assert Installation(root).find().unread == []


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=lambda compression: compression.ending)
def test_a_compressed_file_is_read_whatever_its_name(tmp_path: Path, compression: Compression) -> None:
    root = copy_run(tmp_path / "run")
    path = root / REALTIME
    path.write_bytes(compression.compress(path.read_bytes()))
    renamed(path, ".1" + compression.ending)
    assert len(read_once(root)) == 718


@pytest.mark.parametrize("ending", FORMS)
def test_lines_that_are_written_through_a_handle_after_a_rename_are_read(session: Session, ending: str) -> None:
    path = session.root / REALTIME
    with path.open("a") as handle:
        old = renamed(path, ending)
        handle.write(json.dumps(numbered(3)) + "\n")
        handle.flush()
        assert len(session.scan(is_last=False)) == 1
        append(path, numbered(4))
        handle.write(json.dumps(numbered(5)) + "\n")
    session.scan(is_last=False)
    assert sorted(numbers(session)) == [0, 1, 2, 3, 4, 5]
    assert old.exists()


def test_a_file_that_gets_a_name_of_no_log_is_read_on_while_it_is_followed(session: Session) -> None:
    path = session.root / REALTIME
    with path.open("a") as handle:
        path.rename(path.with_name("before.log"))
        handle.write(json.dumps(numbered(3)) + "\n")
    assert len(session.scan(is_last=False)) == 1


def test_a_file_that_is_rotated_into_a_folder_of_its_own_is_read(session: Session) -> None:
    path = session.root / REALTIME
    (path.parent / "old").mkdir()
    append(path, numbered(3))
    path.rename(path.parent / "old" / (path.name + ".1"))
    assert len(session.scan(is_last=False)) == 1


def lines_read(session: Session) -> int:
    """How many lines a look reads, of all files."""
    before = session.reader.logs.lines
    session.scan()
    return session.reader.logs.lines - before


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=lambda compression: compression.ending)
def test_what_was_read_before_it_was_compressed_is_not_read_again(session: Session, compression: Compression) -> None:
    path = session.root / REALTIME
    old = renamed(path, ".1")
    append(path, numbered(3))
    session.scan(is_last=False)
    append(old, numbered(4))  # through a handle, and not seen before the file is compressed
    old.with_name(old.name + compression.ending).write_bytes(compression.compress(old.read_bytes()))
    old.unlink()
    assert lines_read(session) == 1
    assert sorted(numbers(session)) == [0, 1, 2, 3, 4]
    assert len(session.unreadable) == 2


def test_a_copy_that_is_truncated_afterwards_is_not_read_again(session: Session) -> None:
    path = session.root / REALTIME
    append(path, numbered(3))
    shutil.copyfile(path, path.with_name(path.name + "-20261129"))
    path.write_text(json.dumps(numbered(4)) + "\n")
    assert lines_read(session) == 2
    assert sorted(numbers(session)) == [0, 1, 2, 3, 4]
    assert lines_read(session) == 0


def test_a_copy_is_not_read_while_the_file_is_still_there(session: Session) -> None:
    path = session.root / REALTIME
    shutil.copyfile(path, path.with_name(path.name + ".1"))
    assert lines_read(session) == 0
    append(path, numbered(3))
    assert lines_read(session) == 1


def test_files_that_move_up_by_one_are_not_read_again(session: Session) -> None:
    path = session.root / REALTIME
    for number in range(3, 7):
        for old in sorted(path.parent.glob(f"{path.name}.*"), reverse=True):
            old.rename(old.with_suffix(f".{int(old.suffix[1:]) + 1}"))
        renamed(path, ".1")
        append(path, numbered(number))
        assert lines_read(session) == 1
    assert numbers(session) == list(range(7))


@pytest.mark.parametrize("is_time_kept", [False, True], ids=["another time", "the same time"])
def test_a_file_replaced_by_one_of_the_same_size_is_noticed(tmp_path: Path, is_time_kept: bool) -> None:
    path = tmp_path / "realtime_1.jsonl"
    path.write_text("one\ntwo\n")
    file = LineFile(path, "realtime")
    assert texts(file) == ["one", "two"]
    before = path.stat()
    path.write_text("six\nten\n")
    if is_time_kept:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_ino, path.stat().st_size) == (before.st_ino, before.st_size)
    assert texts(file) == ["six", "ten"]
    assert texts(file) == []


def test_a_long_file_of_which_only_the_middle_was_replaced_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "realtime_1.jsonl"
    lines = [f"{n:063}" for n in range(1_000)]
    path.write_text("\n".join(lines) + "\n")
    os.utime(path, (1_000, 1_000))
    file = LineFile(path, "realtime")
    assert len(texts(file)) == 1_000
    lines[500] = "x" * 63
    path.write_text("\n".join(lines) + "\n")
    assert "x" * 63 in texts(file)


def test_lines_that_end_alike_are_told_apart_by_what_stands_before(tmp_path: Path) -> None:
    path, end = tmp_path / "conversations_1.jsonl", "the same end of every line".rjust(80)
    path.write_text(f"one{end}\n")
    file = LineFile(path, "conversations")
    texts(file)
    path.write_text(f"two{end}\nthree{end}\n")
    assert [text[:5].strip() for text in texts(file)] == ["two", "three"]


def texts(file: LineFile) -> list[str]:
    file.begin()
    return [item.text.decode() for item in file.read() if isinstance(item, LogLine)]


def test_a_folder_that_is_deleted_and_restored_adds_only_what_is_new(session: Session, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    shutil.copytree(session.root, backup)
    append(session.root / REALTIME, numbered(3))
    session.scan(is_last=False)
    shutil.rmtree(session.root)
    assert session.scan(is_last=False) == []
    shutil.copytree(backup, session.root)
    append(session.root / REALTIME, numbered(4))
    session.scan()
    assert numbers(session) == [0, 1, 2, 3, 4]


def test_a_compressed_file_whose_end_is_missing_is_read_as_far_as_it_goes_and_named(tmp_path: Path) -> None:
    root = copy_run(tmp_path / "run")
    whole = gzip.compress((root / REALTIME).read_bytes())
    (root / REALTIME).unlink()
    (root / (REALTIME + ".1.gz")).write_bytes(whole[: len(whole) // 2])
    session = Session(root)
    session.scan()
    assert [(file.name, file.reason) for file in session.reader.logs.unread] == [
        (REALTIME + ".1.gz", "is compressed but incomplete")
    ]
    (root / (REALTIME + ".1.gz")).write_bytes(whole)
    session.scan()
    assert session.reader.logs.unread == []
    assert len(session.log) == 718


def test_a_damaged_compressed_file_is_named_and_costs_no_other(tmp_path: Path) -> None:
    root = copy_run(tmp_path / "run")
    (root / (REALTIME + ".2.gz")).write_bytes(b"\x1f\x8b\x08" + bytes(100))
    session = Session(root)
    session.scan()
    assert len(session.log) == 718
    assert [file.name for file in session.reader.logs.unread] == [REALTIME + ".2.gz"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("logs/conversations/realtime_1.jsonl.1.zst", b"\x28\xb5\x2f\xfdxx", "is compressed with zstd"),
        ("logs/conversations/realtime_1.jsonl.1.zip", b"PK\x03\x04xx", "is compressed with zip"),
        ("logs/marcus_20261129.log", b"text", "is not a known log"),
        ("logs/conversations/other_1.jsonl", b"{}\n", "is not a known log"),
        ("data/audit_logs/audit_20261129.jsonl", b"{}\n", "is not a known log"),
        ("data/realtime_1.jsonl", b"{}\n", "is outside logs/"),
    ],
)
def test_a_file_that_looks_like_a_log_and_is_not_read_is_named(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (path.parent / "assignments.json").write_text("{}")
    [unread] = Installation(tmp_path).find().unread
    assert unread.name == name
    assert unread.reason.startswith(reason)


def test_of_many_compressed_files_few_are_open_at_once(tmp_path: Path) -> None:
    start = utc_now() - timedelta(days=100)
    for day in range(60):
        stamps = [(start + timedelta(days=day, seconds=n)).isoformat() for n in range(2_000)]
        text = "".join(json.dumps({"timestamp": at, "type": "build_finished", "fill": at * 8}) + "\n" for at in stamps)
        path = tmp_path / f"logs/conversations/realtime_{day:02}.jsonl.1.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode(), 1))
    session, most = Session(tmp_path), 0
    for acts in session.reader.scan(utc_now(), is_last=True):
        assert acts
        most = max(most, sum(fd.is_symlink() and ".gz" in str(fd.readlink()) for fd in open_files()))
    assert most <= 3


def open_files() -> list[Path]:
    return list(Path("/proc/self/fd").iterdir())


def test_a_file_without_permission_or_in_a_circle_of_links_ends_nothing(tmp_path: Path) -> None:
    root = copy_run(tmp_path / "run")
    (root / "logs" / "again").symlink_to(root / "logs")
    (root / "logs/conversations/realtime_0.jsonl").symlink_to("realtime_0.jsonl")
    assert len(read_once(root)) == 718
    plain = PlainContents(tmp_path)
    assert (plain.read(0, 10), plain.problem) == (b"", "cannot be opened: Is a directory")
