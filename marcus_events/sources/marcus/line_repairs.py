"""Lines that hold whole records and something else: what a crash, a full disk or an editor leaves behind.

1. A byte order mark and NUL bytes around records are left out.
2. Several records on one line are taken one by one.
3. Where a record breaks off and a whole one follows on the same line, the whole one is taken.

What is left is named. A repaired record has the id that it has on a line of its own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from marcus_events.sources.marcus.records import (
    ParseTime,
    Record,
    RecordKind,
    Unreadable,
    moment,
    record_from_line,
    refuse_constant,
)

ATTEMPTS = 200  # places of a line at which a record is looked for; a broken line has a few dozen
FILLING = "\0\ufeff \t\r"  # between records
OBJECT = re.compile(r'\{\s*"')
DECODER = json.JSONDecoder(parse_constant=refuse_constant)


@dataclass
class Pieces:
    """The text of each whole record of a line; `left` is the first that belongs to none."""

    texts: list[str] = field(default_factory=list)
    left: str = ""


def records_of(
    kind: RecordKind, line: bytes, where: str, to_moment: ParseTime = moment, *, is_mended: bool = False
) -> tuple[list[Record | Unreadable], bool]:
    """What a line holds, and whether it was repaired."""
    whole = record_from_line(kind, line, where, to_moment)
    if isinstance(whole, Record):
        return [whole], is_mended
    pieces = pieces_of(line)
    texts = [text.encode(errors="surrogateescape") for text in pieces.texts]
    records = [record_from_line(kind, text, where, to_moment) for text in texts]
    if not any(isinstance(record, Record) for record in records):
        return [whole if line.strip(b"\0 \t\r") else Unreadable(where, "contains only NUL bytes")], False
    if pieces.left:
        records.append(Unreadable(where, f"contains part of a record beside a complete one: {shown(pieces.left)}"))
    return records, True


def pieces_of(line: bytes) -> Pieces:
    text = line.decode(errors="surrogateescape")
    pieces, at = Pieces(), 0
    for _ in range(ATTEMPTS):
        at = after_filling(text, at)
        if at >= len(text):
            break
        if end := whole_object(text, at):
            pieces.texts.append(text[at:end])
            at = end
        else:
            pieces.left = pieces.left or text[at:]
            at = next_object(text, at + 1)
    return pieces


def whole_object(text: str, at: int) -> int:
    """The end of the object that begins here, if the line ends after it or another begins; 0 otherwise.

    So what stands within a broken record is not taken for a record.
    """
    try:
        found, end = DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return 0
    after = after_filling(text, end)
    return end if isinstance(found, dict) and (after == len(text) or text[after] == "{") else 0


def next_object(text: str, at: int) -> int:
    found = OBJECT.search(text, at)
    return found.start() if found else len(text)


def after_filling(text: str, at: int) -> int:
    while at < len(text) and text[at] in FILLING:
        at += 1
    return at


def shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
