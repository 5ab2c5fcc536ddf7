"""The search finds what the filter matches, whatever is asked for and however far the index has come."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.event_types import CATEGORIES
from marcus_events.core.filters import FIELDS, EventFilter, Term
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.projections import SEARCH, STATE, catch_up
from marcus_events.projections.projector import step
from marcus_events.search import count, index_partitions, page, ranges, search_query
from tests.core.drawn_events import moments
from tests.lively_log import START, lively_events, shown_on_pages
from tests.log.test_sql_filter import odd_events, words_in

pytestmark = pytest.mark.usefixtures("log")

TEXTS = ("Need 3", "need", "The shop", "a b a b c", "naïve Straße STRASSE", "x" * 120, "c:1 'd' \\ & | ! <-> *", "--")
UNSPACED = ("数据库连接失败，API接口v2", "ｶﾞｽの供給", "เซิร์ฟเวอร์ไม่ตอบ", "İSTANBUL مُحَمَّد co\u00adop")
PARTS = ("据库连", "失", "接口v2", "ガス", "の供", "ร์ฟ", "ไม่", "ı*", "istanbul", "محمد", "coop", "库据", "失败 api")


@pytest.fixture(params=["few", "many"], autouse=True)
def removed_boards(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The boards that were removed stand in the statement, or are too many for that."""
    monkeypatch.setattr(search_query, "MAX_REMOVED_IN_QUERY", 32 if request.param == "few" else 0)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts, walks and statements so small that a short log has several of each."""
    monkeypatch.setattr(index_partitions, "SIZE", 100)
    monkeypatch.setattr(ranges, "SCAN_LENGTH", 30)
    monkeypatch.setattr(ranges, "TABLES_PER_STATEMENT", (1, 1))


@pytest.fixture
def logged(small: None) -> list[RecordedEvent]:
    said = [
        Event(f"said_{n}", START, "note", "cron", {"text": text, "more": [text]})
        for n, text in enumerate(TEXTS + UNSPACED)
    ]
    said += [Event(f"on_{n}", START, "note", "cron", {"depends_on": [text, "b c"]}) for n, text in enumerate(TEXTS)]
    long = "board" * 100
    said += [Event(f"long_{n}", START, long + end, long, {}, {"board_id": long + end}) for n, end in enumerate("ab")]
    ingest(lively_events(410) + odd_events() + said, Authority.SYSTEM)
    catch_up([STATE])
    return read.following(0, 1_000)


@pytest.fixture(params=["all", "most", "none"])
def reached(request: pytest.FixtureRequest, logged: list[RecordedEvent]) -> list[RecordedEvent]:
    """The log, and the index at its end, at some other place, or not begun."""
    if request.param != "none":
        while step(SEARCH, 130).events and request.param == "all":
            pass
    return logged


def expected(log: list[RecordedEvent], wanted: EventFilter) -> list[int]:
    return [e.position for e in shown_on_pages(log) if wanted.matches(e)]


def test_search_finds_what_matches(reached: list[RecordedEvent]) -> None:
    words = [
        *words_in(reached),
        *TEXTS,
        *UNSPACED,
        *PARTS,
        "needed",
        "shop 3",
        "strasse",
        "x" * 100,
        "b c",
        "b a b*",
        "c 1 d",
        "blo*",
        "1*",
    ]
    exact = st.sampled_from([*words, *CATEGORIES, "high", "normal", "low", "noise", "Strasse", "board" * 100 + "a"])
    cut = st.builds(lambda word, a, b: f"{word[:a]}*{word[b:]}", exact, st.integers(0, 9), st.integers(0, 9))
    values = st.lists(exact | cut | st.text("*a_%\\b'\"", min_size=1, max_size=4), min_size=1, max_size=3).map(tuple)
    terms = st.lists(st.builds(Term, st.sampled_from(FIELDS), values, st.booleans()), max_size=3).map(tuple)

    def agree(wanted: EventFilter, limit: int) -> None:
        matching = expected(reached, wanted)
        newest = [event.position for event in page(wanted, limit=limit).events]
        assert newest == matching[::-1][:limit], str(wanted)
        oldest = [event.position for event in page(wanted, limit=limit, newest_first=False).events]
        assert oldest == matching[:limit], str(wanted)

    for word in words:
        agree(EventFilter().with_term("text", word), 1_000)
        agree(EventFilter().with_term("text", f"{word}*"), 1_000)
        agree(EventFilter(seen=frozenset({"shop"})).with_term("text", word), 1_000)
    seen = st.sampled_from([None, frozenset({"shop"})])
    filters = st.builds(EventFilter, terms, st.none() | moments, st.none() | moments, seen)
    settings(max_examples=40)(given(filters, st.sampled_from([1, 7, 1_000]))(agree))()


@pytest.mark.parametrize("query", ["need", '"need 3"', "task_blo", "-need", "type:task_* shop", "nothing", "type:*"])
@pytest.mark.parametrize("newest_first", [True, False])
def test_page_by_page_every_event_comes_once(reached: list[RecordedEvent], query: str, newest_first: bool) -> None:
    wanted, found, has_more, at = EventFilter.parse(query), list[int](), True, None
    while has_more:
        cursor = {"before" if newest_first else "after": at}
        shown = page(wanted, limit=9, newest_first=newest_first, **cursor)  # type: ignore[arg-type]
        found += [event.position for event in shown.events]
        has_more, at = shown.has_more, found[-1] if found else None
    matching = expected(reached, wanted)
    assert found == (matching[::-1] if newest_first else matching)


def test_between_two_positions_nothing_else_is_found(reached: list[RecordedEvent]) -> None:
    wanted = EventFilter.parse("-nothing")
    inner = [p for p in expected(reached, wanted) if 150 < p < 420]
    found = page(wanted, after=150, before=420, limit=1_000, newest_first=False)
    assert [event.position for event in found.events] == inner


def test_a_count_goes_no_further_than_it_is_asked_to(reached: list[RecordedEvent]) -> None:
    number = len(expected(reached, EventFilter.parse("need")))
    assert number > 10
    assert count(EventFilter.parse("need"), 1_000) == number
    assert count(EventFilter.parse("need"), 10) == 10
