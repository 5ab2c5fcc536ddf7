"""Events in any number for measurements: seeded, dull to read, and shaped like the real ones.

An event is a function of the seed, its number and how many there are to be, so that the same command makes the same
log, and goes on where it was ended. Words come as often as in a language: a few are everywhere, most are rare. Some
are planted, so that a measurement knows what it looks for:

- COMMON is in two of three events, RARE in one of RARE_EVERY, EARLY in some of the oldest twentieth and nowhere else;
- each of APART is in one of twenty events, both together in one of MEET_EVERY;
- PHRASE stands side by side in one of PHRASE_EVERY, its words apart far more often.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any

from marcus_events.core.event_types import EventTypes as T
from marcus_events.log.append import EventData

BLOCK = 1_000  # events that are drawn from one sequence of chance
COMMON, RARE, EARLY = "the", "quokka", "genesis"
APART = ("amber", "cobalt")
PHRASE = "certificate has expired"
RARE_EVERY, MEET_EVERY, PHRASE_EVERY = 200_003, 50_021, 20_011

BOARDS, AGENTS_OF_BOARD, EVENTS_OF_TASK = 24, 8, 40
WORDS = 30_000
TYPES = {
    T.TASK_PROGRESS: 46,
    T.PROJECT_STATE_REFRESHED: 9,
    T.CONTEXT_UPDATED: 8,
    T.TASK_REQUESTED: 6,
    T.DECISION_LOGGED: 6,
    T.AGENT_STATUS_CHANGED: 5,
    T.TASK_CREATED: 4,
    T.TASK_ASSIGNED: 4,
    T.TASK_STARTED: 4,
    T.TASK_COMPLETED: 4,
    T.TASK_BLOCKED: 1,
    T.BLOCKER_RESOLVED: 1,
    T.WARNING: 1,
    "nightly_backup": 0.5,
    T.ERROR: 0.4,
    T.KANBAN_ERROR: 0.1,
}
ABOUT_NO_TASK = {T.PROJECT_STATE_REFRESHED, T.AGENT_STATUS_CHANGED, T.KANBAN_ERROR, "nightly_backup"}


@dataclass(frozen=True)
class GeneratedRange:
    """`count` events between two times."""

    seed: int
    count: int
    begin: datetime
    end: datetime

    def at(self, number: int) -> datetime:
        return self.begin + (self.end - self.begin) * ((number + 0.5) / self.count)


def event_id(seed: int, number: int) -> str:
    return f"generated-{seed}-{number}"


def entries(extent: GeneratedRange, after: int = 0) -> Iterator[EventData]:
    """The events of these numbers in order, from the one after `after` on."""
    for block in range(after // BLOCK, -(-extent.count // BLOCK)):
        chance = random.Random(f"{extent.seed}/{block}")  # noqa: S311 - the same events every time is the point
        for number in range(block * BLOCK, min((block + 1) * BLOCK, extent.count)):
            made = entry(extent, number, chance)
            if number >= after:
                yield made


def entry(extent: GeneratedRange, number: int, chance: random.Random) -> EventData:
    [event_type] = chance.choices(list(TYPES), cum_weights=type_weights())
    board_number = int(chance.random() ** 2 * BOARDS)  # some boards are livelier
    board = f"board-{board_number:02}"
    agent = f"agent_{board_number:02}_{chance.randrange(AGENTS_OF_BOARD)}"
    task = None if event_type in ABOUT_NO_TASK else f"{board}-{task_number(number, chance)}"
    data: dict[str, Any] = {"agent_id": agent, "message": sentence(extent, number, chance)}
    if task:
        data |= {"task_id": task, "task_name": title(task)}
    if event_type == T.TASK_PROGRESS:
        data["progress"] = chance.randrange(101)
    metadata = {"board_id": board, "board_name": f"Project {board_number}"}
    source = agent if chance.random() < 0.6 else "marcus"
    digest = hashlib.blake2b(f"{extent.seed}/{number}".encode(), digest_size=16).digest()
    identity = event_id(extent.seed, number)
    return EventData(identity, source, event_type, extent.at(number), data, metadata, board, task, agent, digest)


def task_number(number: int, chance: random.Random) -> int:
    """Tasks come one after another, some of a board at a time."""
    return number // (BOARDS * EVENTS_OF_TASK) + chance.randrange(5)


@lru_cache(maxsize=10_000)
def title(task: str) -> str:
    """The same for every event of a task."""
    chance = random.Random(task)  # noqa: S311
    return " ".join(chance.choices(words(), cum_weights=word_weights(), k=4))


def sentence(extent: GeneratedRange, number: int, chance: random.Random) -> str:
    found = chance.choices(words(), cum_weights=word_weights(), k=chance.randrange(6, 16))
    return " ".join([*found, *planted(extent, number, chance)])


def planted(extent: GeneratedRange, number: int, chance: random.Random) -> Iterator[str]:
    if chance.random() < 2 / 3:
        yield COMMON
    if number % MEET_EVERY == 0:
        yield from APART
    elif chance.random() < 0.1:
        yield chance.choice(APART)
    if number % RARE_EVERY == 1:
        yield RARE
    if number < extent.count // 20 and number % 50 == 0:
        yield EARLY
    if number % PHRASE_EVERY == 2:
        yield PHRASE
    elif chance.random() < 0.01:
        yield " ".join(reversed(PHRASE.split()))


@cache
def words() -> list[str]:
    """Invented ones, two to four syllables each, the first the most frequent."""
    chance = random.Random(1)  # noqa: S311
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "an", "er")]
    found: dict[str, None] = {}
    while len(found) < WORDS:
        found["".join(chance.choices(syllables, k=chance.randrange(2, 5)))] = None
    return list(found)


@cache
def word_weights() -> list[float]:
    """By Zipf's law."""
    return list(accumulate(1 / (rank + 3) for rank in range(WORDS)))


@cache
def type_weights() -> list[float]:
    return list(accumulate(TYPES.values()))
