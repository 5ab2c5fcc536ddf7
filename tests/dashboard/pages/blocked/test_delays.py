"""How long things stay blocked: counted as a plain computation would, at ten and at a hundred thousand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dashboard.pages.blocked.delays import BINS, DAYS, EDGES_S, WEEK, Delays, MedianDelay, compared, counted, delays
from dashboard.pages.blocked.regions import reports
from dashboard.pages.blocked.resolved_table import PAGE, resolved
from marcus_events.core.event import utc_now
from marcus_events.models import Blocker
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import looking, on

NOW = datetime(2026, 5, 13, 14, 7, tzinfo=UTC)
Case = tuple[float, float | None, str]  # opened so many hours ago, took so many seconds, on this board


def row(n: int, case: Case) -> Blocker:
    hours, took, board = case
    opened = NOW - timedelta(hours=hours)
    ended = None if took is None else opened + timedelta(seconds=took)
    texts = {"event_id": f"e{n}", "task_id": f"t{n}", "agent_id": "", "description": "D", "blocker_type": ""}
    rest = {"severity": "low", "reported_severity": "low", "resolution": "", "opened_at": opened, "resolved_at": ended}
    return Blocker(blocker_id=n, from_position=n, from_time=opened, board_id=board, **texts, **rest)


def plainly(cases: list[Case], board: str) -> tuple[object, ...]:
    of_board = [(NOW - timedelta(hours=h), took) for h, took, name in cases if board in {"", name}]
    ended = [(at + timedelta(seconds=took), took) for at, took in of_board if took is not None]
    lately = [took for at, took in ended if at >= NOW - WEEK]
    before = [took for at, took in ended if NOW - 2 * WEEK <= at < NOW - WEEK]
    binned = Counter(sum(took >= edge for edge in EDGES_S) for took in lately)
    days = [(NOW - timedelta(days=n)).date() for n in range(DAYS - 1, -1, -1)]
    opened = Counter(at.date() for at, _ in of_board)
    still = Counter(at.date() for at, took in of_board if took is None)
    return (
        (stay(lately), stay(before)),
        [binned[n] for n in range(len(BINS))],
        [(opened[day], still[day]) for day in days],
        len(ended),
    )


def stay(took: list[float]) -> tuple[int, float, float] | None:
    if not took:
        return None
    ninth = quantiles(took, n=10, method="inclusive")[8] if len(took) > 1 else took[0]
    return len(took), round(median(took), 3), round(ninth, 3)


def as_plain(found: Delays) -> tuple[object, ...]:
    stays = tuple(
        (stay.number, round(stay.median.total_seconds(), 3), round(stay.p90.total_seconds(), 3)) if stay else None
        for stay in (found.lately, found.before)
    )
    days = [(day.bar.value, day.stack.value) for day in found.days]
    return stays, [one.bar.value for one in found.bins], days, found.resolved


cases = st.lists(
    st.tuples(
        st.integers(0, 24 * 20),
        st.one_of(st.none(), st.sampled_from([0, *EDGES_S]), st.integers(0, 500_000)),
        st.sampled_from(["shop", "bank"]),
    ),
    max_size=30,
)


class AsAPlainComputation(TestCase):
    @settings(max_examples=40)
    @given(cases, st.sampled_from(["", "shop"]))
    def test_it_counts(self, found: list[Case], board: str) -> None:
        Blocker.objects.bulk_create(row(n, case) for n, case in enumerate(found, 1))
        assert as_plain(counted(on(board), NOW, (object(),), reports)) == plainly(found, board)


def test_what_has_just_ended_is_counted_at_once(viewer: Client) -> None:
    publish(*(event("task_blocked", task_id=f"t{n}", ago=n + 5) for n in range(3)))
    assert (delays(on(), utc_now(), reports).lately, delays(on(), utc_now(), reports).still_open) == (None, 3)
    publish(*(event("blocker_resolved", task_id=f"t{n}", ago=n) for n in range(3)))
    found = delays(on(), utc_now(), reports)
    assert found.lately
    assert (found.lately.number, round(found.lately.median / timedelta(minutes=1)), found.still_open) == (3, 5, 0)
    assert "(3 blockers)" in " ".join(open_page(viewer, "/blocked/").text.split())
    publish(event("board_removed"))
    assert delays(on(), utc_now(), reports).lately is None


@pytest.mark.parametrize(("before", "words"), [(60, "Slower than"), (600, "Faster than"), (330, "About the same as")])
def test_it_compares_with_the_week_before(log: None, before: int, words: str) -> None:
    week = [(1, 300, "shop")] * 3 + [(24 * 8, before, "shop")] * 3
    Blocker.objects.bulk_create(row(n, case) for n, case in enumerate(week, 1))
    assert counted(on(), NOW, (words,), reports).comparison == words


def test_a_median_that_fell_is_not_faster_where_the_slow_ones_were_slower() -> None:
    def lengths(median: int, p90: int) -> MedianDelay:
        return MedianDelay(5, timedelta(minutes=median), timedelta(minutes=p90))

    words = "Median faster than, 90th percentile slower than"
    assert compared(lengths(60, 500), lengths(120, 200)) == words


def test_a_day_and_a_length_lead_to_what_they_count(viewer: Client) -> None:
    publish(event("task_blocked", task_id="quick", description="Quick", ago=2))
    publish(event("task_blocked", task_id="slow", description="Slow", ago=40))
    publish(*(event("blocker_resolved", task_id=task) for task in ("quick", "slow")))
    page = open_page(viewer, "/blocked/", {"sort": "age"})
    assert {"?sort=age&took=1#resolved", "?sort=age&took=3#resolved"} <= set(page.leads())
    chosen = open_page(viewer, "/blocked/", {"took": "3"}).with_id("r")
    assert len([found for found in chosen if "data-row" in found]) == 1
    days = {address for address in page.leads() if address.endswith("&type=task_blocked")}
    assert days
    assert sum(len(open_page(viewer, address).positions()) for address in days) == 2


def test_every_resolved_blocker_is_reached_page_by_page_once(log: None) -> None:
    at_once = [(h // 3, 600.0, "shop") for h in range(3 * PAGE)]  # three of them ended at the same moment
    Blocker.objects.bulk_create(row(n, case) for n, case in enumerate(at_once, 1))
    everything, page_state = counted(on(), NOW, ("paged",), reports), looking("blocked")
    seen: list[int] = []
    while True:
        page = resolved(page_state.scope, everything, older=page_state.older)
        seen += [item.blocker.blocker_id for item in page.blockers]
        assert page.total == 3 * PAGE
        if not page.older:
            break
        page_state = looking("blocked", older=page.older)
    assert len(seen) == len(set(seen)) == 3 * PAGE


@pytest.mark.parametrize("older", ["x", "2026-05-13T00:00:00Z", "2026-05-13T00:00:00Z,x", f"2026-05-13,{10**30}", ",1"])
def test_a_place_that_is_none_is_the_beginning(viewer: Client, older: str) -> None:
    publish(event("task_blocked", task_id="t", description="Only one", ago=5), event("blocker_resolved", task_id="t"))
    assert "Only one" in open_page(viewer, "/blocked/", {"older": older, "took": "99"}).text


def test_a_hundred_thousand_are_counted_once_and_then_known(log: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO blocker (blocker_id, from_position, from_time, board_id, event_id, task_id, agent_id,
                description, severity, reported_severity, blocker_type, opened_at, resolved_at, resolution,
                acknowledged_by, assignee, answer, answered_by, answer_id)
            SELECT n, n, now(), 'shop', n, n, '', 'D', 'low', 'low', '', now() - n * interval '10 seconds',
                now() - n * interval '10 seconds' + (n %% 7200) * interval '1 second', '', '', '', '', '', ''
            FROM generate_series(1, 100000) AS n""",
            [],
        )
        cursor.execute("ANALYZE blocker")
    now = utc_now()
    first = delays(on(), now, reports)
    assert first.resolved == 100_000
    assert first.lately
    assert delays(on(), now, reports) is first
