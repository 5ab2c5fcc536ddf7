"""The page Retention: who may, what it says, and what its forms do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.models import RetentionPolicy, Thinned
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.retention import runs
from tests.retention.test_runs import in_two_steps
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")

MARKUP = "<script>x</script>"
NEW = {"pattern": "*", "keep_days": "90", "act": "remove", "confirm": "*"}


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("grace"))
    return client


def test_who_does_not_administer_may_not_see_it(viewer: Client) -> None:
    for path in ("/retention/", "/retention/run/", "/retention/1/"):
        assert viewer.get(path).status_code == 403
        assert viewer.post(path).status_code == 403


def test_a_policy_is_added_changed_switched_off_and_deleted(administrator: Client) -> None:
    administrator.post("/retention/", NEW | {"pattern": "task_*", "confirm": "task_*"})
    policy = RetentionPolicy.objects.get()
    administrator.post(f"/retention/{policy.pk}/", {"act": "keep", "keep_days": "30", "confirm": "task_*"})
    administrator.post(f"/retention/{policy.pk}/", {"act": "switch"})
    policy.refresh_from_db()
    assert (policy.pattern, policy.keep_days, policy.act, policy.enabled) == ("task_*", 30, "remove", False)
    assert "disabled" in administrator.get("/retention/").content.decode()
    administrator.post(f"/retention/{policy.pk}/", {"act": "delete"})
    assert not RetentionPolicy.objects.exists()
    told = read.events(EventFilter.parse("type:retention_changed"))
    assert [event.data["act"] for event in told] == ["deleted", "disabled", "remove", "remove"]


def test_what_removes_more_events_is_done_only_when_the_event_type_is_typed(administrator: Client) -> None:
    refused = administrator.post("/retention/", NEW | {"confirm": "task"}).content.decode()
    assert "Type * to confirm." in refused
    assert not RetentionPolicy.objects.exists()
    administrator.post("/retention/", NEW)
    policy = RetentionPolicy.objects.get()
    path = f"/retention/{policy.pk}/"
    assert administrator.post(path, {"act": "keep", "keep_days": "30"}).status_code == 422
    assert administrator.post(path, {"act": "keep", "keep_days": "100"}).status_code == 302
    assert administrator.post(path, {"act": "switch"}).status_code == 302
    assert administrator.post(path, {"act": "switch"}).status_code == 422
    policy.refresh_from_db()
    assert (policy.keep_days, policy.enabled) == (100, False)
    assert administrator.post(path, {"act": "switch", "confirm": "*"}).status_code == 302
    policy.refresh_from_db()
    assert policy.enabled


def test_a_policy_that_thins_needs_no_confirmation(administrator: Client) -> None:
    administrator.post("/retention/", {"pattern": "*", "keep_days": "90", "act": "thin"})
    assert RetentionPolicy.objects.get().act == "thin"


@pytest.mark.parametrize("wrong", [{"pattern": ""}, {"keep_days": "0"}, {"keep_days": "soon"}, {"act": "burn"}])
def test_what_makes_no_sense_is_not_saved(administrator: Client, wrong: dict[str, str]) -> None:
    answer = administrator.post("/retention/", NEW | wrong)
    assert answer.status_code == 200
    assert not RetentionPolicy.objects.exists()


def test_a_second_policy_for_the_same_is_refused_in_words(administrator: Client) -> None:
    for _ in range(2):
        answer = administrator.post("/retention/", NEW)
    assert "already" in answer.content.decode()
    assert RetentionPolicy.objects.count() == 1


def test_it_says_what_went_and_where_the_log_begins(administrator: Client) -> None:
    in_two_steps()
    RetentionPolicy.objects.create(pattern="*", keep_days=1)
    catch_up(PROJECTIONS)
    runs.run(read.event(4).recorded_at + timedelta(days=1))  # type: ignore[union-attr]
    page = administrator.get("/retention/").content.decode()
    assert "3 events" in page
    assert "at position 4" in page
    assert "have been removed" in administrator.get("/activity/").content.decode()


def test_the_last_of_a_run_that_was_thinned_says_for_how_many_it_stands(administrator: Client) -> None:
    in_two_steps()
    Thinned.objects.create(position=3, count=212)
    assert "212 similar earlier events" in administrator.get("/activity/3/").content.decode()


def test_run_now(administrator: Client) -> None:
    RetentionPolicy.objects.create(pattern="*", keep_days=1)
    assert administrator.post("/retention/run/").status_code == 302
    wait_until(lambda: "No runs yet" not in administrator.get("/retention/").content.decode())


def test_hostile_names_are_only_text(administrator: Client) -> None:
    administrator.post("/retention/", NEW | {"pattern": MARKUP, "confirm": MARKUP})
    assert "<script>x" not in administrator.get("/retention/").content.decode()
