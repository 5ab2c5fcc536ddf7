"""A file of lines that grows, is rotated, truncated or broken while it is read."""

import json
from pathlib import Path

import pytest

from marcus_events.sources.marcus.decompression import CHUNK_BYTES, PlainContents
from marcus_events.sources.marcus.log_lines import FIRST_CHUNK_BYTES, MAX_LINE_BYTES, LineFile, LogLine
from marcus_events.sources.marcus.records import Record, RecordKind, Unreadable, record_from_line, reject_constant
from tests.sources.installations import append


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "realtime_1.jsonl"


def texts(file: LineFile) -> list[str]:
    file.begin()
    return [item.text.decode() if isinstance(item, LogLine) else item.reason for item in file.read()]


def test_each_line_is_given_once_with_its_place(path: Path) -> None:
    append(path, "one", "two")
    file = LineFile(path, "realtime")
    file.begin()
    assert list(file.read()) == [LogLine(b"one", "realtime:1"), LogLine(b"two", "realtime:2")]
    assert texts(file) == []
    append(path, "three")
    file.begin()
    assert list(file.read()) == [LogLine(b"three", "realtime:3")]


def test_half_a_line_waits_for_its_end(path: Path) -> None:
    file = LineFile(path, "realtime")
    append(path, "one", "tw", end=b"")
    assert texts(file) == []
    assert file.unfinished_line() == Unreadable("realtime:1", "is incomplete")
    append(path, "o")
    assert texts(file) == ["onetwo"]
    assert file.unfinished_line() is None


def test_a_line_cut_within_a_character_is_whole_when_its_end_has_come(path: Path) -> None:
    file = LineFile(path, "realtime")
    start, end = "größer".encode()[:3], "größer".encode()[3:]
    append(path, start, end=b"")
    assert texts(file) == []
    append(path, end)
    assert texts(file) == ["größer"]


def test_empty_lines_say_nothing_but_count(path: Path) -> None:
    append(path, "one", "", "  ", "two")
    file = LineFile(path, "realtime")
    file.begin()
    assert [item.where for item in file.read()] == ["realtime:1", "realtime:4"]


def test_what_is_written_during_a_look_is_left_for_the_next(path: Path) -> None:
    append(path, "one")
    file = LineFile(path, "realtime")
    file.begin()
    append(path, "two")
    assert [item for item in file.read() if isinstance(item, LogLine)] == [LogLine(b"one", "realtime:1")]
    assert texts(file) == ["two"]


def test_a_file_renamed_away_and_begun_anew_is_read_from_its_start(path: Path) -> None:
    append(path, "one", "two")
    file = LineFile(path, "realtime")
    texts(file)
    path.rename(path.with_name("realtime_1.jsonl.1"))
    append(path, "three")
    assert texts(file) == ["three"]


def test_a_file_that_is_away_for_a_moment_goes_on_or_starts_over(path: Path) -> None:
    append(path, "one")
    file = LineFile(path, "realtime")
    texts(file)
    path.unlink()
    assert texts(file) == []
    append(path, "another")
    assert texts(file) == ["another"]


def test_a_truncated_file_is_read_from_its_start(path: Path) -> None:
    append(path, "one", "two")
    file = LineFile(path, "realtime")
    texts(file)
    path.write_text("new\n")
    assert texts(file) == ["new"]


def test_a_file_overwritten_with_a_longer_one_is_read_from_its_start(path: Path) -> None:
    append(path, "one", "two")
    file = LineFile(path, "realtime")
    texts(file)
    path.write_text("other\nand longer\nthan before\n")
    assert texts(file) == ["other", "and longer", "than before"]


def test_an_overlong_line_is_named_and_costs_no_other(path: Path) -> None:
    append(path, "before", b"x" * 10_000_000, "after")
    file = LineFile(path, "realtime")
    file.begin()
    found = list(file.read())
    assert found == [LogLine(b"before", "realtime:1"), Unreadable("realtime:2", "is longer than 1 MiB"), found[2]]
    assert found[2] == LogLine(b"after", "realtime:3")


def test_an_overlong_line_that_is_still_growing_is_named_once(path: Path) -> None:
    file = LineFile(path, "realtime")
    for _ in range(5):
        append(path, b"x" * (MAX_LINE_BYTES // 2 + 1), end=b"")
        texts(file)
    append(path, "", "after")
    assert texts(file) == ["after"]


def test_a_line_as_long_as_may_be_is_read(path: Path) -> None:
    append(path, b"x" * MAX_LINE_BYTES, "after")
    assert [len(text) for text in texts(LineFile(path, "realtime"))] == [MAX_LINE_BYTES, 5]


STAMP = '"timestamp": "2026-11-23T20:46:18+00:00"'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"timestamp": "\xff"}', "is not UTF-8"),
        (b"garbage", "is not JSON: Expecting value"),
        (b"[1, 2]", "is not a JSON object"),
        (b"{}", "has no timestamp"),
        (b'{"timestamp": "yesterday"}', "has no timestamp"),
        (b'{"timestamp": 5}', "has no timestamp"),
        (b'{"timestamp": "9999-12-31T23:59:59-23:00"}', "has no timestamp"),
        (f'{{{STAMP}, "n": NaN}}'.encode(), "is not JSON: NaN is not a JSON number"),
        (b"[" * 100_000, "is not JSON"),
        (f'{{{STAMP}, "n": {"9" * 5_000}}}'.encode(), "is not JSON"),
        (b'{"timestamp": "2026-', "is not JSON"),
    ],
)
def test_a_line_that_is_no_record_is_named_with_its_reason(line: bytes, reason: str) -> None:
    found = record_from_line(RecordKind.REALTIME, line, "realtime:7")
    assert isinstance(found, Unreadable)
    assert found.where == "realtime:7"
    assert found.reason.startswith(reason)


def test_a_time_without_a_zone_is_utc() -> None:
    found = record_from_line(RecordKind.REALTIME, b'{"timestamp": "2026-11-23T20:46:18.5"}', "realtime:1")
    assert isinstance(found, Record)
    assert found.at.isoformat() == "2026-11-23T20:46:18.500000+00:00"


def test_a_file_whose_first_lines_are_read_takes_little_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    read = PlainContents._read

    def noted(self: PlainContents, start: int, count: int) -> bytes:
        sizes.append(count)
        return read(self, start, count)

    monkeypatch.setattr(PlainContents, "_read", noted)
    append(path, *[f"{number:0100}" for number in range(10_000)])
    file = LineFile(path, "realtime")
    file.begin()
    lines = file.read()
    assert next(lines) == LogLine(f"{0:0100}".encode(), "realtime:1")
    assert sizes == [FIRST_CHUNK_BYTES]
    assert len(list(lines)) == 9_999
    assert max(sizes) == CHUNK_BYTES


@pytest.mark.parametrize(
    "line", [b"\xef\xbb\xbf{}", b'{"a": 1} x', b'\x0b{"a": 1}', b"  [1, ", b'{"a": NaN}', b" ", b"{}{}"]
)
def test_an_error_is_described_as_json_describes_it(line: bytes) -> None:
    with pytest.raises(ValueError) as expected:  # noqa: PT011 - of json itself
        json.loads(line.decode(), parse_constant=reject_constant)
    found = record_from_line(RecordKind.REALTIME, line, "realtime:7")
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"is not JSON: {getattr(expected.value, 'msg', expected.value)}")
