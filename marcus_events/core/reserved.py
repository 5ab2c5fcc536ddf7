"""What only the system itself may say, and the names under which it does.

Event types, sources, and marks in data and metadata are reserved. A producer that uses one is refused at ingest, also
where it is written so that a person reads it as the same: in capitals, with invisible characters, with letters of
another alphabet. `Authority.SYSTEM` lifts this; tests/core/test_reserved.py lists the modules that may use it.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import lru_cache

from marcus_events.core.event import Event, InvalidEvent
from marcus_events.core.event_types import HANDLING, canonical, types_of
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.payload import MAX_NAME_BYTES
from marcus_events.core.redaction_marker import DEMO, is_redacted
from marcus_events.core.references import board_of

USER, PROGRAM, SYSTEM = "user:", "program:", "system:"
RESERVED_SOURCES = (USER, PROGRAM, SYSTEM)  # what they begin with
RESERVED_NAMES = ("the system",)  # sources
RESERVED_TYPES = frozenset(
    {
        *types_of("audit"),
        *HANDLING,
        T.BOARD_REMOVED,
    }
)
DEMO_BOARD = "demo"

# Letters and colons of other alphabets that look like ours in common fonts, after compatibility forms are folded.
LOOK_ALIKES = str.maketrans(
    "абвгԁеһіјкӏмнорԛѕтухѵԝαβγικνορτυχωϲıɑɡꞌ։׃∶ː꞉",
    "a6brdehijklmhopqstyxvwaByiknoptuxwciag':::::",
)


CACHE_SIZE = 2048  # names whose look is remembered: a producer uses a few, again and again


class Authority(Enum):
    """In whose name events are ingested."""

    ANY_BOARD = "any board"  # a producer that may publish to every board
    OWN_BOARDS = "own boards"  # one that may publish to some boards: its events' identities belong to their board
    SYSTEM = "system"


class Reserved(InvalidEvent):
    """Only the system itself may publish this event."""


def check_not_reserved(event: Event) -> None:
    """`event` is of checked data and metadata. Raises Reserved."""
    if is_reserved_type(event.event_type):
        raise Reserved("/event_type", "is reserved for Marcus Events itself; choose another type")
    if is_reserved_source(event.source):
        reason = "is reserved: user:, program: and system: are for Marcus Events itself; give your program's own name"
        raise Reserved("/source", reason)
    if (event.metadata or {}).get(DEMO) is True:
        raise Reserved("/metadata/demo", "is reserved for the bundled demo; leave it out")
    if board_of(event) == DEMO_BOARD:
        raise Reserved("/metadata/board_id", "is the board of the bundled demo; choose another id")
    if is_redacted(event.data):
        raise Reserved("/data/redacted", "is reserved for redacted events; rename the field")


@lru_cache(CACHE_SIZE)
def is_reserved_type(name: str) -> bool:
    return canonical(name_words(name)) in RESERVED_TYPES


@lru_cache(CACHE_SIZE)
def is_reserved_source(name: str) -> bool:
    return skeleton(name).startswith(RESERVED_SOURCES) or name_words(name) in map(name_words, RESERVED_NAMES)


def name_words(name: str) -> str:
    """The words of a name with _ between them: whatever else separates them reads the same."""
    return re.sub(r"[\W_]+", "_", skeleton(name, space="_")).strip("_")


def skeleton(name: str, space: str = "") -> str:
    """The name as it looks: without capitals, spaces, and what is invisible or an accent."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(letter for letter in plain if unicodedata.category(letter) not in INVISIBLE)
    return space.join(visible.translate(LOOK_ALIKES).split())


INVISIBLE = ("Cf", "Cn", "Co", "Mn", "Me")


def source_of(kind: str, name: str) -> str:
    """The source of what a person, a waiting program or a part of the system does; `kind` is of RESERVED_SOURCES."""
    return (kind + name).encode()[:MAX_NAME_BYTES].decode(errors="ignore")


def person_in(source: str) -> str:
    """The person who speaks under a source; "" where it is no person's. Only the system makes such sources."""
    return source.removeprefix(USER) if source.startswith(USER) else ""
