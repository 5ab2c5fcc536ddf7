"""Where to look, and in which order: the spans of positions that a question is asked of, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from marcus_events.core.filters import EventFilter
from marcus_events.models import SearchPart

NEAR = 2_000  # positions that are walked through first: what is common is found there at once
AT_ONCE = (4, 12, 24)  # spans of a statement; then all that are left, since to plan for a span takes a while too


@dataclass(frozen=True)
class PositionRange:
    """The positions `first` to `last`, both included, of the table `name`. To walk is to look at each."""

    name: str
    first: int
    last: int
    walk: bool = False


def spans(parts: Sequence[SearchPart], asked: EventFilter, first: int, last: int) -> list[PositionRange]:
    """What of the parts lies between the positions, and within the times that are asked for."""
    found = [
        PositionRange(part.name, max(part.first, first), min(part.last, last))
        for part in parts
        if may_hold(part, asked)
    ]
    return [span for span in found if span.first <= span.last]


def may_hold(part: SearchPart, asked: EventFilter) -> bool:
    if part.least is None or part.greatest is None:
        return False
    return not (asked.since and part.greatest < asked.since) and not (asked.until and part.least >= asked.until)


def with_near(found: Sequence[PositionRange], newest_first: bool) -> list[PositionRange]:
    """The spans as they are asked: those nearest to where one begins are walked, up to NEAR positions in all."""
    order, left = [], NEAR
    for span in reversed(found) if newest_first else found:
        near, far = cut(span, left, newest_first)
        order += [each for each in (near, far) if each.first <= each.last]
        left = max(0, left - (near.last - near.first + 1))
    return sorted(order, key=lambda span: not span.walk)


def cut(span: PositionRange, length: int, newest_first: bool) -> tuple[PositionRange, PositionRange]:
    if newest_first:
        middle = max(span.first, span.last - length + 1)
        return replace(span, first=middle, walk=True), replace(span, last=middle - 1)
    middle = min(span.last, span.first + length - 1)
    return replace(span, last=middle, walk=True), replace(span, first=middle + 1)


def in_groups(order: Sequence[PositionRange]) -> list[Sequence[PositionRange]]:
    """The walks, then the others, few at first."""
    walks = [span for span in order if span.walk]
    others = [span for span in order if not span.walk]
    groups: list[Sequence[PositionRange]] = [walks]
    for number in (*AT_ONCE, len(others)):
        groups.append(others[:number])
        others = others[number:]
    return [group for group in groups if group]
