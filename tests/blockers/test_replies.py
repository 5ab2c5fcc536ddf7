"""Answers are sent when they are due, once, however many send them, and not at all where they were taken back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from marcus_events.blockers.replies import MARGIN, run_replies, send_due_answers
from marcus_events.core.event import Event, utc_now
from marcus_events.core.payload import MAX_EVENT_BYTES, serialise
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest, log_refused
from marcus_events.log import read
from marcus_events.models import Blocker
from marcus_events.projections import PROJECTIONS, catch_up
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
LATE = MARGIN + timedelta(seconds=1)


def publish(event_type: str, event_id: str, ago: timedelta = LATE, *, source: str = "user:ann", **data: Any) -> None:
    stated = {"task_id": "t1", "blocker_event_id": "b1", "by": "ann"} | data
    event = Event(event_id, utc_now() - ago, event_type, source, stated, {"board_id": "shop"})
    assert not log_refused(ingest([event], Authority.SYSTEM), event_type)
    catch_up(PROJECTIONS)


def answered(event_id: str = "a1", **data: Any) -> None:
    publish("task_blocked", "b1", timedelta(minutes=5), description="Which key?", blocker_event_id=None)
    publish("blocker_answered", event_id, answer="The blue one", **data)


def ends() -> list[Event]:
    return [found.event for found in read.following(0, 100) if found.event_type == "blocker_resolved"]


def test_what_is_due_is_sent_as_the_answer_to_the_blocker_by_who_gave_it() -> None:
    answered()
    assert send_due_answers() == 1
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
    assert send_due_answers() == 0


def test_what_is_not_due_waits() -> None:
    answered(due=(utc_now() + timedelta(hours=1)).isoformat())
    assert (send_due_answers(), ends()) == (0, [])


def test_what_was_taken_back_is_not_sent() -> None:
    answered()
    publish("answer_withdrawn", "w1", answer_id="a1")
    assert (send_due_answers(), ends()) == (0, [])


def test_a_blocker_that_ended_by_itself_gets_no_answer() -> None:
    answered(due=(utc_now() - LATE).isoformat())
    publish("task_progress", "p1", timedelta(0), progress=10)
    assert (send_due_answers(), ends()) == (0, [])


def test_many_who_send_at_once_send_it_once() -> None:
    answered()
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(send_and_let_go, range(16)))
    assert len(ends()) == 1


def send_and_let_go(_: int) -> None:
    send_due_answers()
    connection.close()


def test_it_is_sent_by_itself() -> None:
    answered()
    stop = threading.Event()
    sending = threading.Thread(target=run_replies, args=(stop,))
    sending.start()
    wait_until(lambda: len(ends()) == 1)
    stop.set()
    sending.join()


def test_an_id_that_another_event_has_taken_does_not_swallow_it(caplog: pytest.LogCaptureFixture) -> None:
    answered()
    publish("note", "a1:sent")
    publish("note", "a1:sent:2", source="user:ann", text="as a log from before may hold it")
    assert send_due_answers() == 1
    assert [(event.event_id, event.data["resolution"]) for event in ends()] == [("a1:sent:3", "The blue one")]
    assert "the log rejected an answer, a1:sent" in caplog.text
    catch_up(PROJECTIONS)
    assert (send_due_answers(), len(ends()), blocker().undelivered) == (0, 1, "")


def test_where_every_id_is_taken_the_card_says_so_and_it_is_not_tried_for_ever() -> None:
    answered()
    for name in ("", *(f":{n}" for n in range(2, 9))):
        publish("note", f"a1:sent{name}")
    send_due_answers()
    catch_up(PROJECTIONS)
    assert (send_due_answers(), ends(), blocker().undelivered) == (0, [], "its event ids are taken by other events")


def test_an_answer_that_the_log_refuses_is_kept_with_the_reason_and_can_be_given_anew() -> None:
    answered()
    publish("answer_withdrawn", "w1", answer_id="a1")
    data = {"task_id": "t1", "blocker_event_id": "b1", "by": "ann", "answer": ""}
    text = "x" * (MAX_EVENT_BYTES - len(serialise(data)) - len(serialise({"board_id": "shop"})))
    publish("blocker_answered", "a2", answer=text)  # as sent it says more, and is too large
    assert send_due_answers() == 1
    catch_up(PROJECTIONS)
    assert (send_due_answers(), ends()) == (0, [])
    assert blocker().undelivered == "the log refused it, because it makes the event larger than 262144 bytes"
    assert (blocker().answer, blocker().answered_by) == (text, "ann")
    publish("blocker_answered", "a3", answer="The blue one")
    assert (send_due_answers(), len(ends())) == (1, 1)


def blocker() -> Blocker:
    found: Blocker = Blocker.objects.now().get()
    return found
