"""How an event is kept is declared per type: durable, batched or ephemeral."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from marcus_events import Event, Events
from marcus_events.bus import batching
from marcus_events.bus.memory_persistence import MemoryPersistence
from marcus_events.bus.storage_policies import Policies, parse_policies
from tests.waiting import wait_until_async


class Commits(MemoryPersistence):
    def __init__(self) -> None:
        super().__init__(limit=100_000)
        self.commits: list[int] = []

    async def store_event(self, event: Event) -> None:
        self.commits.append(1)
        await super().store_event(event)

    async def store_events(self, events: Sequence[Event]) -> None:
        self.commits.append(len(events))
        for event in events:
            await super().store_event(event)


def test_the_name_itself_goes_first_then_the_longest_pattern() -> None:
    policies = Policies({"*": "ephemeral", "task_*": "batched", "task_blocked": "durable"})
    assert [policies.of(name) for name in ("x", "task_started", "task_blocked")] == ["ephemeral", "batched", "durable"]
    policies.declare("x", "durable")
    assert policies.of("x") == "durable"
    assert Policies().of("x") == "durable"


def test_settings_are_read_and_mistakes_told() -> None:
    assert parse_policies(" task_*:batched , beat:ephemeral,") == {"task_*": "batched", "beat": "ephemeral"}
    for mistake in ("task_*", "x:never", ":durable"):
        with pytest.raises(ValueError, match="is not of the form"):
            parse_policies(mistake)
    with pytest.raises(ValueError, match="is not a policy"):
        Policies({"x": "never"})  # type: ignore[dict-item]


async def test_batched_events_are_committed_together_after_publishing_has_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "MAX_DELAY_S", 0.2)
    kept = Commits()
    events = Events(persistence=kept, policies={"x": "batched"})
    published = [await events.publish("x", "s", {}) for _ in range(10)]
    assert kept.commits == []
    await wait_until_async(lambda: kept.commits)
    assert kept.commits == [10]
    assert await events.get_history() == published


async def test_a_full_batch_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_DELAY_S", 3600)
    kept = Commits()
    events = Events(persistence=kept, policies={"x": "batched"})
    for _ in range(batching.MAX_BATCH):
        await events.publish("x", "s", {})
    await wait_until_async(lambda: kept.commits == [batching.MAX_BATCH])


async def test_closing_stores_what_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_DELAY_S", 3600)
    kept = Commits()
    async with Events(persistence=kept, policies={"x": "batched"}) as events:
        for _ in range(3):
            await events.publish("x", "s", {})
    assert kept.commits == [3]


async def test_a_queue_that_is_too_long_makes_publishing_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_DELAY_S", 3600)
    monkeypatch.setattr(batching, "MAX_BATCH", 10_000)
    monkeypatch.setattr(batching, "MAX_QUEUED", 5)
    kept = Commits()
    events = Events(persistence=kept, policies={"x": "batched"})
    for _ in range(5):
        await asyncio.wait_for(events.publish("x", "s", {}), 20)
    assert kept.commits == [5]


async def test_ephemeral_events_are_heard_and_not_kept() -> None:
    kept, heard = Commits(), list[Event]()
    events = Events(persistence=kept, policies={"beat": "ephemeral"})
    events.subscribe("beat", heard.append)
    event = await events.publish("beat", "s", {})
    assert (heard, kept.commits) == ([event], [])
