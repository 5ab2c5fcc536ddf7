"""Spells as geometry: which columns of a lane each of them takes. Pure functions.

1. A lane has columns of equal time, about as wide as a pixel. A spell takes every column that it touches.
2. Where several touch a column, it shows the one that is blocked, else the one that takes most of it. So nothing
   overlaps, whatever is thin is merged with its neighbours but still covered, and nothing that was blocked is lost.
3. Neighbouring columns that show the same make one block. A lane with too many blocks is drawn with half the columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from dashboard.spells import Kind, Part, Window

COLUMNS = 720  # of a lane: five seconds each in an hour, two minutes in a day
FEWEST_BLOCKS = 14  # that a lane may always have


@dataclass
class Block:
    """Neighbouring columns that show the same, from `first` on. The spell says what, and from when to when."""

    spell: Part
    columns: int  # of the lane
    first: int
    width: int = 1
    spells: set[int] = field(default_factory=set)  # of those that touch it

    @property
    def left(self) -> float:
        """In percent of the lane, as is `share`."""
        return round(self.first / self.columns * 100, 3)

    @property
    def share(self) -> float:
        return round(self.width / self.columns * 100, 3)

    @property
    def others(self) -> int:
        """How many other spells are merged into it."""
        return len(self.spells) - 1


def lane(spells: Sequence[Part], window: Window, most: int, columns: int = COLUMNS) -> list[Block]:
    """No more blocks than `most`, however often the agent changed."""
    found = blocks(spells, window, columns)
    if len(found) <= max(most, FEWEST_BLOCKS):
        return found
    return lane(spells, window, most, max(columns // 2, FEWEST_BLOCKS))


def blocks(spells: Sequence[Part], window: Window, columns: int) -> list[Block]:
    touching = by_column(spells, window, columns)
    found: list[Block] = []
    for column, touches in touching.items():
        shown = max(touches, key=lambda index: worth(spells[index], touches[index]))
        if found and follows(found[-1], column, spells[shown]):
            stretch(found[-1], spells[shown])
        else:
            found.append(Block(spells[shown], columns, column))
        found[-1].spells.update(touches)
    return found


def by_column(spells: Sequence[Part], window: Window, columns: int) -> dict[int, dict[int, float]]:
    """column → the spells that touch it, by their index, with how much of it each takes. Columns are in order."""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for index, spell in enumerate(spells):
        first = (spell.start - window.since) / window.length * columns
        last = (spell.end - window.since) / window.length * columns
        for column in range(min(int(first), columns - 1), min(max(ceil(last), int(first) + 1), columns)):
            found[column][index] = min(last, column + 1) - max(first, column)
    return found


def worth(spell: Part, share: float) -> tuple[bool, float]:
    return spell.kind == "blocked", share


def follows(block: Block, column: int, spell: Part) -> bool:
    alike = (block.spell.status, block.spell.task_id) == (spell.status, spell.task_id)
    return alike and block.first + block.width == column


def stretch(block: Block, spell: Part) -> None:
    block.width += 1
    if spell is not block.spell:
        block.spell = replace(block.spell, end=spell.end, ended=spell.ended)


STRIP_COLUMNS = 288  # five minutes each in a day
HEIGHT = 20  # units of what is drawn; a column is as wide as one
GAP, ROOMY = 0.8, 4  # between two blocks, where they are wide enough: two tasks in a row are told apart
# A kind is told by its shape as well as by its colour: from where down it is drawn. In CSS the same: see agents.css.
TOP: dict[Kind, int] = {"working": 0, "blocked": 0, "waiting": 10, "idle": 17, "other": 10}
FOOT = 14  # names stand above it


@dataclass(frozen=True)
class Drawing:
    """A path for each kind, in a view box of `columns` × HEIGHT; what is blocked is hatched at its foot."""

    columns: int
    paths: list[tuple[Kind, str]]
    hatched: str


def drawing(found: Sequence[Block], columns: int = COLUMNS) -> Drawing:
    paths: dict[Kind, str] = defaultdict(str)
    for block in found:
        paths[block.spell.kind] += outline(block, TOP[block.spell.kind])
    hatched = "".join(outline(block, FOOT) for block in found if block.spell.kind == "blocked")
    return Drawing(found[0].columns if found else columns, list(paths.items()), hatched)


def outline(block: Block, top: int) -> str:
    width = f"{block.width - GAP:g}" if block.width >= ROOMY and block.spell.task_id else block.width
    return f"M{block.first} {top}h{width}v{HEIGHT - top}h-{width}z"
