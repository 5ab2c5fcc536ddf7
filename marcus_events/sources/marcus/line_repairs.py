"""Recovers whole records from damaged lines, as left by a crash, a full disk or an editor.

1. Byte order marks and NUL bytes around records are dropped.
2. Several records on one line are read one by one.
3. If a record breaks off and a whole one follows on the same line, the whole one is read.

The rest is reported. A recovered record has the id it would have on a line of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from marcus_events.sources.marcus.records import (
    DECODER,
    ParseTime,
    Record,
    RecordKind,
    Unreadable,
    parse_utc,
    record_from_line,
)

MAX_ATTEMPTS = 200  # start offsets tried per line; a broken line has a few dozen
FILLER = "\0\ufeff \t\r"  # between records
OBJECT = re.compile(r'\{\s*"')


@dataclass
class Pieces:
    """The texts of the whole records of a line; `remainder` is the first text that belongs to none."""

    texts: list[str] = field(default_factory=list)
    remainder: str = ""


def parse_line(
    kind: RecordKind, line: bytes, where: str, parse_time: ParseTime = parse_utc, *, is_repaired: bool = False
) -> tuple[list[Record | Unreadable], bool]:
    """Return the records of a line and whether it was repaired."""
    whole = record_from_line(kind, line, where, parse_time)
    if isinstance(whole, Record):
        return [whole], is_repaired
    pieces = split_records(line)
    texts = [text.encode(errors="surrogateescape") for text in pieces.texts]
    records = [record_from_line(kind, text, where, parse_time) for text in texts]
    if not any(isinstance(record, Record) for record in records):
        return [whole if line.strip(b"\0 \t\r") else Unreadable(where, "contains only NUL bytes")], False
    if pieces.remainder:
        records.append(
            Unreadable(where, f"contains part of a record beside a complete one: {abbreviate(pieces.remainder)}")
        )
    return records, True


def split_records(line: bytes) -> Pieces:
    text = line.decode(errors="surrogateescape")
    pieces, at = Pieces(), 0
    for _ in range(MAX_ATTEMPTS):
        at = skip_filler(text, at)
        if at >= len(text):
            break
        if end := end_of_object(text, at):
            pieces.texts.append(text[at:end])
            at = end
        else:
            pieces.remainder = pieces.remainder or text[at:]
            at = next_object(text, at + 1)
    return pieces


def end_of_object(text: str, at: int) -> int:
    """Return the end of the object at `at`, or 0 unless the line ends or another object begins after it.

    Otherwise an object nested in a broken record would be read as a record.
    """
    try:
        found, end = DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return 0
    after = skip_filler(text, end)
    return end if isinstance(found, dict) and (after == len(text) or text[after] == "{") else 0


def next_object(text: str, at: int) -> int:
    found = OBJECT.search(text, at)
    return found.start() if found else len(text)


def skip_filler(text: str, at: int) -> int:
    while at < len(text) and text[at] in FILLER:
        at += 1
    return at


def abbreviate(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
