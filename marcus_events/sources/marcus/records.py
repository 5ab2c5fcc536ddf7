"""A line or a row as Marcus wrote it, before anybody asks what it means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NoReturn

OLDEST_YEAR, NEWEST_YEAR = 1970, 2199  # what the log takes; outside lie clocks that were never set


class RecordKind(IntEnum):
    """What kind of file a record stands in; of an act's records, the lowest kind lends the event its id and time."""

    DATABASE = 1
    REALTIME = 2
    AGENT_EVENTS = 3
    CONVERSATIONS = 4
    BOARD = 5


@dataclass(frozen=True, slots=True)
class Record:
    """`text_hash` stands for the exact bytes; `where` is for people: "logs/…/realtime_1.jsonl:12"."""

    kind: RecordKind
    at: datetime
    body: dict[str, Any]
    where: str
    text_hash: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is there but cannot be a record.

    `is_line` is false of what is said of a file as a whole. `key` is the same for the same line in a file of another
    name.
    """

    where: str
    reason: str
    is_line: bool = field(default=True, compare=False)
    key: str = field(default="", compare=False)


ParseTime = Callable[[object], datetime | None]


def moment(stamp: object) -> datetime | None:
    """An ISO 8601 time in UTC; Marcus means UTC where it names no zone."""
    found = parsed(stamp)
    try:
        return found and in_years((found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC))
    except OverflowError:
        return None


def record_from_line(kind: RecordKind, line: bytes, where: str, to_moment: ParseTime = moment) -> Record | Unreadable:
    try:
        body = json.loads(line.decode(), parse_constant=refuse_constant)
    except UnicodeDecodeError:
        return Unreadable(where, "is not UTF-8")
    except json.JSONDecodeError as error:
        return Unreadable(where, f"is not JSON: {error.msg} at character {error.pos + 1}")
    except (ValueError, RecursionError) as error:
        return Unreadable(where, f"is not JSON: {str(error)[:120]}")
    if not isinstance(body, dict):
        return Unreadable(where, "is not a JSON object")
    if (at := to_moment(body.get("timestamp"))) is None:
        return Unreadable(where, "has no timestamp")
    return Record(kind, at, body, where, id_digest(line.strip()))


def id_digest(text: bytes | str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace") if isinstance(text, str) else text).digest()[:12]


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def parsed(stamp: object) -> datetime | None:
    """An ISO 8601 time as it is written, with a zone or without one."""
    try:
        return datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None


def in_years(at: datetime) -> datetime | None:
    return at if OLDEST_YEAR <= at.year <= NEWEST_YEAR else None


def line_id(kind: RecordKind, text_hash: bytes, occurrence: int) -> str:
    """The id of a jsonl line: from its kind of file, its text, and which occurrence of that text in its file it is.

    No path and no offset is in it, so that a copied, moved or rotated file says nothing new.
    """
    return f"marcus_{kind.name.lower()}_{text_hash.hex()}" + (f"_{occurrence}" if occurrence > 1 else "")


def row_id(table: str, *columns: object) -> str:
    """The id of what a row of the board says."""
    text = json.dumps([table, *columns], default=str)
    return f"marcus_board_{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:24]}"
