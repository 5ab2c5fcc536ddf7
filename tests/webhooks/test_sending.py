"""Each end of a blocker reaches each webhook, whatever other receivers do and whichever process is killed."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from marcus_events.audit.redaction import redact
from marcus_events.core.event import utc_now
from marcus_events.core.redaction_marker import REDACTED
from marcus_events.log import read
from marcus_events.models import Blocker, Checkpoint, Webhook, WebhookDelivery
from marcus_events.projections import STATE, rebuild
from marcus_events.webhooks import registration
from marcus_events.webhooks.deliveries import GONE, KEPT_FOR, LEASE, MAX_AT_ONCE, begin_attempts, enqueue, remove_old
from marcus_events.webhooks.http_post import TIMEOUT_S
from marcus_events.webhooks.messages import MAX_TEXT
from marcus_events.webhooks.signature import secret_of
from tests.dashboard.publishing import event, publish
from tests.log.processes import conninfo_of_test_database, start
from tests.waiting import wait_until
from tests.webhooks.blockers import QUESTION, REPLY, blocked, delivery, ended, hook, make_due, reply, resolve, webhook
from tests.webhooks.receiver import Answer, Received, Receiver, Sending, is_genuine, wait_for_tickets

pytestmark = pytest.mark.usefixtures("log")


def test_a_reply_is_delivered_signed_and_says_everything() -> None:
    with Receiver() as receiver, Sending():
        made = webhook(receiver.url)
        ticket = blocked("t1")
        position = reply(ticket, "t1")
        wait_for_tickets(receiver, ticket)
        wait_until(lambda: delivery().status == "delivered")
    [received] = receiver.received
    assert is_genuine(secret_of(made), received)
    assert abs(int(received.headers["webhook-timestamp"]) - utc_now().timestamp()) < 300
    assert received.headers["content-type"] == "application/json"
    assert received.message["type"] == "blocker.resolved"
    assert datetime.fromisoformat(received.message["timestamp"]).tzinfo
    assert received.data == {
        "ticket": ticket,
        "status": "answered",
        "task": "t1",
        "board": "shop",
        "agent": "agent_1",
        "question": QUESTION,
        "answer": REPLY,
        "answered_by": "ann",
        "position": position,
        "shortened": [],
    }


def test_a_blocker_that_ends_otherwise_is_delivered_too() -> None:
    with Receiver() as receiver, Sending():
        webhook(receiver.url)
        by_marcus, by_itself = blocked("t1"), blocked("t2")
        resolve("t1", resolution="There was a key")
        publish(event("task_completed", task_id="t2", agent_id="agent_1"))
        wait_for_tickets(receiver, by_marcus, by_itself)
    found = {received.ticket: received.data for received in receiver.received}
    assert [found[ticket]["status"] for ticket in (by_marcus, by_itself)] == ["resolved", "resolved"]
    assert (found[by_marcus]["answer"], found[by_marcus]["answered_by"]) == ("There was a key", "marcus")
    assert found[by_itself]["answered_by"] is None


def test_what_ended_before_the_webhook_was_created_is_not_delivered_and_no_end_twice() -> None:
    with Receiver() as receiver, Sending():
        before, later = blocked("t1"), blocked("t2")
        reply(before, "t1")
        webhook(receiver.url)
        reply(later, "t2")
        for ticket, task in ((before, "t1"), (later, "t2")):  # each begins a new row of the blocker
            publish(event("answer_seen", task_id=task, blocker_event_id=ticket))
            publish(event("task_progress", task_id=task, progress=50))
        last = ended("t3")
        wait_for_tickets(receiver, last)
    assert sorted(receiver.tickets) == sorted([later, last])


def test_several_senders_send_each_message_once() -> None:
    with Receiver() as receiver:
        webhook(receiver.url)
        tickets = [ended(f"t{n}") for n in range(12)]
        with Sending(senders=3):
            wait_until(lambda: WebhookDelivery.objects.filter(status="delivered").count() == len(tickets))
    assert Counter(receiver.tickets) == Counter(tickets)
    assert len({received.message_id for received in receiver.received}) == len(tickets)


def test_several_webhooks_receive_the_same_each_signed_with_its_own_secret() -> None:
    with Receiver() as first, Receiver() as second, Sending():
        hooks = [webhook(receiver.url) for receiver in (first, second)]
        ticket = ended("t1")
        for receiver in (first, second):
            wait_for_tickets(receiver, ticket)
    [one], [other] = first.received, second.received
    assert one.message_id != other.message_id
    assert is_genuine(secret_of(hooks[0]), one)
    assert not is_genuine(secret_of(hooks[0]), other)


def test_a_receiver_that_never_answers_delays_neither_another_one_nor_its_own_next_message() -> None:
    release = threading.Event()

    def hang(received: Received) -> Answer:
        release.wait()
        return Answer()

    with Receiver(hang) as hanging, Receiver() as quick, Sending():
        webhook(hanging.url)
        webhook(quick.url)
        tickets = [ended(f"t{n}") for n in range(3)]
        wait_for_tickets(quick, *tickets)
        wait_for_tickets(hanging, *tickets)  # all are under way at once
        assert not WebhookDelivery.objects.filter(webhook__url=hanging.url, status="delivered").exists()
        release.set()


def test_nobody_else_takes_a_delivery_before_its_lease_has_expired() -> None:
    webhook("http://127.0.0.1:9/")
    ended("t1")
    enqueue()
    before = utc_now()
    assert len(begin_attempts({})) == 1
    assert delivery().due_at >= before + LEASE
    assert LEASE.total_seconds() > TIMEOUT_S
    assert begin_attempts({}) == []


def test_so_many_messages_of_a_webhook_are_under_way_at_once_and_no_more() -> None:
    webhook("http://127.0.0.1:9/")
    for n in range(MAX_AT_ONCE + 2):
        ended(f"t{n}")
    enqueue()
    begun = begin_attempts({})
    assert len(begun) == MAX_AT_ONCE
    assert begin_attempts(Counter(attempt.webhook_id for attempt in begun)) == []
    assert len(begin_attempts({})) == 2


def test_a_failed_delivery_is_repeated_with_the_same_id_and_a_new_timestamp() -> None:
    answers = iter([Answer(500), Answer(503), Answer()])
    with Receiver(lambda received: next(answers)) as receiver, Sending():
        webhook(receiver.url)
        ended("t1")
        for error in ("500 Internal Server Error", "503 Service Unavailable"):
            wait_until(partial(has_failed_with, error))
            assert delivery().due_at > utc_now()
            make_due()
        wait_until(lambda: delivery().status == "delivered")
    assert len({received.message_id for received in receiver.received}) == 1
    assert len(receiver.received) == 3
    assert delivery().error == ""


def has_failed_with(error: str) -> bool:
    return WebhookDelivery.objects.filter(error=f"The receiver responded with {error}.").exists()


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """It is killed while the receiver holds its request. Another process repeats that when the lease has expired."""
    release = threading.Event()

    def hold_first(received: Received) -> Answer:
        if len(receiver.received) == 1:
            release.wait()
        return Answer()

    with Receiver(hold_first) as receiver:
        webhook(receiver.url)
        ticket = ended("t1")
        killed = start("tests.webhooks.sender_process", conninfo_of_test_database(), tmp_path / "output")
        wait_for_tickets(receiver, ticket)
        killed.kill()
        killed.wait()
        assert (delivery().status, delivery().attempts) == ("waiting", 1)
        make_due()
        with Sending():
            wait_until(lambda: delivery().status == "delivered")
        release.set()
    assert receiver.tickets == [ticket, ticket]
    assert len({received.message_id for received in receiver.received}) == 1


def test_a_stopped_process_gives_back_what_is_under_way() -> None:
    release = threading.Event()

    def hold(received: Received) -> Answer:
        release.wait()
        return Answer()

    with Receiver(hold) as receiver:
        webhook(receiver.url)
        ticket = ended("t1")
        with Sending():
            wait_for_tickets(receiver, ticket)
        release.set()
        assert (delivery().status, delivery().attempts) == ("waiting", 0)
        with Sending():
            wait_until(lambda: delivery().status == "delivered")


def test_it_goes_on_after_the_database_was_away() -> None:
    with Receiver() as receiver, Sending():
        webhook(receiver.url)
        before = ended("t1")
        wait_for_tickets(receiver, before)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        after = ended("t2")
        wait_for_tickets(receiver, after)


def test_a_webhook_of_some_boards_receives_only_theirs() -> None:
    with Receiver() as receiver, Sending():
        webhook(receiver.url, "shop", "bank")
        for board in ("post", ""):
            ended("other", board)
        tickets = [ended(f"of {board}", board) for board in ("shop", "bank")]
        wait_for_tickets(receiver, *tickets)
    assert sorted(receiver.tickets) == sorted(tickets)


def test_a_webhook_that_is_off_receives_nothing_and_later_what_it_missed() -> None:
    with Receiver() as off, Receiver() as on, Sending():
        made = webhook(off.url)
        webhook(on.url)
        registration.turn_off(made, "ann")
        ticket = ended("t1")
        wait_for_tickets(on, ticket)
        assert off.received == []
        registration.turn_on(made, "ann", "")
        wait_for_tickets(off, ticket)


def test_redacted_texts_are_not_sent() -> None:
    with Receiver() as receiver:
        webhook(receiver.url)
        ticket = blocked("t1", question="Is 4711 the customer?")
        position = reply(ticket, "t1", "Yes, 4711")
        enqueue()
        stored = str(list(WebhookDelivery.objects.values()))
        assert "4711" not in stored
        for event_position in range(position - 2, position + 1):  # report, reply and end
            redact(event_position, "ann", "names a customer")
        publish()
        with Sending():
            wait_for_tickets(receiver, ticket)
    [received] = receiver.received
    assert b"4711" not in received.body
    assert (received.data["question"], received.data["answer"]) == (REDACTED, REDACTED)


def test_hostile_and_long_texts_are_json() -> None:
    hostile = '"}]\\ \u2028</script>\x01😀'
    with Receiver() as receiver, Sending():
        webhook(receiver.url)
        asked, long = blocked("t1", question=hostile), blocked("t2", question="x" * 100_000)
        reply(asked, "t1", hostile)
        reply(long, "t2", "y" * 100_000)
        wait_for_tickets(receiver, asked, long)
    found = {received.ticket: received for received in receiver.received}
    assert found[asked].data["answer"] == hostile
    shortened = found[long].data
    assert (len(shortened["question"]), len(shortened["answer"])) == (MAX_TEXT, MAX_TEXT)
    assert shortened["shortened"] == ["question", "answer"]
    assert len(found[long].body) < 20_000


def test_a_rebuilt_projection_sends_nothing_again_and_loses_nothing() -> None:
    with Receiver() as receiver:
        webhook(receiver.url)
        tickets = [ended("t1"), ended("t2")]
        enqueue()
        Checkpoint.objects.filter(projection="state").update(position=0)
        Blocker.objects.all().delete()
        assert begin_attempts({}) == []  # they wait until the projection has come so far
        assert set(WebhookDelivery.objects.values_list("status", "attempts")) == {("waiting", 0)}
        rebuild(STATE)
        make_due()
        with Sending():
            wait_until(lambda: WebhookDelivery.objects.filter(status="delivered").count() == 2)
    assert sorted(receiver.tickets) == sorted(tickets)


def test_the_end_of_a_blocker_that_the_log_has_lost_is_kept_as_failed() -> None:
    webhook("http://127.0.0.1:9/")
    ended("t1")
    enqueue()
    Blocker.objects.all().delete()
    assert begin_attempts({}) == []
    assert (delivery().status, delivery().error) == ("failed", GONE)


def test_a_log_that_was_replaced_is_followed_from_its_head() -> None:
    webhook("http://127.0.0.1:9/")
    Webhook.objects.update(position=1_000_000)
    ended("t1")
    enqueue()
    assert hook().position == read.head().position
    ended("t2")
    enqueue()
    assert WebhookDelivery.objects.count() == 1


def test_delivered_ones_are_removed_after_a_month_and_failed_ones_are_kept() -> None:
    webhook("http://127.0.0.1:9/")
    for n in range(3):
        ended(f"t{n}")
    enqueue()
    long_ago = utc_now() - KEPT_FOR - timedelta(minutes=1)
    kept, failed, old = WebhookDelivery.objects.order_by("pk")
    for row, status, at in ((kept, "delivered", utc_now()), (failed, "failed", long_ago), (old, "delivered", long_ago)):
        WebhookDelivery.objects.filter(pk=row.pk).update(status=status, attempted_at=at)
    remove_old()
    assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == {kept.pk, failed.pk}
