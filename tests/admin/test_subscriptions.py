"""What a handler failed on is tried again or skipped from the admin, by the command's functions, and on record."""

from __future__ import annotations

import pytest
from django.test import Client

from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.models import Checkpoint, ParkedEvent, Subscription
from tests.dashboard.pages.test_hostile import MARKUP, assert_harmless
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import open_page

SUBSCRIPTIONS, PARKED = "/admin/marcus_events/subscription/", "/admin/marcus_events/parkedevent/"
NAME = f"notify/{MARKUP}"


@pytest.fixture
def parked(log: None) -> list[ParkedEvent]:
    """Two events of one subscription, and one of another."""
    positions = publish(*(event("task_blocked", task_id=f"t{n}", agent_id="a") for n in range(4)))
    epoch = read.head().epoch
    rows = []
    for name, failed in ((NAME, positions[:2]), ("other", positions[:1])):
        subscription = Subscription.objects.create(name=name, patterns="task_*", position=positions[1], epoch=epoch)
        rows += [
            ParkedEvent.objects.create(
                subscription=subscription, position=position, error=MARKUP * 50, attempts=5, parked_at=utc_now()
            )
            for position in failed
        ]
    return rows


def acts(event_type: str) -> list[tuple[object, ...]]:
    found = read.events(EventFilter.parse(f"type:{event_type}"), newest_first=False)
    return [(e.data["by"], e.data["address"], e.data["subscription"], e.data["position"]) for e in found]


def test_a_subscription_says_how_far_it_is_and_what_is_parked(administrator: Client, parked: list[ParkedEvent]) -> None:
    page = open_page(administrator, SUBSCRIPTIONS)
    assert NAME in page.text
    assert f"{PARKED}?subscription__name=other" in page.leads()
    detail = open_page(administrator, f"{SUBSCRIPTIONS}other/change/")
    assert "nobody" in detail.text
    assert read.head().position - Subscription.objects.get(name="other").position == 2
    for found in (page, detail, open_page(administrator, PARKED)):
        assert_harmless(found)


def test_parked_events_are_replayed(administrator: Client, parked: list[ParkedEvent]) -> None:
    chosen = {"action": "replay", "_selected_action": [row.pk for row in parked[:2]]}
    assert administrator.post(PARKED, chosen).status_code == 302
    assert [row.replay for row in ParkedEvent.objects.order_by("pk")] == [True, True, False]
    assert acts("subscription_replayed") == [("ann", "127.0.0.1", NAME, row.position) for row in parked[:2]]


def test_one_is_skipped_and_the_others_stay(administrator: Client, parked: list[ParkedEvent]) -> None:
    administrator.post(PARKED, {"action": "skip", "_selected_action": [parked[0].pk]})
    assert list(ParkedEvent.objects.order_by("pk")) == parked[1:]
    assert acts("subscription_skipped") == [("ann", "127.0.0.1", NAME, parked[0].position)]


def test_nobody_else_acts_and_nothing_is_on_record(staff: Client, parked: list[ParkedEvent]) -> None:
    for action in ("replay", "skip"):
        response = staff.post(PARKED, {"action": action, "_selected_action": [parked[0].pk]})
        assert response.status_code == 403
    assert list(ParkedEvent.objects.order_by("pk")) == parked
    assert acts("subscription_*") == []


def test_nothing_is_made_changed_or_deleted_by_hand(superuser: Client, parked: list[ParkedEvent]) -> None:
    for path in (SUBSCRIPTIONS + "add/", SUBSCRIPTIONS + "other/delete/", f"{PARKED}{parked[0].pk}/delete/"):
        assert superuser.post(path, {"post": "yes"}).status_code == 403
    assert superuser.post(f"{SUBSCRIPTIONS}other/change/", {"position": 1}).status_code == 403
    assert Subscription.objects.count() == 2


def test_a_projection_says_its_lag(administrator: Client, parked: list[ParkedEvent]) -> None:
    Checkpoint.objects.filter(projection="state").update(position=read.head().position - 3)
    page = open_page(administrator, "/admin/marcus_events/checkpoint/state/change/")
    assert "3" in page.text
