"""What a subscription is sent: everything that matches after its position, in order, once, whatever else happens."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from django.db import OperationalError, connection

from marcus_events.core.filters import EventFilter
from marcus_events.live import recent
from marcus_events.live.hub import Hub
from marcus_events.log import read
from marcus_events.websocket import frame_handlers, replay, subscriptions
from tests.audit.reading import behind_the_back
from tests.websocket.conversation import Program, bearer, connected_program, publish
from tests.websocket_line import in_thread

pytestmark = pytest.mark.usefixtures("hub")


async def test_without_a_position_it_is_sent_what_comes_from_now_on(token: str) -> None:
    await publish("task_started")
    async with connected_program(bearer(token)) as program:
        answer = await program.ask(action="subscribe", id="a")
        assert (answer["type"], answer["id"], answer["after"]) == ("subscribed", "a", 1)
        assert (await program.until("caught_up"))["head"] == 1
        await publish("task_progress", "task_completed")
        await program.until("event", id="a")
        found = (await program.until("event", id="a"))["event"]
    assert program.positions_of("a") == [2, 3]
    assert found == (await in_thread(read.event, 3)).to_dict()  # type: ignore[union-attr]


async def test_after_a_position_it_is_sent_everything_since_and_then_what_comes(token: str) -> None:
    await publish(*["task_progress"] * 5)
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a", after=2)
        await program.until("caught_up", head=5)
        assert program.positions_of() == [3, 4, 5]
        await publish("task_progress")
        await program.until("event")
    assert program.positions_of() == [3, 4, 5, 6]
    assert program.frame_types().count("caught_up") == 1


CHOICES: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3, 4]),
    ({"pattern": "*"}, [1, 2, 3, 4]),
    ({"pattern": "task_*"}, [1, 2, 4]),
    ({"pattern": ["task_blocked", "deploy"]}, [2, 3]),
    ({"q": "type:task_* -type:task_blocked"}, [1, 4]),
    ({"pattern": "task_*", "q": "-type:task_started"}, [2]),
    ({"board": "billing"}, [4]),
    ({"board": "nowhere"}, []),
]


async def test_a_choice_holds_in_the_log_and_for_what_comes(token: str) -> None:
    expected = {f"{when}{n}": found for n, (_, found) in enumerate(CHOICES) for when in ("live", "log")}
    async with connected_program(bearer(token)) as program:
        await choose(program, "live", None)
        await publish("task_started", "task_blocked", "deploy")
        await publish("task_started", board="billing")
        await choose(program, "log", 0)
        await program.receive_until(lambda: {name: program.positions_of(name) for name in expected} == expected)


async def choose(program: Program, when: str, after: int | None) -> None:
    for n, (wanted, _) in enumerate(CHOICES):
        await program.ask(action="subscribe", id=f"{when}{n}", after=after, **wanted)
        await program.until("caught_up", id=f"{when}{n}")


async def test_subscriptions_of_a_connection_do_not_take_from_each_other(token: str) -> None:
    await publish("task_started", "task_blocked")
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a", after=0)
        await program.ask(action="subscribe", id="b", pattern="task_blocked", after=0)
        await program.until("caught_up", id="b")
        await publish("task_blocked")
        await program.until("event", id="b")
        if len(program.positions_of("a")) < 3:
            await program.until("event", id="a")
    assert (program.positions_of("a"), program.positions_of("b")) == ([1, 2, 3], [2, 3])


async def test_nothing_comes_after_the_end_of_a_subscription(token: str) -> None:
    await publish(*["task_progress"] * 450)
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a", after=0)
        await program.until("event")
        assert (await program.ask(action="unsubscribe", id="a"))["type"] == "unsubscribed"
        at_its_end = program.positions_of()
        await program.ask(action="subscribe", id="a")
        await publish("task_blocked")
        await program.until("event")
    assert program.positions_of() == [*at_its_end, 451]
    assert at_its_end == list(range(1, len(at_its_end) + 1))


async def test_whoever_is_too_slow_for_the_newest_goes_on_in_the_log(
    token: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MAX_HELD", 3)
    monkeypatch.setattr(replay, "AT_ONCE", 2)
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a")
        for _ in range(4):
            await publish(*["task_progress"] * 7)
        await program.receive_until(lambda: len(program.positions_of()) >= 28)
        assert hub.recent.start >= 25
    assert program.positions_of() == list(range(1, 29))
    assert program.frame_types() == ["subscribed", "caught_up"] + ["event"] * 28


async def test_large_events_fill_neither_a_page_nor_what_is_held(token: str, hub: Hub) -> None:
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a")
        for _ in range(5):
            await publish(*["big"] * 4, data={"text": "x" * 200_000})
        await program.receive_until(lambda: len(program.positions_of()) >= 20)
        assert hub.recent.start >= 20 - recent.MAX_BYTES // 200_000
        page = await in_thread(replay.of_log, EventFilter(), 0)
    assert len(page.events) == 2
    assert program.positions_of() == list(range(1, 21))


async def test_a_filter_that_hardly_anything_matches_looks_through_the_log_in_spans(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "SPAN", 10)
    await publish(*["noise"] * 35, "wanted", *["noise"] * 20)
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a", pattern="wanted", after=0)
        await program.until("caught_up", head=56)
    assert program.positions_of() == [36]


async def test_what_the_log_no_longer_has_is_a_gap(token: str) -> None:
    await publish(*["task_progress"] * 6)
    await in_thread(behind_the_back, "event", "DELETE FROM event WHERE position < 4")
    await in_thread(in_sql, "UPDATE log_head SET oldest = 4")
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a", after=1)
        gap = await program.until("gap")
        await program.until("caught_up", head=6)
    assert gap == {"type": "gap", "id": "a", "missed": 2, "from": 2, "to": 3}
    assert program.positions_of() == [4, 5, 6]


async def test_another_log_in_its_place_begins_again(token: str, hub: Hub) -> None:
    await publish(*["task_progress"] * 3)
    async with connected_program(bearer(token)) as program:
        first = await program.ask(action="subscribe", id="a", after=1)
        await program.ask(action="subscribe", id="now")
        await program.until("caught_up", id="now")
        await in_thread(behind_the_back, "event", "DELETE FROM event WHERE position = 3")
        await in_thread(in_sql, "UPDATE log_head SET position = 2, epoch = gen_random_uuid()")
        resets = [await program.until("reset") for _ in range(2)]
        await publish("task_blocked")
        await program.receive_until(
            lambda: program.positions_of() == [2, 3, 1, 2, 3] and program.positions_of("now") == [3]
        )
        again = await program.ask(action="subscribe", id="b", after=2, epoch=first["epoch"])
        assert again["epoch"] != first["epoch"]
        await program.until("reset", id="b", after=0)
        await program.until("caught_up", id="b")
    assert {reset["id"]: reset["after"] for reset in resets} == {"a": 0, "now": 2}
    assert program.positions_of("b") == [1, 2, 3]


async def test_a_position_beyond_the_head_is_of_another_log(token: str) -> None:
    await publish("task_progress")
    async with connected_program(bearer(token)) as program:
        assert (await program.ask(action="subscribe", id="a", after=9))["type"] == "subscribed"
        await program.until("reset", id="a", after=0)
        await program.until("caught_up", head=1)
    assert program.positions_of() == [1]


async def test_a_heartbeat_says_how_far_each_subscription_has_come(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "HEARTBEAT_S", 0.2)
    await publish("noise", "noise")
    async with connected_program(bearer(token)) as program:
        assert (await program.until("heartbeat"))["positions"] == {}
        await program.ask(action="subscribe", id="a", pattern="wanted", after=0)
        await program.until("heartbeat", head=2, positions={"a": 2})
        await publish("noise")
        await program.until("heartbeat", head=3, positions={"a": 3})


async def test_while_the_database_is_away_the_connection_stays_and_afterwards_nothing_is_missing(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(subscriptions, "RETRY_S", 0.05)
    monkeypatch.setattr(recent, "MAX_HELD", 0)  # everything is read from the log
    await publish("task_progress", "task_progress")
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="a", after=0)
        await program.until("caught_up", head=2)
        with monkeypatch.context() as outage:
            asked = nobody_answers(outage)
            await publish("task_blocked")
            while len(asked) < 3:
                await program.until("heartbeat")
        await program.until("event", id="a")
    assert program.positions_of() == [1, 2, 3]
    assert program.frame_types() == ["subscribed", "event", "event", "caught_up", "event"]


async def test_who_subscribes_while_the_database_is_away_is_told_when_to_ask_again(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected_program(bearer(token)) as program:
        await program.ask(action="subscribe", id="first")
        with monkeypatch.context() as outage:
            nobody_answers(outage)
            answer = await program.ask(action="subscribe", id="a", after=0)
        assert (answer["type"], answer["id"], answer["code"], answer["retry_after_s"]) == ("error", "a", 503, 2)
        assert (await program.ask(action="subscribe", id="a", after=0))["type"] == "subscribed"


def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Each question is noted."""
    asked: list[object] = []

    def refuse(*values: object) -> None:
        asked.append(values)
        raise OperationalError("connection refused")

    monkeypatch.setattr(replay, "of_log", refuse)
    monkeypatch.setattr(frame_handlers, "subscription_of", refuse)
    return asked


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_the_order_of_publishing_and_subscribing_each_match_comes_once_and_in_order(
    token: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Several at once, from positions drawn, while others publish. They end and resume, and fall behind."""
    draw = random.Random(seed)  # noqa: S311 - for the test
    monkeypatch.setattr(recent, "MAX_HELD", draw.choice([1, 5, 50, 2_000]))
    monkeypatch.setattr(replay, "AT_ONCE", draw.choice([1, 3, 200]))
    monkeypatch.setattr(replay, "SPAN", draw.choice([2, 7, 50_000]))
    await publish(*draw.choices(["task_a", "task_b", "other"], k=draw.randrange(1, 30)))
    publishing = asyncio.create_task(publish_now_and_then(draw))
    await asyncio.gather(*(follow(token, draw) for _ in range(4)))
    await publishing


async def publish_now_and_then(draw: random.Random) -> None:
    for _ in range(15):
        await publish(*draw.choices(["task_a", "task_b", "other"], k=draw.randrange(1, 12)))
        await asyncio.sleep(draw.uniform(0, 0.02))
    await publish("end")


async def follow(token: str, draw: random.Random) -> None:
    """Until the end, over several connections: each goes on after the last that was seen."""
    head = (await in_thread(read.head)).position
    after = start = draw.randrange(0, head + 1)
    pattern = draw.choice(["*", "task_*", "task_b"])
    seen: list[int] = []
    while True:
        async with connected_program(bearer(token)) as program:
            await asyncio.sleep(draw.uniform(0, 0.05))
            await program.ask(action="subscribe", id="a", pattern=[pattern, "end"], after=after)
            ended = await hear_some(program, draw.randrange(1, 60))
        seen += program.positions_of()
        after = seen[-1] if seen else after
        if ended:
            break
    wanted = EventFilter().with_term("type", pattern, "end")
    expected = await in_thread(lambda: read.events(wanted, after=start, limit=1_000, newest_first=False))
    assert seen == [found.position for found in expected]


async def hear_some(program: Program, count: int) -> bool:
    """Whether the last event of all was among them."""
    while len(program.positions_of()) < count:
        frame = await program.until("event")
        if frame["event"]["event_type"] == "end":
            return True
    return False


def in_sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
