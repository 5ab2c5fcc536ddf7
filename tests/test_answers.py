"""Answers are sent when they are due, once, however many send them, and not at all where they were taken back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from marcus_events.answers import MARGIN, send_answers, send_due
from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.models import Blocker
from marcus_events.projections import PROJECTIONS, catch_up
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
LATE = MARGIN + timedelta(seconds=1)


def publish(event_type: str, event_id: str, ago: timedelta = LATE, **data: Any) -> None:
    stated = {"task_id": "t1", "blocker_event_id": "b1", "by": "ann"} | data
    ingest([Event(event_id, utc_now() - ago, event_type, "s", stated, {"board_id": "shop"})])
    catch_up(PROJECTIONS)


def answered(event_id: str = "a1", **data: Any) -> None:
    publish("task_blocked", "b1", timedelta(minutes=5), description="Which key?", blocker_event_id=None)
    publish("blocker_answered", event_id, answer="The blue one", **data)


def ends() -> list[Event]:
    return [found.event for found in read.following(0, 100) if found.event_type == "blocker_resolved"]


def test_what_is_due_is_sent_as_the_answer_to_the_blocker_by_who_gave_it() -> None:
    answered()
    assert send_due() == 1
    [sent] = ends()
    assert (sent.source, sent.event_id) == ("user:ann", "a1:sent")
    assert sent.data == {
        "task_id": "t1",
        "blocker_event_id": "b1",
        "resolution": "The blue one",
        "answer_id": "a1",
        "by": "ann",
    }
    assert sent.metadata == {"board_id": "shop", "causation_id": "b1", "correlation_id": "b1"}
    catch_up(PROJECTIONS)
    assert Blocker.objects.now().get().resolution == "The blue one"
    assert send_due() == 0


def test_what_is_not_due_waits() -> None:
    answered(due=(utc_now() + timedelta(hours=1)).isoformat())
    assert (send_due(), ends()) == (0, [])


def test_what_was_taken_back_is_not_sent() -> None:
    answered()
    publish("answer_withdrawn", "w1", answer_id="a1")
    assert (send_due(), ends()) == (0, [])


def test_a_blocker_that_ended_by_itself_gets_no_answer() -> None:
    answered(due=(utc_now() - LATE).isoformat())
    publish("task_progress", "p1", timedelta(0), progress=10)
    assert (send_due(), ends()) == (0, [])


def test_many_who_send_at_once_send_it_once() -> None:
    answered()
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(send_and_let_go, range(16)))
    assert len(ends()) == 1


def send_and_let_go(_: int) -> None:
    send_due()
    connection.close()


def test_it_is_sent_by_itself() -> None:
    answered()
    stop = threading.Event()
    sending = threading.Thread(target=send_answers, args=(stop,))
    sending.start()
    wait_until(lambda: len(ends()) == 1)
    stop.set()
    sending.join()
