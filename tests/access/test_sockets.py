"""The same walk over every socket: who may open it, and that nothing of another board comes through it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.asgi import addresses, application
from dashboard.live import page_consumer
from dashboard.pages.all_pages import PAGES
from marcus_events.access import roles
from marcus_events.live.hub import Hub
from marcus_events.websocket import consumer
from tests.access.boards import AGENT, BOARD, MARK, OWN, PEOPLE, TASK, Places, people, publish_all
from tests.access.table import LIVE, LIVE_PAGES, SOCKETS
from tests.dashboard.listening import opened
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import Document
from tests.waiting import TIMEOUT_S
from tests.websocket.conversation import HOST, OURS, connected_program
from tests.websocket_line import Line, in_thread

Cookies = dict[str, str]


def made() -> tuple[Places, Cookies]:
    return publish_all(), {name: cookie_of(client) for name, client in people().items()}


def cookie_of(client: Client) -> str:
    return f"sessionid={client.cookies['sessionid'].value}" if client.cookies else ""


def test_every_socket_is_in_the_table() -> None:
    assert {str(route.pattern) for route in addresses} == set(SOCKETS)


async def test_everybody_is_let_in_as_the_table_says(hub: Hub) -> None:
    _, cookies = await in_thread(made)
    for address, answers in SOCKETS.items():
        found = [await answer(f"/{address or 'ws/nowhere/'}?page=now", cookies[name]) for name in PEOPLE]
        assert " ".join(found) == answers, address


def test_every_page_is_in_the_table() -> None:
    assert set(PAGES) == set(LIVE_PAGES) - {"nothing"}


async def test_a_page_is_sent_to_those_alone_who_may_open_it(hub: Hub) -> None:
    _, cookies = await in_thread(made)
    for name, answers in LIVE_PAGES.items():
        found = [await answer(f"/ws/live/?page={name}", cookies[person]) for person in PEOPLE]
        assert " ".join(found) == answers, name


async def test_what_only_an_administrator_sees_is_in_no_region_of_anybody_else(hub: Hub) -> None:
    """Whatever board, task or agent is asked for: how far the log was verified, and what was refused at the door."""
    _, cookies = await in_thread(made)
    for name, page_state in product(PAGES, ({}, {"board": OWN}, {"board": BOARD, "agent": AGENT, "task": TASK})):
        for person in ("outsider", "viewer", "manager"):
            async with opened(cookies[person], name, **page_state) as page:
                first = await page.line.receive_output(TIMEOUT_S)
            regions_sent = str(first.get("text"))
            assert 'id="verified"' not in regions_sent, f"{name} {page_state} {person}"
            assert "refused-title" not in regions_sent, f"{name} {page_state} {person}"
    async with opened(cookies["administrator"], "audit") as theirs:
        await theirs.until(lambda found: found.with_id("verified"))


async def test_who_administers_no_more_is_sent_nothing_more(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_consumer, "SESSION_CHECK_INTERVAL_S", 0.1)
    monkeypatch.setattr("marcus_events.live.hub_subscription.HEARTBEAT_S", 0.2)
    _, cookies = await in_thread(made)
    async with opened(cookies["administrator"], "audit") as page:
        await page.frame()
        await in_thread(lambda: roles.assign_role(User.objects.get(username="administrator"), roles.VIEWER))
        assert await page.closed() == page_consumer.VISIBILITY_CHANGED


async def answer(path: str, cookie: str) -> str:
    line = Line(application, path, [HOST, OURS, (b"cookie", cookie.encode())])
    accepted, _ = await line.connect(TIMEOUT_S)
    try:
        return await said(line) if accepted else "refused"
    finally:
        await line.disconnect(timeout=TIMEOUT_S)


async def said(line: Any) -> str:
    """A frame, or the code that it is closed with; a refusal is told before it closes."""
    if "ws/events" in line.scope["path"]:
        await line.send_to(text_data='{"action": "subscribe", "id": "a"}')
    while (message := await line.receive_output(TIMEOUT_S))["type"] == "websocket.send":
        if '"error"' not in message["text"]:
            return "open"
    return str(message["code"])


async def test_no_open_page_is_sent_anything_of_another_board(hub: Hub) -> None:
    _, cookies = await in_thread(made)
    page_states: list[dict[str, str]] = [{}, {"board": BOARD}, {"board": BOARD, "task": "t-77"}, {"q": "-board:garden"}]
    for name, page_state in product([name for name in PAGES if LIVE_PAGES[name] == LIVE], page_states):
        async with opened(cookies["outsider"], name, **page_state) as page:
            await page.frame()
        assert not [frame for frame in page.frames if MARK in frame.lower()], f"{name} {page_state}"
    async with opened(cookies["viewer"], "now") as theirs:
        await theirs.frame()
    assert [frame for frame in theirs.frames if MARK in frame.lower()]


async def test_new_rows_come_to_those_alone_who_may_see_them(hub: Hub) -> None:
    _, cookies = await in_thread(made)
    async with opened(cookies["outsider"], "activity") as page, opened(cookies["viewer"], "activity") as theirs:
        await page.frame()
        await theirs.frame()
        new = [event("task_progress", board=board, task_id="t", message="zqxwkvj") for board in (BOARD, "", OWN)]
        *_, boardless, last = await in_thread(publish, *new)
        await page.until(lambda found: last in found.positions())
        await theirs.until(lambda found: last - 2 in found.positions())
    assert [position for frame in page.frames for position in Document(frame).positions()] == [last]
    assert boardless not in [position for frame in theirs.frames for position in Document(frame).positions()]


async def test_a_persons_subscription_is_narrowed_to_what_they_see(hub: Hub) -> None:
    places, cookies = await in_thread(made)
    async with connected_program(OURS, (b"cookie", cookies["outsider"].encode())) as person:
        await person.ask(action="subscribe", id="a", after=0)
        await person.until("caught_up")
        refused = await person.ask(action="subscribe", id="b", board=BOARD)
    assert refused["code"] == 403
    boards = {frame["event"]["metadata"]["board_id"] for frame in person.frames if frame["type"] == "event"}
    assert boards == {OWN}
    assert MARK not in str(person.frames).lower()
    assert places.own_position in person.positions_of()


def take_board() -> None:
    roles.grant_boards(User.objects.get(username="viewer"), [], every=False)


def take_membership() -> None:
    User.objects.get(username="manager").groups.clear()


def promote() -> None:
    roles.grant_boards(User.objects.get(username="outsider"), [], every=True)


CHANGES = [("viewer", take_board), ("manager", take_membership), ("outsider", promote)]


@pytest.mark.parametrize(("name", "change"), CHANGES)
async def test_who_sees_other_boards_than_before_has_to_come_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[], None]
) -> None:
    monkeypatch.setattr(page_consumer, "SESSION_CHECK_INTERVAL_S", 0.1)
    monkeypatch.setattr(consumer, "CHECK_S", 0.1)
    monkeypatch.setattr("marcus_events.live.hub_subscription.HEARTBEAT_S", 0.2)
    _, cookies = await in_thread(made)
    async with (
        opened(cookies[name], "now") as page,
        connected_program(OURS, (b"cookie", cookies[name].encode())) as program,
    ):
        await page.frame()
        await program.ask(action="subscribe", id="a")
        await in_thread(change)
        assert await page.closed() == page_consumer.VISIBILITY_CHANGED == 4409
        assert await program.closed() == 4401
