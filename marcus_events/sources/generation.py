"""Generates any number of realistic events for measurements, from a seed.

An event depends only on the seed, its number and the total, so the same command generates the same log and can resume.
Word frequencies follow Zipf's law. Some words are planted for search measurements:

- COMMON is in two of three events, RARE in one of RARE_EVERY, EARLY in some of the oldest twentieth and nowhere else;
- each word of APART is in one of twenty events, both together in one of MEET_EVERY;
- PHRASE occurs as a phrase in one of PHRASE_EVERY, its words separately far more often.
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

BLOCK = 1_000  # events drawn from one random generator
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
TYPES_WITHOUT_TASK = {T.PROJECT_STATE_REFRESHED, T.AGENT_STATUS_CHANGED, T.KANBAN_ERROR, "nightly_backup"}


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


def entries(limits: GeneratedRange, after: int = 0) -> Iterator[EventData]:
    """Yield the events after number `after`, in order."""
    for block in range(after // BLOCK, -(-limits.count // BLOCK)):
        rng = random.Random(f"{limits.seed}/{block}")  # noqa: S311 - the same events every time is the point
        for number in range(block * BLOCK, min((block + 1) * BLOCK, limits.count)):
            made = entry(limits, number, rng)
            if number >= after:
                yield made


def entry(limits: GeneratedRange, number: int, rng: random.Random) -> EventData:
    [event_type] = rng.choices(list(TYPES), cum_weights=type_weights())
    board_number = int(rng.random() ** 2 * BOARDS)  # some boards are busier
    board = f"board-{board_number:02}"
    agent = f"agent_{board_number:02}_{rng.randrange(AGENTS_OF_BOARD)}"
    task = None if event_type in TYPES_WITHOUT_TASK else f"{board}-{task_number(number, rng)}"
    data: dict[str, Any] = {"agent_id": agent, "message": sentence(limits, number, rng)}
    if task:
        data |= {"task_id": task, "task_name": title(task)}
    if event_type == T.TASK_PROGRESS:
        data["progress"] = rng.randrange(101)
    metadata = {"board_id": board, "board_name": f"Project {board_number}"}
    source = agent if rng.random() < 0.6 else "marcus"
    digest = hashlib.blake2b(f"{limits.seed}/{number}".encode(), digest_size=16).digest()
    identity = event_id(limits.seed, number)
    return EventData(identity, source, event_type, limits.at(number), data, metadata, board, task, agent, digest)


def task_number(number: int, rng: random.Random) -> int:
    """Return the event's task: a board has five tasks at a time, in sequence."""
    return number // (BOARDS * EVENTS_OF_TASK) + rng.randrange(5)


@lru_cache(maxsize=10_000)
def title(task: str) -> str:
    """Return the task's name, the same for all of its events."""
    rng = random.Random(task)  # noqa: S311
    return " ".join(rng.choices(words(), cum_weights=word_weights(), k=4))


def sentence(limits: GeneratedRange, number: int, rng: random.Random) -> str:
    drawn = rng.choices(words(), cum_weights=word_weights(), k=rng.randrange(6, 16))
    return " ".join([*drawn, *planted_words(limits, number, rng)])


def planted_words(limits: GeneratedRange, number: int, rng: random.Random) -> Iterator[str]:
    if rng.random() < 2 / 3:
        yield COMMON
    if number % MEET_EVERY == 0:
        yield from APART
    elif rng.random() < 0.1:
        yield rng.choice(APART)
    if number % RARE_EVERY == 1:
        yield RARE
    if number < limits.count // 20 and number % 50 == 0:
        yield EARLY
    if number % PHRASE_EVERY == 2:
        yield PHRASE
    elif rng.random() < 0.01:
        yield " ".join(reversed(PHRASE.split()))


@cache
def words() -> list[str]:
    """Return invented words of two to four syllables, most frequent first."""
    rng = random.Random(1)  # noqa: S311
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "an", "er")]
    drawn: dict[str, None] = {}
    while len(drawn) < WORDS:
        drawn["".join(rng.choices(syllables, k=rng.randrange(2, 5)))] = None
    return list(drawn)


@cache
def word_weights() -> list[float]:
    """Return cumulative weights by Zipf's law."""
    return list(accumulate(1 / (rank + 3) for rank in range(WORDS)))


@cache
def type_weights() -> list[float]:
    return list(accumulate(TYPES.values()))
