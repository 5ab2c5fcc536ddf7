"""The WebSocket of an open page, from the application's own front: who may listen, and what they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from config.asgi import application
from dashboard.live import page_consumer, render_throttle
from marcus_events.live import hub_subscription
from marcus_events.live.hub import HUB, Hub
from marcus_events.log import tail
from tests.dashboard.listening import opened
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import Document
from tests.waiting import TIMEOUT_S, wait_until_async
from tests.websocket_line import Line, in_thread


@pytest.fixture
async def hub(log: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """The hub of the process, for one test; frames come often, though nothing happens."""
    monkeypatch.setattr(hub_subscription, "HEARTBEAT_S", 0.3)
    monkeypatch.setattr(tail, "LOOK_EVERY_S", 0.1)  # and so often it looks whether it is to end
    yield HUB.get()
    await asyncio.to_thread(HUB.stop)


@pytest.fixture
def cookie(viewer: Client) -> str:
    return f"sessionid={viewer.cookies['sessionid'].value}"


async def test_a_stranger_is_told_to_sign_in(hub: Hub) -> None:
    for cookie in ("", "sessionid=forged"):
        async with opened(cookie, "now") as page:
            assert await page.closed() == page_consumer.NOT_SIGNED_IN == 4401
            assert page.frames == []
    assert hub.connections == 0


async def test_a_page_that_there_is_not_is_closed(hub: Hub, cookie: str) -> None:
    for name in ("", "nowhere", "__class__"):
        async with opened(cookie, name) as page:
            assert await page.closed() == page_consumer.NO_SUCH_PAGE == 4404


async def test_a_page_of_another_site_is_refused(hub: Hub, cookie: str) -> None:
    headers = [(b"host", b"testserver"), (b"origin", b"http://evil.example"), (b"cookie", cookie.encode())]
    line = Line(application, "/ws/live/?page=now", headers)
    accepted, _ = await line.connect(TIMEOUT_S)
    assert not accepted
    assert hub.connections == 0


async def test_a_new_event_is_a_row_before_the_first_of_the_stream(hub: Hub, cookie: str) -> None:
    async with opened(cookie, "activity") as page:
        await page.frame()
        await in_thread(publish, event("task_started", task_id="t", task_name="Build it", agent_id="agent_ada"))
        found = await page.until(Document.positions)
    assert found.positions() == [1]
    assert "Ada started Build it" in found.text
    assert found.all_of("hx-swap-oob") == ["afterbegin:#stream"]
    assert found.with_id("beat")[0]["data-head"] == "1"


async def test_rows_of_a_frame_are_newest_first_and_none_is_lost_between_frames(hub: Hub, cookie: str) -> None:
    async with opened(cookie, "activity") as page:
        await page.frame()
        for n in range(3):
            await in_thread(publish, *(event("task_progress", task_id=f"t{n}") for _ in range(4)))
        await page.until(lambda found: 12 in found.positions())
        rows = [Document(frame).positions() for frame in page.frames]
    assert all(of_frame == sorted(of_frame, reverse=True) for of_frame in rows)
    assert sorted(position for of_frame in rows for position in of_frame) == list(range(1, 13))


@pytest.mark.parametrize(
    "page_state", [{"q": "type:task_blocked"}, {"type": "task_blocked"}, {"board": "bank"}, {"task": "b"}]
)
async def test_a_filter_holds(hub: Hub, cookie: str, page_state: dict[str, str]) -> None:
    async with opened(cookie, "activity", **page_state) as page:
        await page.frame()
        await in_thread(publish, event("task_started", task_id="a"), event("task_blocked", board="bank", task_id="b"))
        await page.until(lambda found: 2 in found.positions())
        assert [position for frame in page.frames for position in Document(frame).positions()] == [2]


async def test_noise_stays_away_and_so_does_the_removal_of_a_board(hub: Hub, cookie: str) -> None:
    async with opened(cookie, "activity") as page:
        await page.frame()
        noise = event("task_requested", agent_id="agent_1")
        await in_thread(publish, noise, event("board_removed"), event("task_started", task_id="t"))
        await page.until(lambda found: 3 in found.positions())
        assert [position for frame in page.frames for position in Document(frame).positions()] == [3]


async def test_a_page_without_a_stream_is_sent_no_rows(hub: Hub, cookie: str) -> None:
    async with opened(cookie, "blocked") as page:
        await page.frame()
        await in_thread(publish, event("task_blocked", task_id="t", description="No key"))
        found = await page.until(lambda found: "No key" in found.text)
        assert [Document(frame).positions() for frame in page.frames] == [[]] * len(page.frames)
    assert [row["data-open"] for row in found.with_id("bell")] == ["1"]


async def test_a_query_that_cannot_be_read_has_no_rows_and_a_living_line(hub: Hub, cookie: str) -> None:
    async with opened(cookie, "activity", q="colour:red") as page:
        await page.frame()
        await in_thread(publish, event("task_started", task_id="t"))
        found = await page.until(lambda found: found.with_id("beat")[0]["data-head"] == "1")
        assert found.positions() == []


async def test_a_region_is_sent_at_first_and_then_only_when_it_has_changed(hub: Hub, cookie: str) -> None:
    await in_thread(publish, event("task_started", task_id="t"))
    async with opened(cookie, "activity") as page:
        first = await page.frame()
        await in_thread(publish, event("task_progress", task_id="t"))
        quiet = await page.until(Document.positions)
        await in_thread(publish, event("task_blocked", task_id="t", description="No key"))
        changed = await page.until(lambda found: found.with_id("bell"))
    names = ("switcher", "bell", "alerts", "demo")
    assert [bool(first.with_id(name)) for name in names] == [True, True, True, True]
    assert [bool(quiet.with_id(name)) for name in names] == [False, False, False, False]
    assert [bool(changed.with_id(name)) for name in names] == [False, True, True, False]


async def test_viewers_of_the_same_are_each_sent_it(hub: Hub, cookie: str) -> None:
    async with opened(cookie, "activity") as one, opened(cookie, "activity") as other:
        await one.frame()
        await other.frame()
        await in_thread(publish, event("task_started", task_id="t"))
        for page in (one, other):
            assert (await page.until(Document.positions)).positions() == [1]


async def test_who_leaves_is_forgotten(hub: Hub, cookie: str) -> None:
    async with opened(cookie, "now") as page:
        await page.frame()
        assert hub.connections == 1
    await wait_until_async(lambda: hub.connections == 0)


async def test_what_a_page_says_is_not_listened_to(hub: Hub, cookie: str) -> None:
    async with opened(cookie, "activity") as page:
        await page.line.send_to(text_data='{"type": "publish"}')
        await page.line.send_to(bytes_data=b"\xff\x00")
        await page.frame()
        await page.frame()
    assert hub.head == 0


def sign_out(viewer: Client) -> None:
    viewer.post("/sign-out/")


def lock_out(viewer: Client) -> None:
    User.objects.update(is_active=False)


def change_password(viewer: Client) -> None:
    user = User.objects.get()
    user.set_password("another long one")
    user.save()


@pytest.mark.parametrize("end", [sign_out, lock_out, change_password])
async def test_signing_out_or_being_locked_out_ends_what_is_open(
    hub: Hub, viewer: Client, cookie: str, monkeypatch: pytest.MonkeyPatch, end: Callable[[Client], None]
) -> None:
    monkeypatch.setattr(page_consumer, "SESSION_CHECK_INTERVAL_S", 0.2)
    async with opened(cookie, "now") as page:
        await page.frame()
        await page.frame()
        await in_thread(end, viewer)
        assert await page.closed() == page_consumer.NOT_SIGNED_IN


async def test_while_the_database_cannot_answer_the_page_is_told_nothing(
    hub: Hub, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render_throttle, "RENDER_INTERVAL_S", 0.1)
    async with opened(cookie, "boards") as page:
        await page.frame()
        await in_thread(rename, "board", "hidden")
        try:
            assert await page.closed() == 4503
        finally:
            await in_thread(rename, "hidden", "board")
    async with opened(cookie, "boards") as page:
        assert (await page.frame()).with_id("boards")


def rename(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")
