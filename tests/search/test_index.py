"""The index behind the log: parts, redaction, removal, rebuilding, and another log in its place."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from marcus_events.core.event import Event, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import Authority
from marcus_events.core.text_search import Words
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.models import SearchEntry, SearchPart
from marcus_events.projections import SEARCH, STATE, catch_up, rebuild
from marcus_events.search import index_partitions, page
from marcus_events.search.lexemes import vector
from marcus_events.search.ranges import SCAN_LENGTH, PositionRange, Strategy, plan_search
from marcus_events.search.tsquery import IndexQuery
from tests.audit.reading import behind_the_back
from tests.lively_log import lively_events
from tests.log.test_sql_filter import odd_events

pytestmark = pytest.mark.usefixtures("log")


def note(text: str, number: int = 0, board: str = "shop", event_type: str = "note", **data: Any) -> Event:
    return Event(f"note_{number}", utc_now(), event_type, "cron", {"text": text, **data}, {"board_id": board})


def found(query: str) -> list[int]:
    return [event.position for event in page(EventFilter.parse(query), limit=1_000, newest_first=False).events]


def tables() -> set[str]:
    names = connection.introspection.table_names()
    return {name for name in names if name.startswith("search_") and name != "search_part"}


def test_the_words_of_an_event_are_in_the_index_where_they_are_in_the_event() -> None:
    events = [note("a b a, 'c' \\ naïve: Straße & d"), note("x " * 300 + " ".join(f"w{n}" for n in range(20_000)), 1)]
    ingest([*events, *odd_events()], Authority.SYSTEM)
    catch_up([SEARCH])
    with connection.cursor() as cursor:
        for event in read.following(0, 100):
            query = "SELECT lexeme, positions FROM search, unnest(words) WHERE position = %s AND lexeme NOT LIKE '=%%'"
            cursor.execute(query, [event.position])
            assert dict(cursor.fetchall()) == event.words.places


def test_a_word_is_found_inside_of_a_run_without_spaces_whatever_form_it_is_written_in() -> None:
    texts = (
        "数据库连接失败",
        "ＡＰＩｶﾞｽの供給",
        "เซิร์ฟเวอร์ไม่ตอบสนอง",
        "İSTANBUL مُحَمَّد co\u00adoperate",
        "staging is down",
    )
    ingest([note(text, n) for n, text in enumerate(texts)])
    queries = {
        "连接": [1],
        "接": [1],
        "接失败": [1],
        '"库连"': [1],
        "败失": [],
        "ガス": [2],
        "ｶﾞｽ": [2],
        "api": [2],
        "供給": [2],
    }
    queries |= {"ตอบ": [3], "เวอร": [3], "istanbul": [4], "ıst": [4], "محمد": [4], "cooperate": [4], "co\u200bop": [4]}
    queries |= {"stag": [5], "taging": [], "-接 -供": [3, 4, 5]}
    for _ in range(2):
        assert {query: found(query) for query in queries} == queries
        catch_up([SEARCH])


@pytest.mark.parametrize("text", ["\ufdfa ", "\u3316", "\u0390 "])
def test_what_normalising_makes_many_times_as_long_is_taken_too(text: str) -> None:
    ingest([note(text * (255 * 1024 // len(text.encode()))), note("next", 1)])
    catch_up([SEARCH])
    assert found("next") == [2]
    assert found(f'"{text}"') == [1]


def test_the_most_that_scripts_without_spaces_can_make_of_a_text_fits() -> None:
    signs = [chr(code) for code in range(0x4E00, 0x9FFF)] + [chr(code) for code in range(0x3400, 0x4DBF)]
    text = "".join(f"{sign}{signs[(n * 7 + 3) % len(signs)]}{n % 10}" for n, sign in enumerate(signs))
    text += "".join(f"{sign}{signs[(n * 11 + 5) % len(signs)]}{n % 10}" for n, sign in enumerate(signs))
    text = text.encode()[: 255 * 1024].decode(errors="ignore")
    ingest([note(text)])
    catch_up([SEARCH])
    assert found(text[3000:3002]) == [1]


@pytest.mark.parametrize("word", ["{:x}", "{:03}é", "𠀀{:x}"])
def test_the_words_of_the_largest_events_there_can_be_are_taken(word: str) -> None:
    text = " ".join(word.format(n) for n in range(60_000)).encode()[: 255 * 1024].decode(errors="ignore")
    assert [receipt.status for receipt in ingest([note(text)])] == ["accepted"]
    catch_up([SEARCH])
    assert found(f"text:{Words.of([text]).ordered[-1]}") == [1]


def test_each_part_is_a_table_and_none_is_lost_or_asked_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_partitions, "SIZE", 50)
    ingest(lively_events(120), Authority.SYSTEM)
    catch_up([SEARCH])
    ranges = [(part.first, part.last, part.is_indexed) for part in index_partitions.in_use()]
    assert ranges == [(0, 49, True), (50, 99, True), (100, 149, True)]
    times = {part.first: (part.least, part.greatest) for part in index_partitions.in_use()}
    inside = [event.happened_at for event in read.following(49, 50)]
    assert times[50] == (min(inside), max(inside))
    assert SearchEntry.objects.count() == 120


def test_far_behind_the_log_a_part_gets_its_index_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_partitions, "SIZE", 10)
    ingest(lively_events(45), Authority.SYSTEM)
    for position, is_indexed in ((5, [False]), (9, [True]), (12, [True, False])):
        done = SearchEntry.objects.count()
        SEARCH.project(read.following(done, position - done))
        assert [part.is_indexed for part in index_partitions.in_use()] == is_indexed


def test_a_redacted_event_is_found_by_what_is_left_of_it_alone() -> None:
    ingest([note("the secret password"), note("other")])
    catch_up([SEARCH])
    assert found("password") == [1]
    behind_the_back("event", """UPDATE event SET data = '{"redacted": "by admin"}' WHERE position = 1""")
    ingest([note("", 2, event_type="event_redacted", position=1)], Authority.SYSTEM)
    catch_up([SEARCH])
    assert (found("password"), found("admin")) == ([], [1])


@pytest.mark.parametrize("position", [0, -1, 2, 10**15, "1", 1.5, None, True])
def test_what_is_no_redaction_of_an_earlier_event_changes_nothing(position: Any) -> None:
    ingest([note("here"), note("", 1, event_type="event_redacted", position=position)], Authority.SYSTEM)
    catch_up([SEARCH])
    assert found("here") == [1]


def test_a_removed_board_is_hidden_up_to_its_removal_and_shown_where_that_is_wanted() -> None:
    ingest(
        [note("one"), note("one", 1, "bank"), note("one", 2, event_type="board_removed"), note("one", 3)],
        Authority.SYSTEM,
    )
    catch_up([STATE])
    for _ in range(2):
        assert found("one") == [2, 4]
        shown = page(EventFilter.parse("one"), limit=9, newest_first=False, hide_removed=False).events
        assert [event.position for event in shown] == [1, 2, 3, 4]
        catch_up([SEARCH])


def test_a_rebuilt_index_finds_the_same_and_leaves_no_table_behind() -> None:
    ingest(lively_events(100), Authority.SYSTEM)
    catch_up([SEARCH])
    before, old = found("need"), tables()
    assert before
    assert rebuild(SEARCH) == 100
    assert found("need") == before
    names = {part.name for part in SearchPart.objects.all()}
    assert len(names) == 1
    assert not names & old
    assert names <= tables()
    assert all(part.is_indexed for part in SearchPart.objects.all())


def test_who_asks_while_a_part_is_dropped_is_answered_from_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ingest([note("here")])
    catch_up([SEARCH])
    old = index_partitions.in_use()
    rebuild(SEARCH)
    answers = iter([old, index_partitions.in_use()])
    monkeypatch.setattr(index_partitions, "in_use", lambda: next(answers))
    assert found("here") == [1]


def test_of_another_log_in_its_place_nothing_old_is_found() -> None:
    ingest([note("old")])
    catch_up([SEARCH])
    behind_the_back("event", "DELETE FROM event")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM event_identity")
        cursor.execute("UPDATE log_head SET position = 0, epoch = gen_random_uuid()")
    ingest([note("new")])
    for _ in range(2):
        assert (found("old"), found("new")) == ([], [1])
        catch_up([SEARCH])
    assert SearchEntry.objects.count() == 1


def test_forgotten_events_are_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_partitions, "SIZE", 5)
    ingest([note("here", n) for n in range(12)])
    catch_up([SEARCH])
    index_partitions.forget(6, 7)
    index_partitions.forget_before(5)
    index_partitions.drop_retired()
    assert [part.first for part in index_partitions.in_use()] == [5, 10]
    assert found("here") == [5, 8, 9, 10, 11, 12]


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_nearest_positions_are_scanned_first_and_nothing_is_asked_twice(newest_first: bool) -> None:
    ranges = [PositionRange("a", 1, 99), PositionRange("b", 100, 9_999), PositionRange("c", 10_000, 10_100)]
    order = [each for group in plan_search(ranges, newest_first=newest_first) for each in group]
    scans = [each.strategy is Strategy.SCAN for each in order]
    assert sum(each.length for each in order if each.strategy is Strategy.SCAN) == SCAN_LENGTH
    assert scans == sorted(scans, reverse=True)
    covered = sorted(position for each in order for position in range(each.first, each.last + 1))
    assert covered == list(range(1, 10_101))
    firsts = [each.first for each in order]
    assert firsts == sorted(firsts, reverse=newest_first)


def test_where_nothing_can_be_looked_up_one_statement_scans_everything() -> None:
    [order] = plan_search(
        [PositionRange("a", 1, 99), PositionRange("b", 100, 9_999)], newest_first=True, can_look_up=False
    )
    assert [(each.table, each.first, each.last) for each in order] == [
        ("b", 8_000, 9_999),
        ("b", 100, 7_999),
        ("a", 1, 99),
    ]
    assert {each.strategy for each in order} == {Strategy.SCAN}


def test_a_filter_becomes_a_tsquery_and_the_terms_that_it_cannot_decide() -> None:
    index_query = IndexQuery.of(EventFilter.parse('type:task_blocked "need help" -source:cron task:*_1 source:a*b'))
    assert str(index_query) == (
        "('=type=task_blocked') & (('need' <-> 'help') | ('=on=need' <-> '=on=help'))"
        " & ('=task=*_1') & !('=source=cron')"
    )
    assert [term.values for term in index_query.undecided] == [("a*b",)]


def test_the_vector_of_an_event_has_its_fields_apart_from_its_words() -> None:
    ingest([note("type note board")])
    [event] = read.following(0, 1)
    assert vector(event).split() == [
        *("note:1", "cron:3", "type:5", "note:6", "board:7", "shop:9"),
        *("'=type=note'", "'=source=cron'", "'=board=shop'", "'=other'"),
    ]
    for query in ("type note board", "other"):
        catch_up([SEARCH])
        assert found(query) == ([1] if query.startswith("type") else [])
