"""/metrics: read by Prometheus's own parser, with and without a database."""

from __future__ import annotations

import asyncio
import os

import pytest
from django.db import InterfaceError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from marcus_events import Event, Events, default_events
from marcus_events.access import tokens
from marcus_events.log import read
from marcus_events.models import WebhookDelivery
from marcus_events.subscriptions import lease
from marcus_events.webhooks.deliveries import enqueue
from tests.api.program import Program, event
from tests.webhooks.blockers import ended, webhook

OWN = str(os.getpid())  # how this process is called


def sampled(token: str = "") -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels, in the order of their names."""
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {token}"} if token else {})
    assert response.status_code == 200
    families = text_string_to_metric_families(response.content.decode())
    return {
        (s.name, *(value for _, value in sorted(s.labels.items()))): s.value
        for family in families
        for s in family.samples
    }


def test_it_tells_how_the_log_and_what_follows_it_are(program: Program) -> None:
    lease.create("notifier", ("*",), 0)
    program.publish(event("task_created", task_id="t1"), event("task_started", task_id="t1"))
    found = sampled(tokens.create("prometheus", ["read"]))
    assert found["marcus_log_position",] == 2
    assert found["marcus_projection_lag", "state"] == 0
    assert found["marcus_subscription_lag", "notifier"] == 2
    assert found["marcus_subscription_parked", "notifier"] == 0
    assert found["marcus_database_up",] == 1
    assert found["marcus_open_connections", "all"] == 0


def test_it_counts_deliveries_to_webhooks_by_status(program: Program) -> None:
    webhook("http://127.0.0.1:9/")
    for n in range(3):
        ended(f"t{n}")
    enqueue()
    WebhookDelivery.objects.filter(pk=WebhookDelivery.objects.earliest("pk").pk).update(status="failed")
    found = sampled()
    counted = [found["marcus_webhook_deliveries", status] for status in ("waiting", "delivered", "failed")]
    assert counted == [2, 0, 1]


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    events = Events(store_history=True)
    monkeypatch.setattr(default_events.EVENTS.get(), "events", events)
    return events


def fail(event: Event) -> None:
    raise ZeroDivisionError


@pytest.mark.usefixtures("log")
def test_it_tells_what_the_event_library_counts_whatever_types_are_called(events: Events) -> None:
    hostile = 'a"b\\c\nd{}é'
    events.subscribe("*", fail)
    for event_type in ("x", "x", hostile):
        asyncio.run(events.publish(event_type, "s", {}))
    found = sampled(tokens.create("prometheus", ["read"]))
    assert found["marcus_published_total", OWN, "x"] == 2
    assert found["marcus_published_total", OWN, hostile] == 1
    assert found["marcus_handler_errors_total", f"{__name__}.fail", "*", OWN] == 3
    assert ("marcus_handler_seconds", f"{__name__}.fail", "*", OWN, "0.99") in found
    assert found["marcus_events_lost_total", OWN] == 0


@pytest.mark.usefixtures("log")
def test_names_that_may_be_a_boards_words_are_for_who_reads_every_board(events: Events) -> None:
    events.subscribe("zqxwkvj_*", fail)
    lease.create("zqxwkvj", ("*",), 0)
    for event_type in ("zqxwkvj_event", "task_blocked"):
        asyncio.run(events.publish(event_type, "s", {}))
    for token in ("", tokens.create("of one", ["read"], boards=["shop"])):
        found = sampled(token)
        assert not [sample for sample in found if "zqxwkvj" in "".join(sample)]
        assert found["marcus_published_total", OWN, "task_blocked"] == 1
        assert found["marcus_published_total", OWN, "(others)"] == 1
        assert found["marcus_handler_errors_total", "(all)", "(all)", OWN] == 1
        assert found["marcus_subscription_lag", "(all)"] >= 0
    assert ("marcus_published_total", OWN, "zqxwkvj_event") in sampled(tokens.create("of all", ["read"]))
    assert Client().get("/metrics", headers={"Authorization": "Bearer mev_wrong"}).status_code == 401
    publisher = tokens.create("publisher", ["publish"])
    assert Client().get("/metrics", headers={"Authorization": f"Bearer {publisher}"}).status_code == 403


@pytest.mark.usefixtures("log")
def test_it_answers_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise InterfaceError("away")

    monkeypatch.setattr(read, "head", away)
    assert sampled()["marcus_database_up",] == 0
