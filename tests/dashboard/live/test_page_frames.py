"""A frame as messages: each of a size that can be sent, the beat last, nothing for the clock alone."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from django.utils.safestring import SafeString, mark_safe

from dashboard.live import page_frames
from dashboard.live.page_state import PageState
from dashboard.live.render_throttle import REST_FACTOR, RenderThrottle
from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.live.hub_subscription import FRAME_EVERY_S, Frame

NOW = PageState("now")
MOMENTS = (("a", "3 s"), ("a", "4 s"), ("b", "4 s"))


def frame(missed: int = 0) -> Frame:
    return Frame([], missed, 3 if missed else None, 9 if missed else None, head=12, projected=12, epoch=uuid4())


def recorded(position: int) -> RecordedEvent:
    return RecordedEvent(position, utc_now(), Event(f"e{position}", utc_now(), "counted", "test", {}))


def row(letters: int) -> SafeString:
    return mark_safe(f"<li>{'x' * letters}</li>")  # noqa: S308 - made here


def test_rows_that_fit_are_one_message_with_the_beat_at_its_end() -> None:
    rows = replace(frame(), events=[recorded(10), recorded(12)])
    [message] = page_frames.stream_messages(rows, [row(1), row(2)])
    extent = 'data-count="2" data-after="9" data-position="13"'
    assert message.startswith(f'<ol hx-swap-oob="afterbegin:#stream" {extent}><li>x</li><li>xx</li></ol>')
    assert '<div id="beat" data-head="12"' in message[-200:]


def test_regions_that_fit_are_one_message_with_the_beat_at_its_end() -> None:
    [message] = page_frames.region_messages(frame(), {"bell": "<a id=bell></a>", "needs": "<p id=needs></p>"})
    assert message.startswith("<a id=bell></a><p id=needs></p>")
    assert '<div id="beat" data-head="12"' in message[-200:]


def test_the_beat_says_how_far_the_tables_and_the_search_are_behind() -> None:
    [message] = page_frames.region_messages(replace(frame(), behind_s=4, search_behind_s=60), {})
    assert 'data-behind="4" data-search-behind="60"' in message


def test_without_anything_new_it_is_the_beat_alone() -> None:
    [message] = page_frames.region_messages(frame(), {})
    assert message.startswith('<div id="beat"')


def test_what_was_shed_is_a_gap_above_the_rows() -> None:
    shed = frame(missed=7)
    [message] = page_frames.stream_messages(shed, [*page_frames.render_gap(shed, NOW), row(1)])
    assert message.index("7 events not shown") < message.index("<li>x</li>")
    assert 'data-count="7" data-after="2" data-position="10"' in message


def test_viewers_of_the_same_rows_share_them_unless_a_gap_has_links_to_their_page() -> None:
    whole, shed, board = frame(), frame(missed=7), PageState("board", board="shop")
    assert page_frames.rows_key(whole, NOW) == page_frames.rows_key(whole, board)
    assert page_frames.rows_key(shed, NOW) != page_frames.rows_key(shed, board)
    assert page_frames.rows_key(whole, NOW) != page_frames.rows_key(replace(whole, head=13), NOW)
    stranger = replace(NOW, visibility=replace(NOW.visibility, boards=frozenset({"shop"})))
    assert page_frames.rows_key(whole, NOW) != page_frames.rows_key(whole, stranger)


def test_more_than_a_message_holds_is_sent_in_several_and_only_the_last_has_the_beat() -> None:
    rows = [row(100_000)] * 30
    sent = page_frames.stream_messages(frame(), rows)
    assert max(map(page_frames.size, sent)) < 1024 * 1024
    assert sum(message.count("<li>") for message in sent) == 30
    assert ["beat" in message for message in sent] == [False] * (len(sent) - 1) + [True]


def test_a_region_that_no_message_holds_says_so_in_its_place() -> None:
    [message] = page_frames.region_messages(frame(), {"needs": "é" * page_frames.MAX_MESSAGE})
    assert message.startswith('<p id="needs" class="nothing">This section is too large')


def test_a_region_is_sent_when_it_changed_and_not_because_time_went_by() -> None:
    sent = page_frames.SentRegions()
    shown = [page_frames.strip_ages({"needs": f'for <time datetime="{at}">{age}</time>'}) for at, age in MOMENTS]
    assert sent.pop_due(shown[0], 0).keys() == {"needs"}
    assert sent.pop_due(shown[1], 1) == {}
    assert sent.pop_due(shown[2], 2).keys() == {"needs"}
    assert not sent.has_delayed


def test_a_large_region_that_keeps_changing_is_sent_at_longer_intervals_and_its_last_change_is_not_lost() -> None:
    sent, letters = page_frames.SentRegions(), "x" * page_frames.ONE_SECOND_BYTES * 2
    versions = [page_frames.strip_ages({"big": f"{n}{letters}", "small": str(n)}) for n in range(4)]
    assert sent.pop_due(versions[0], 0.0).keys() == {"big", "small"}
    assert sent.pop_due(versions[1], 0.5).keys() == {"small"}
    assert sent.has_delayed
    assert sent.pop_due(versions[2], 4.5)["big"].startswith("2")
    assert sent.pop_due(versions[3], 4.6).keys() == {"small"}
    assert sent.pop_due(versions[3], 9.0).keys() == {"big"}
    assert not sent.has_delayed


def test_a_look_that_was_slow_to_render_rests_and_others_do_not() -> None:
    now = 0.0
    rests = RenderThrottle(clock=lambda: now)
    rests.record_render(NOW, 0.2)
    assert rests.is_resting(NOW)
    assert not rests.is_resting(PageState("blocked"))
    now = REST_FACTOR * 0.2
    assert not rests.is_resting(NOW)


def test_a_small_region_is_sent_with_every_frame_and_the_largest_is_not_forgotten() -> None:
    assert page_frames.interval_s(16 * 1024) < FRAME_EVERY_S
    assert page_frames.interval_s(page_frames.MAX_MESSAGE) == page_frames.MAX_INTERVAL_S
