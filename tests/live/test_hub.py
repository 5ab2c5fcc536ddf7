"""The hub: each connection sees what matches, in order, at a calm pace; what it cannot hold is a gap that is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from django.db import connection

from marcus_events.audit.redaction import redact
from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.reserved import Authority
from marcus_events.core.threshold import Threshold
from marcus_events.ingest import ingest
from marcus_events.live import hub_subscription
from marcus_events.live.hub import Hub, noticeable
from marcus_events.live.hub_subscription import BUFFER, FRAME_EVERY_S, Frame, HubSubscription, interval_end
from marcus_events.log import read
from marcus_events.log.projection_lag import BEHIND_AFTER_S
from marcus_events.projections import RATES, SEARCH, STATE, catch_up
from tests.lagging import age_events
from tests.waiting import wait_until_async
from tests.websocket_line import in_thread

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture
async def hub(log: None) -> AsyncIterator[Hub]:
    hub = Hub()
    yield hub
    hub.stop_soon()
    await asyncio.to_thread(hub.stop)


async def publish(*event_ids: str, event_type: str = "task_progress") -> None:
    events = [Event(event_id, utc_now(), event_type, "agent_1", {}) for event_id in event_ids]
    await asyncio.to_thread(ingest, events, Authority.SYSTEM)


async def frames_until(subscription: HubSubscription, enough: Callable[[list[Frame]], bool]) -> list[Frame]:
    seen: list[Frame] = []
    async with asyncio.timeout(20):
        async for frame in subscription:
            seen.append(frame)
            if enough(seen):
                break
    return seen


def ids(frames: list[Frame]) -> list[str]:
    return [event.event.event_id for frame in frames for event in frame.events]


def everything(event: RecordedEvent) -> bool:
    return True


async def test_a_subscription_sees_what_is_published_after_it_began(hub: Hub) -> None:
    await publish("before")
    async with hub.subscribe(everything) as subscription:
        assert hub.head == 1
        await publish("a", "b")
        frames = await frames_until(subscription, lambda seen: len(ids(seen)) == 2)
    assert ids(frames) == ["a", "b"]
    assert frames[-1].head == 3


async def test_only_what_matches_is_seen(hub: Hub) -> None:
    async with hub.subscribe(lambda event: event.event_type == "task_blocked") as subscription:
        await publish("noise")
        await publish("wanted", event_type="task_blocked")
        assert ids(await frames_until(subscription, lambda seen: len(ids(seen)) == 1)) == ["wanted"]


async def test_connections_share_one_tail_and_do_not_take_from_each_other(hub: Hub) -> None:
    async with hub.subscribe(everything) as first, hub.subscribe(everything) as second:
        assert hub.connections == 2
        await publish("a")
        for subscription in (first, second):
            assert ids(await frames_until(subscription, lambda seen: len(ids(seen)) == 1)) == ["a"]
    assert hub.connections == 0


async def test_frames_are_no_closer_than_can_be_read(hub: Hub) -> None:
    async with hub.subscribe(everything) as subscription:
        publishing = asyncio.gather(*(publish(f"e{n}") for n in range(60)))
        frames = await frames_until(subscription, lambda seen: len(ids(seen)) == 60)
        await publishing
    seconds = (frames[-1].at - frames[0].at).total_seconds()
    assert len(frames) <= seconds / FRAME_EVERY_S + 2  # a frame may end an interval, and the next one begin another


def test_intervals_of_frames_are_the_same_for_all_connections() -> None:
    assert interval_end(float("-inf")) < 0  # the first frame comes at once
    ends = {round(interval_end(12 * FRAME_EVERY_S + late), 6) for late in (0.001, 0.05, FRAME_EVERY_S - 0.001)}
    assert ends == {round(13 * FRAME_EVERY_S, 6)}


async def test_a_slow_connection_gets_a_gap_that_says_what_is_missing(hub: Hub) -> None:
    async with hub.subscribe(everything) as subscription:
        await publish(*(f"e{n}" for n in range(BUFFER + 30)))
        await wait_until_async(lambda: hub.head == BUFFER + 30)
        frames = await frames_until(subscription, lambda seen: sum(frame.missed for frame in seen) == 30)
        await publish("after")
        frames += await frames_until(subscription, lambda seen: ids(seen) == ["after"])
    gap = next(frame for frame in frames if frame.missed)
    assert ids(frames) == [f"e{n}" for n in range(BUFFER)] + ["after"]
    assert (gap.missed_from, gap.missed_to) == (BUFFER + 1, BUFFER + 30)


async def test_frames_say_how_far_the_tables_and_the_search_are_behind_until_they_are_not(hub: Hub) -> None:
    async with hub.subscribe(everything) as subscription:
        await publish("a")
        await in_thread(lambda: age_events(40))
        frames = await frames_until(subscription, lambda seen: min(seen[-1].behind_s, seen[-1].search_behind_s) > 0)
        assert 40 <= frames[-1].behind_s < 100
        await in_thread(lambda: catch_up([STATE, RATES]))
        frames = await frames_until(subscription, lambda seen: not seen[-1].behind_s)
        assert frames[-1].search_behind_s >= 40
        await in_thread(lambda: catch_up([SEARCH]))
        await frames_until(subscription, lambda seen: not seen[-1].search_behind_s)


def test_a_lag_of_less_than_two_seconds_is_not_shown_and_does_not_flicker_around_them() -> None:
    threshold = Threshold(BEHIND_AFTER_S)
    shown = [noticeable(threshold, lag) for lag in (0.2, 1.9, 2.1, 1.6, 4.4, 1.2, 0.9, 1.9)]
    assert shown == [0, 0, 2, 2, 4, 1, 0, 0]


async def test_a_frame_comes_though_nothing_happens(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_subscription, "HEARTBEAT_S", 0.3)
    async with hub.subscribe(everything) as subscription:
        frames = await frames_until(subscription, lambda seen: len(seen) == 3)
    assert ids(frames) == []


async def test_a_frame_comes_when_the_tables_of_the_present_moved_on(hub: Hub) -> None:
    async with hub.subscribe(lambda event: False) as subscription:
        await publish("a")
        await asyncio.to_thread(project)
        assert (await frames_until(subscription, lambda seen: seen[-1].projected == 1))[-1].projected == 1


def project() -> None:
    try:
        catch_up([STATE])
    finally:
        connection.close()


async def test_the_loss_of_the_database_costs_no_event(hub: Hub) -> None:
    async with hub.subscribe(everything) as subscription:
        for n in range(3):
            await publish(f"e{n}")
            await asyncio.to_thread(end_connections)
        await publish("last")
        frames = await frames_until(subscription, lambda seen: "last" in ids(seen))
    assert ids(frames) == ["e0", "e1", "e2", "last"]


async def test_an_event_that_was_read_as_the_connection_died_is_delivered(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub.subscribe(everything) as subscription:
        monkeypatch.setattr(read, "projected", on_a_dying_connection(read.projected))
        await publish("a", "b")
        frames = await frames_until(subscription, lambda seen: len(ids(seen)) == 2)
    assert ids(frames) == ["a", "b"]


def on_a_dying_connection(projected: Callable[..., int]) -> Callable[..., int]:
    """Asks as ever, but where the log has grown, the first time on a connection that has just been lost."""
    deaths = iter([True])

    def ask(name: str, connection: psycopg.Connection[Any]) -> int:
        if read.head().position and next(deaths, False):
            connection.close()
        return projected(name, connection)

    return ask


def end_connections() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name IN ('marcus tail', 'marcus hub', 'marcus listener')""")
    finally:
        connection.close()


