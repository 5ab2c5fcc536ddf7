"""Counters: what the tiles and the chart say equals counting the events, minute by minute."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from dashboard.queries import counters
from dashboard.queries.counters import MINUTES, TITLES
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import category_of
from marcus_events.log import read
from tests.dashboard.publishing import publish
from tests.dashboard.scopes import on
from tests.lively_log import START, lively_events, shown_on_pages

NOW = START + timedelta(minutes=69, seconds=30)  # the first minutes of what happened are more than an hour ago
COUNT = 790


@pytest.fixture
def events(log: None) -> list[RecordedEvent]:
    """What happened on both boards, minus what was on a board before it was removed."""
    publish(*lively_events(COUNT))
    return shown_on_pages(read.following(0, COUNT))


def minute_of(moment: datetime) -> int:
    """Which of the last sixty minutes this is; below nothing for what is older."""
    return MINUTES - 1 - round((NOW.replace(second=0) - moment.replace(second=0)) / timedelta(minutes=1))


@pytest.mark.parametrize("board", ["", "shop", "billing"])
def test_they_equal_counting_the_events(events: list[RecordedEvent], board: str) -> None:
    mine = [event for event in events if not board or event.board_id == board]
    found = counters.counters(on(board), NOW)
    per_minute = Counter((category_of(event.event_type), minute_of(event.timestamp)) for event in mine)
    assert 0 < sum(minute < 0 for _, minute in per_minute) < len(per_minute)
    for tile in found.tiles:
        assert tile.minutes == [per_minute[tile.category, minute] for minute in range(MINUTES)]
        assert (tile.hour, tile.peak) == (sum(tile.minutes), max(tile.minutes))
        assert tile.total == sum(category_of(event.event_type) == tile.category for event in mine)
    assert found.total == len(mine)


def test_the_chart_is_all_tiles_together(events: list[RecordedEvent]) -> None:
    found = counters.counters(on(), NOW)
    together = [sum(column) for column in zip(*(tile.minutes for tile in found.tiles), strict=True)]
    assert [minute.bar.value for minute in found.minutes] == together
    assert found.hour == sum(together)
    assert found.busiest.bar.value == max(together) <= found.top
    assert found.minutes[-1].start == NOW.replace(second=0)
    assert found.minutes[0].start == NOW.replace(second=0) - timedelta(minutes=59)


def test_the_types_of_a_tile_add_up_the_most_frequent_first(events: list[RecordedEvent]) -> None:
    counted = Counter(event.event_type for event in events)
    for tile in counters.counters(on(), NOW).tiles:
        assert sum(kind.total for kind in tile.kinds) == tile.total
        assert sum(kind.hour for kind in tile.kinds) == tile.hour
        assert {kind.event_type: kind.total for kind in tile.kinds}.items() <= counted.items()
        assert [kind.hour for kind in tile.kinds] == sorted((kind.hour for kind in tile.kinds), reverse=True)


def test_the_newest_event_by_its_minute(events: list[RecordedEvent]) -> None:
    newest = max(event.happened_at for event in events)
    assert counters.last_at(on()) == newest.replace(second=0, microsecond=0)


def test_where_nothing_happened_everything_is_nothing(log: None) -> None:
    found = counters.counters(on(), NOW)
    shown = [title for title in TITLES.values() if title not in ("Audit", "Other")]
    assert [tile.title for tile in found.tiles] == shown
    assert (found.total, found.hour, found.top, len(found.minutes)) == (0, 0, 1, MINUTES)
    assert all(tile.minutes == [0] * MINUTES and tile.kinds == [] for tile in found.tiles)
    assert counters.last_at(on()) is None
