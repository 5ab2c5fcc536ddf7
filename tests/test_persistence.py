"""Events with the log behind them: what is published in a process is stored, and read back."""

from __future__ import annotations

import logging

import pytest

from marcus_events import Events
from marcus_events.core.event import Event
from marcus_events.persistence import LogPersistence

pytestmark = pytest.mark.usefixtures("log")


async def test_what_is_published_can_be_read_back_by_another() -> None:
    events = Events(persistence=LogPersistence())
    published = [await events.publish("task_progress", "agent_1", {"progress": n}) for n in range(3)]
    await events.publish("task_completed", "agent_1", {})
    history = await Events(persistence=LogPersistence()).get_history("task_progress", limit=2)
    assert [event.to_dict() for event in history] == [event.to_dict() for event in published[1:]]


async def test_publishing_goes_on_when_the_log_refuses(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Event] = []
    events = Events(persistence=LogPersistence())
    events.subscribe("task_progress", heard.append)
    with caplog.at_level(logging.WARNING):
        event = await events.publish("task_progress", "agent_1", {"text": "NUL \0"})
    assert heard == [event]
    assert "not stored" in caplog.text
