"""What templates add: lengths of time, times, and sentences whose names stay names, whatever they are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.template import Context, Template
from django.urls import resolve
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.live.page_state import PageState
from dashboard.templatetags import pages
from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.sentences import PartKind, SentencePart, sentence
from tests.core.drawn_events import names, texts
from tests.dashboard.reading import Document

NOON = datetime(2026, 5, 4, 12, 0, 7, 123_456, tzinfo=UTC)
NAMED: list[PartKind] = ["task", "agent", "board"]
HOSTILE = "\"><script>alert(1)</script>&amp;'\n/?#é"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (3_660, "1 h 1 min"),
        (86_400, "1 d"),
        (86_400 + 59 * 60, "1 d"),
        (3 * 86_400 + 3_600, "3 d 1 h"),
        (400 * 86_400, "400 d"),
    ],
)
def test_a_length_of_time_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert pages.span(timedelta(seconds=seconds)) == words


def test_no_length_of_time_is_a_dash() -> None:
    assert pages.span(None) == "–"


@pytest.mark.parametrize(
    ("form", "text"),
    [("seconds", "12:00:07"), ("minutes", "12:00"), ("day", "Monday 4 May"), ("full", "2026-05-04 12:00:07 UTC")],
)
def test_a_time_is_readable_without_a_script_and_exact_for_one(form: str, text: str) -> None:
    found = Document(pages.clock(NOON, form))
    assert found.text == text
    assert found.elements[0][1] == {
        "datetime": "2026-05-04T12:00:07.123Z",
        "title": "2026-05-04 12:00:07 UTC",
        "data-time": form,
    }


def test_a_time_in_a_list_has_its_date_unless_it_is_today() -> None:
    now = datetime.now(UTC)
    last_year = now.replace(year=now.year - 1, month=2, day=3)
    assert Document(pages.clock(now, "short")).text == f"{now:%H:%M}"
    assert Document(pages.clock(last_year, "short")).text == f"3 Feb {last_year.year}, {now:%H:%M}"
    assert Document(pages.clock(last_year, "axis")).text == f"{now:%H:%M}\n3 Feb {last_year.year}"


def test_how_long_ago_is_marked_so_that_the_page_keeps_it_up_to_date() -> None:
    found = Document(pages.since(datetime.now(UTC) - timedelta(hours=2, minutes=5, seconds=30)))
    assert (found.text, found.all_of("data-time")) == ("2 h 5 min", ["since"])


def test_the_text_of_a_time_is_escaped() -> None:
    found = Document(pages.time_element(NOON, HOSTILE, HOSTILE))
    assert [tag for tag, _ in found.elements] == ["time"]
    assert (found.text, found.all_of("data-time")) == (HOSTILE, [HOSTILE])


parts = st.builds(SentencePart, st.sampled_from(["text", *NAMED]), texts, texts)


@given(st.lists(parts, max_size=6))
def test_whatever_names_are_made_of_they_stay_text(said: list[SentencePart]) -> None:
    found = Document(pages.words(said))
    assert found.text == "".join(part.text for part in said)
    assert {tag for tag, _ in found.elements} <= {"a", "b", "bdi"}


@given(st.sampled_from(NAMED), names)
@example("board", HOSTILE)
def test_what_is_named_is_linked_whatever_its_id_is_made_of(kind: PartKind, identity: str) -> None:
    address = urlsplit(Document(pages.words([SentencePart(kind, "name", identity)])).all_of("href")[0])
    match = resolve(unquote(address.path))
    assert not address.fragment
    if kind == "board":
        assert (match.url_name, match.kwargs, address.query) == ("board", {"board_id": identity}, "")
    elif kind == "agent":
        assert (match.url_name, match.kwargs, address.query) == ("agent", {"agent_id": identity}, "")
    else:
        assert (match.url_name, parse_qs(address.query)) == ("activity", {kind: [identity]})


def test_the_task_of_an_event_opens_and_another_leads_to_its_events() -> None:
    moment = datetime(2026, 5, 4, tzinfo=UTC)
    event = RecordedEvent(1, moment, Event("e", moment, "dependency_detected", "s", {}), "a/b", "t&1")
    own, other = (Document(pages.words([SentencePart("task", "name", task)], event)) for task in ("t&1", "t2"))
    assert own.all_of("href") == ["/tasks/?board=a%2Fb&task=t%261"]
    assert own.all_of("data-task") == ["board=a%2Fb&task=t%261"]
    assert other.all_of("href") == ["/activity/?task=t2"]


def test_a_time_in_a_sentence_is_shown_in_the_zone_of_its_reader() -> None:
    moment = datetime(2026, 5, 4, tzinfo=UTC)
    data = {"until": "2026-11-28T23:53:27.949912+01:00"}
    page = Document(
        pages.words(sentence(RecordedEvent(1, moment, Event("e", moment, "blocker_snoozed", "user:a", data))))
    )
    assert page.all_of("datetime") == ["2026-11-28T22:53:27.949Z"]
    assert page.all_of("data-time") == ["short"]
    assert page.text == "A snoozed the blocker on a task until 28 Nov 2026 22:53 UTC"


def test_what_is_not_identified_is_no_link() -> None:
    assert Document(pages.words([SentencePart("task", "a task"), SentencePart("text", "x", "y")])).all_of("href") == []


def test_an_icon_cannot_be_broken_out_of() -> None:
    assert [tag for tag, _ in Document(pages.icon(HOSTILE)).elements] == ["svg", "use"]


@given(texts, texts)
def test_the_address_of_activity_names_what_is_given(board: str, agent: str) -> None:
    query = urlsplit(pages.activity(board=board, agent=agent)).query
    wanted = {"board": [board], "agent": [agent]}
    assert parse_qs(query) == {name: value for name, value in wanted.items() if value != [""]}


def test_the_present_look_with_a_change() -> None:
    template = Template(
        "{% load pages %}<a href=\"{% here sort='age' %}\"></a><i title=\"{% here board='' q='' %}\"></i>"
    )
    found = Document(template.render(Context({"page_state": PageState("blocked", board="a&b", q='"x"')})))
    assert found.all_of("href") == ["?board=a%26b&q=%22x%22&sort=age"]
    assert found.all_of("title") == ["?"]


@pytest.mark.parametrize(("number", "words"), [(0, "0 tasks"), (1, "1 task"), (1_234, "1,234 tasks")])
def test_a_number_of_things(number: int, words: str) -> None:
    assert pages.plural(number, "task") == words


def test_thousands_are_set_apart() -> None:
    assert pages.comma(1_234_567) == "1,234,567"
