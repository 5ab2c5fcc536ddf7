"""Since your last visit: what happened meanwhile, for who was away, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.models import Visit
from dashboard.pages.now.visits import LEFT_AFTER, last_visit
from marcus_events.core.event import utc_now
from tests.dashboard.publishing import completions, event, project, publish
from tests.dashboard.reading import open_page

NOW = utc_now()


def came_back(user: User, away: timedelta) -> None:
    Visit.objects.update_or_create(user=user, defaults={"seen_at": utc_now() - away})


def test_who_comes_for_the_first_time_is_told_nothing(viewer: Client) -> None:
    publish(*project())
    assert "last visit" not in open_page(viewer, "/").text
    assert "last visit" not in open_page(viewer, "/").text


def test_who_was_away_is_told_what_happened_with_links_to_it(viewer: Client, user: User) -> None:
    publish(*project("old"))
    came_back(user, timedelta(minutes=45))
    publish(*project(), *completions("old"))
    page = open_page(viewer, "/")
    text = " ".join(page.text.split())
    assert "Since your last visit, 45 min ago: 3 tasks finished, 2 tasks blocked" in text
    links = [address for address in page.leads() if "since%3A" in address]
    assert any("type=task_completed" in address for address in links)
    assert all(viewer.get(address).status_code == 200 for address in links)
    assert "Since your last visit, 45 min ago" in " ".join(open_page(viewer, "/").text.split()), (
        "the same visit goes on"
    )


def test_of_a_board_it_tells_that_boards_alone(viewer: Client, user: User) -> None:
    publish(*project("old"))
    came_back(user, timedelta(minutes=45))
    publish(*completions("old"), *project())
    assert "tasks finished" not in open_page(viewer, "/?board=shop").text


def test_when_nothing_happened_it_says_so_and_noise_is_nothing(viewer: Client, user: User) -> None:
    publish(*project())
    Visit.objects.create(user=user, seen_at=utc_now() - timedelta(minutes=31))
    publish(event("task_requested", agent_id="agent_shop"))
    came_back(user, timedelta(minutes=0))
    Visit.objects.update(before_at=utc_now() + timedelta(minutes=2))
    assert "Nothing has happened since your last visit" in open_page(viewer, "/").text


@pytest.mark.parametrize(("away", "is_another"), [(LEFT_AFTER, False), (LEFT_AFTER + timedelta(seconds=1), True)])
def test_a_visit_ends_when_nobody_was_seen_for_a_while(user: User, away: timedelta, is_another: bool) -> None:
    assert last_visit(user.pk, NOW) is None
    assert last_visit(user.pk, NOW + timedelta(seconds=30)) is None
    assert last_visit(user.pk, NOW + away) == (NOW if is_another else None)


def test_each_person_has_visits_of_their_own(user: User) -> None:
    other = User.objects.create_user("bob")
    last_visit(user.pk, NOW)
    assert last_visit(other.pk, NOW + timedelta(hours=1)) is None
    assert last_visit(user.pk, NOW + timedelta(hours=1)) == NOW
