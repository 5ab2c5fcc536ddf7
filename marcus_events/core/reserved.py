"""Event types, sources and markers that are reserved for the system itself.

An event of a producer that uses one is rejected at ingest, also in a spelling that people would confuse with it: with
capitals, invisible characters or letters of another alphabet. `Authority.SYSTEM` lifts this;
tests/core/test_reserved.py lists the modules that may use it.
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
    """The authority under which events are ingested."""

    ANY_BOARD = "any board"  # a producer that may publish to every board
    OWN_BOARDS = "own boards"  # one that may publish to some boards: its events' identities belong to their board
    SYSTEM = "system"


class Reserved(InvalidEvent):
    """The event is reserved for the system."""


def check_not_reserved(event: Event) -> None:
    """Check that the event, whose payload is checked, uses nothing reserved. Raises Reserved."""
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
    """Return the words of a name joined by _, whatever separates them."""
    return re.sub(r"[\W_]+", "_", skeleton(name, space="_")).strip("_")


def skeleton(name: str, space: str = "") -> str:
    """Reduce a name to its appearance: lower case, without accents and invisible characters, spaces as `space`."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(letter for letter in plain if unicodedata.category(letter) not in INVISIBLE)
    return space.join(visible.translate(LOOK_ALIKES).split())


INVISIBLE = ("Cf", "Cn", "Co", "Mn", "Me")


def source_of(kind: str, name: str) -> str:
    """Return the reserved source of a person, a program or a part of the system; `kind` is in RESERVED_SOURCES."""
    return (kind + name).encode()[:MAX_NAME_BYTES].decode(errors="ignore")


def person_in(source: str) -> str:
    """Return the user name in a source; "" if the source is not a user's. Only the system can use such sources."""
    return source.removeprefix(USER) if source.startswith(USER) else ""
