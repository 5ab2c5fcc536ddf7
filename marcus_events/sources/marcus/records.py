"""Lines and rows as Marcus wrote them, parsed but not interpreted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple, NoReturn

OLDEST_YEAR, NEWEST_YEAR = 1970, 2199  # accepted by the log; other years come from clocks that were never set


class RecordKind(IntEnum):
    """The kind of file of a record. An act's event takes its id and time from the record of the lowest kind."""

    DATABASE = 1
    REALTIME = 2
    AGENT_EVENTS = 3
    CONVERSATIONS = 4
    BOARD = 5

    __hash__ = int.__hash__  # Enum's own is ten times slower


class Record(NamedTuple):
    """`text` is the exact bytes; `where` is a place for people: "logs/…/realtime_1.jsonl:12"."""

    kind: RecordKind
    at: datetime
    body: dict[str, Any]
    where: str
    text: bytes

    @property
    def text_hash(self) -> bytes:
        return id_digest(self.text)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that cannot be read as a record.

    `is_line` is false for a fault of a whole file. `key` identifies the line even if its file is renamed.
    """

    where: str
    reason: str
    is_line: bool = field(default=True, compare=False)
    key: str = field(default="", compare=False)


ParseTime = Callable[[object], datetime | None]


def parse_utc(stamp: object) -> datetime | None:
    """Parse an ISO 8601 time into UTC. A time without a zone is UTC."""
    found = parse_iso(stamp)
    try:
        return found and within_years((found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC))
    except OverflowError:
        return None


def record_from_line(
    kind: RecordKind, line: bytes, where: str, parse_time: ParseTime = parse_utc
) -> Record | Unreadable:
    try:
        body = parse_json(line.decode())
    except UnicodeDecodeError:
        return Unreadable(where, "is not UTF-8")
    except json.JSONDecodeError as error:
        return Unreadable(where, f"is not JSON: {error.msg} at character {error.pos + 1}")
    except (ValueError, RecursionError) as error:
        return Unreadable(where, f"is not JSON: {str(error)[:120]}")
    if not isinstance(body, dict):
        return Unreadable(where, "is not a JSON object")
    if (at := parse_time(body.get("timestamp"))) is None:
        return Unreadable(where, "has no timestamp")
    return Record(kind, at, body, where, line.strip())


def parse_json(text: str) -> Any:
    """Do the same as `json.loads`, in half of the time."""
    stripped = text.strip(" \t\r\n")
    try:
        value, end = DECODER.raw_decode(stripped)
    except ValueError:
        end = -1
    return value if end == len(stripped) else json.loads(text, parse_constant=reject_constant)


def id_digest(text: bytes | str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace") if isinstance(text, str) else text).digest()[:12]


def reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


DECODER = json.JSONDecoder(parse_constant=reject_constant)


def parse_iso(stamp: object) -> datetime | None:
    """Parse an ISO 8601 time, with or without a zone."""
    try:
        return datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None


def within_years(at: datetime) -> datetime | None:
    return at if OLDEST_YEAR <= at.year <= NEWEST_YEAR else None


def line_id(kind: RecordKind, text_hash: bytes, occurrence: int) -> str:
    """Return the id of a jsonl line, from its kind of file, its text and the occurrence number of that text in the
    file.

    It contains no path and no offset, so a copied, moved or rotated file produces the same ids.
    """
    return ID_PREFIXES[kind] + text_hash.hex() + (f"_{occurrence}" if occurrence > 1 else "")


ID_PREFIXES = {kind: f"marcus_{kind.name.lower()}_" for kind in RecordKind}


def row_id(table: str, *columns: object) -> str:
    """Return the id of a record made from a row of the board."""
    text = json.dumps([table, *columns], default=str)
    return f"marcus_board_{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:24]}"
