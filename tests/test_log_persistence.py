"""Events with the log behind them: stored, read back, heard in every process, and durably subscribed to."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from marcus_events import Events
from marcus_events.bus import store_attempts
from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from marcus_events.log.back_pressure import back_pressure
from marcus_events.log_persistence import LogPersistence
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.subscriptions import overview
from tests.lagging import age_events
from tests.log.processes import conninfo_of_test_database, start
from tests.waiting import TIMEOUT_S, wait_until, wait_until_async

pytestmark = pytest.mark.usefixtures("log")


@asynccontextmanager
async def two() -> AsyncIterator[tuple[Events, Events]]:
    """Two that know of each other by the log alone, like those of two processes."""
    async with Events(persistence=LogPersistence()) as one, Events(persistence=LogPersistence()) as other:
        yield one, other


async def test_what_is_published_can_be_read_back_by_another() -> None:
    async with two() as (events, other):
        published = [await events.publish("task_progress", "agent_1", {"progress": n}) for n in range(3)]
        await events.publish("task_completed", "agent_1", {})
        history = await other.get_history("task_progress", limit=2)
        assert [event.to_dict() for event in history] == [event.to_dict() for event in published[1:]]


async def test_publishing_goes_on_when_the_log_refuses(caplog: pytest.LogCaptureFixture) -> None:
    async with Events(persistence=LogPersistence()) as events:
        heard: list[Event] = []
        events.subscribe("task_progress", heard.append)
        with caplog.at_level(logging.WARNING):
            event = await events.publish("task_progress", "agent_1", {"text": "NUL \0"})
        assert heard == [event]
        assert "refused by persistence: /data/text: contains the character NUL" in caplog.text
        assert events.metrics()["storing"]["refused"] == 1
        assert events.metrics()["storing"]["circuit"] == "closed"


async def test_a_batch_is_one_commit_and_takes_what_is_valid() -> None:
    async with Events(persistence=LogPersistence()) as events:
        await events.publish_batch([("x", "s", {"n": 1}), ("x", "s", {"n": float("nan")}), ("x", "s", {"n": 3})])
        assert [event.data["n"] for event in await events.get_history("x")] == [1, 3]
        assert (events.metrics()["storing"]["stored"], events.metrics()["storing"]["refused"]) == (2, 1)


async def test_what_one_publishes_the_others_hear_in_the_order_of_the_log_and_once() -> None:
    async with two() as (one, other):
        here, there = list[Event](), list[Event]()
        one.subscribe("task_*", here.append)
        other.subscribe("task_*", there.append)
        await one.start()
        await other.start()
        await asyncio.gather(
            *(publisher.publish("task_progress", "s", {"n": n}) for n in range(50) for publisher in (one, other))
        )
        await one.publish("kanban_updated", "s", {})
        last = await one.publish("task_completed", "s", {})
        await wait_until_async(lambda: last in there and len(here) == 101)
        log = await one.get_history(limit=200)
        assert identities(there[-1:]) == identities([last])
        assert (
            sorted(identities(here))
            == sorted(identities(there))
            == sorted(identities(e for e in log if "task" in e.event_type))
        )
        from_one = [event for event in there if event.event_id in {e.event_id for e in here}]
        assert len(from_one) == 101


def identities(events: object) -> list[str]:
    return [f"{event.event_id} {event.data}" for event in events]  # type: ignore[attr-defined]


async def test_what_other_processes_publish_is_heard_in_the_order_of_the_log() -> None:
    async with Events(persistence=LogPersistence()) as events:
        heard: list[int] = []
        events.subscribe("x", lambda event: heard.append(event.data["n"]))
        await events.start()
        for start in range(0, 2_000, 100):
            await asyncio.to_thread(
                ingest, [Event(f"e{n}", utc_now(), "x", "s", {"n": n}) for n in range(start, start + 100)]
            )
        await wait_until_async(lambda: len(heard) == 2_000)
        assert heard == list(range(2_000))


async def test_a_name_of_marcus_is_heard_by_itself_and_by_the_documented_one() -> None:
    async with two() as (one, other):
        heard: list[str] = []
        other.subscribe("task_assignment", lambda event: heard.append("stated"))
        other.subscribe("task_assigned", lambda event: heard.append("documented"))
        await other.start()
        await one.publish("task_assignment", "marcus", {})
        await wait_until_async(lambda: sorted(heard) == ["documented", "stated"])


async def test_what_is_ephemeral_is_heard_by_all_and_kept_by_nobody() -> None:
    policies = {"agent_heartbeat": "ephemeral"}
    large = {"text": "ä€😀" * 20_000}
    async with (
        Events(persistence=LogPersistence(), policies=policies) as one,  # type: ignore[arg-type]
        Events(persistence=LogPersistence()) as other,
    ):
        here, there = list[Event](), list[Event]()
        one.subscribe("*", here.append)
        other.subscribe("*", there.append)
        await one.start()
        await other.start()
        published = [await one.publish("agent_heartbeat", "s", data) for data in ({"n": 1}, large, {"n": 3})]
        await wait_until_async(lambda: len(there) == 3)
        assert there == here == published
        assert await one.get_history() == []


async def test_a_program_that_ends_has_told_its_ephemeral_events(tmp_path: Path) -> None:
    async with Events(persistence=LogPersistence()) as events:
        heard: list[Event] = []
        events.subscribe("agent_heartbeat", heard.append)
        await events.start()
        conninfo = conninfo_of_test_database()
        with start("tests.bus.brief_publisher", conninfo, tmp_path / "output") as program:
            assert await asyncio.to_thread(program.wait, 60) == 0
        await wait_until_async(lambda: [event.source for event in heard] == ["brief"])


async def test_batched_events_are_stored_together_a_moment_later() -> None:
    async with Events(persistence=LogPersistence(), policies={"task_*": "batched"}) as events:
        published = [await events.publish("task_progress", "s", {"n": n}) for n in range(20)]
        await wait_until_async(lambda: events.metrics()["storing"]["stored"] == 20)
        assert identities(await events.get_history()) == identities(published)


async def test_who_waits_looks_back_into_the_log_first() -> None:
    async with two() as (one, other):
        question = await one.publish("task_blocked", "agent_1", {"task_id": "t1"})
        await other.publish("blocker_resolved", "ann", {"task_id": "t2"})
        answer = await other.publish("blocker_resolved", "ann", {"task_id": "t1"})
        found = await one.wait_for_event("blocker_resolved", 20, after=question, where={"data.task_id": "t1"})
        assert identities([found]) == identities([answer])
        assert await one.wait_for_event("blocker_resolved", 0.05, after=answer) is None


async def test_who_waits_hears_what_another_process_answers() -> None:
    async with two() as (one, other):
        question = await one.publish("task_blocked", "agent_1", {})
        waiting = asyncio.create_task(one.wait_for_event("blocker_resolved", 20, after=question))
        await wait_until_async(lambda: one._log_bridge.is_following)
        answer = await other.publish("blocker_resolved", "ann", {})
        assert identities([await waiting]) == identities([answer])


async def test_a_trace_is_put_together_from_the_log() -> None:
    async with two() as (one, other):

        async def answer(event: Event) -> None:
            await other.publish("blocker_resolved", "ann", {})

        other.subscribe("task_blocked", answer)
        await other.start()
        question = await one.publish("task_blocked", "agent_1", {})
        await wait_until_async(lambda: other.metrics()["types"].get("blocker_resolved"))
        await wait_until_async(lambda: other.metrics()["storing"]["stored"] == 1)
        trace = await one.trace(question)
        assert [event.event_type for event in trace] == ["task_blocked", "blocker_resolved"]
        assert str(trace).splitlines()[1].startswith("  blocker_resolved")


async def test_a_durable_subscription_goes_on_where_it_was() -> None:
    async with Events(persistence=LogPersistence()) as events:
        heard: list[int] = []
        events.subscribe("task_*", lambda event: heard.append(event.data["n"]), durable="notifier")
        await events.start()
        await events.publish("task_progress", "s", {"n": 1})
        await wait_until_async(lambda: heard == [1])
    await asyncio.to_thread(ingest, [Event("away", utc_now(), "task_progress", "s", {"n": 2})])
    async with Events(persistence=LogPersistence()) as events:
        events.on("task_*", durable="notifier")(lambda event: heard.append(event.data["n"]))
        await wait_until_async(lambda: heard == [1, 2])


async def test_a_durable_handler_that_hangs_is_given_up_and_tried_again() -> None:
    async with Events(persistence=LogPersistence()) as events:
        attempts: list[int] = []

        async def hang_once(event: Event) -> None:
            attempts.append(event.data["n"])
            if len(attempts) == 1:
                await asyncio.Event().wait()

        events.subscribe("x", hang_once, durable="notifier", timeout=0.05, where={"data.n": [1, 2]})
        await events.start()
        for n in range(3):
            await events.publish("x", "s", {"n": n})
        await wait_until_async(lambda: attempts == [1, 1, 2])


async def test_a_durable_subscription_needs_a_log() -> None:
    with pytest.raises(ValueError, match="needs a log"):
        Events().subscribe("x", print, durable="notifier")


def test_an_event_loop_that_ends_takes_no_event_with_it() -> None:
    """The program forgot to close: its subscription stops, and parks nothing."""
    begun = threading.Event()

    async def hang(event: Event) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def program() -> None:
        events = await Events(persistence=LogPersistence()).start()
        events.subscribe("x", hang, durable="notifier")
        await events.start()
        await events.publish("x", "s", {})
        await asyncio.to_thread(begun.wait, 20)

    asyncio.run(program())
    wait_until(
        lambda: not any(thread.name in ("log following", "subscription notifier") for thread in threading.enumerate())
    )
    assert (overview.state("notifier").parked, overview.state("notifier").position) == (0, 0)


async def test_publishing_waits_while_the_tables_are_far_behind_and_trips_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_LAG = 30
    monkeypatch.setattr(store_attempts, "MAX_PACE_S", 0.3)
    async with Events(persistence=LogPersistence()) as events:
        await asyncio.to_thread(fall_behind)
        await wait_until_async(back_pressure().is_slowing)
        await events.publish("x", "s", {"n": 1})
        await events.publish_batch([("x", "s", {"n": 2}), ("x", "s", {"n": 3})])
        found = events.metrics()["storing"]
        assert (found["slowed"], found["stored"], found["circuit"]) == (3, 3, "closed")
        assert (found["spooled"], found["lost"], found["last_error"]) == (0, 0, None)
        assert [event.data["n"] for event in await events.get_history("x")] == [1, 2, 3], "a wait is bounded"


async def test_publishing_goes_on_at_once_when_the_tables_have_caught_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_LAG = 30
    monkeypatch.setattr(store_attempts, "MAX_PACE_S", TIMEOUT_S)
    async with Events(persistence=LogPersistence()) as events:
        await asyncio.to_thread(fall_behind)
        await wait_until_async(back_pressure().is_slowing)
        waiting = asyncio.create_task(events.publish("x", "s", {}))
        await asyncio.to_thread(catch_up, PROJECTIONS)
        await waiting
        await wait_until_async(lambda: not back_pressure().is_slowing())
        await events.publish("x", "s", {})
        assert (events.metrics()["storing"]["slowed"], events.metrics()["storing"]["stored"]) == (1, 2)


def fall_behind() -> None:
    ingest([Event("outstanding", utc_now(), "task_started", "agent_1", {})])
    age_events(40)
    connection.close()