async def test_another_log_in_its_place_is_told_by_its_epoch(hub: Hub) -> None:
    async with hub.subscribe(everything) as subscription:
        first = (await frames_until(subscription, lambda seen: True))[0].epoch
        await asyncio.to_thread(change_epoch)
        frames = await frames_until(subscription, lambda seen: seen[-1].epoch != first)
    assert frames[-1].epoch != first


def change_epoch() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE log_head SET epoch = gen_random_uuid()")
    finally:
        connection.close()


async def test_what_waits_for_a_connection_is_not_sent_when_it_was_redacted(hub: Hub) -> None:
    async with hub.subscribe(everything) as subscription:
        await publish("secret", "other")
        await wait_until_async(lambda: hub.head == 2)
        record = await in_thread(redact, 1, "ada", "a secret")
        await wait_until_async(lambda: hub.last_redaction == record)
        frames = await frames_until(subscription, lambda seen: seen[-1].last_redaction == record)
        assert "secret" not in ids(frames)
        assert "other" in ids(frames)


async def test_only_a_redaction_that_has_happened_counts(hub: Hub) -> None:
    async with hub.subscribe(everything) as subscription:
        await publish("forged", event_type="event_redacted")
        frames = await frames_until(subscription, lambda seen: "forged" in ids(seen))
        assert frames[-1].last_redaction == 0
