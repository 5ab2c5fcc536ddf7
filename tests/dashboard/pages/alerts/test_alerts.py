"""Alerts: one for each root cause, and what a person wants of them; refusals of the form, and quiet hours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.models import AlertPreferences
from dashboard.pages.alerts.missed_alerts import LOOK_BACK, MAX_CAUSES, missed
from dashboard.pages.alerts.preferences import preferences_as_json, preferences_of
from dashboard.pages.alerts.quiet_hours import QuietHours
from dashboard.queries import chrome_data
from dashboard.time_zones import zone_of
from marcus_events.core.event import Event, utc_now
from tests.dashboard.conftest import may
from tests.dashboard.pages.test_hostile import BOARD, MARKUP, assert_harmless
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

PAGE, MISSED, NOTED = "/alerts/", "/alerts/missed/", "/alerts/noted/"
STATED: dict[str, Any] = {
    "severity": "high",
    "notifications": "on",
    "quiet": "on",
    "quiet_from": "22:30",
    "quiet_to": "06:45",
    "quiet_days": ["5", "6"],
    "time_zone": "Europe/Berlin",
}
NONSENSE: list[dict[str, Any]] = [
    {"severity": "dreadful"},
    {"severity": ""},
    {"boards": ["no such board"]},
    {"quiet_from": "24:00"},
    {"quiet_from": "half past"},
    {"quiet_to": "-1:30"},
    {"quiet_from": ""},
    {"quiet_to": ""},
    {"quiet_days": []},
    {"quiet_days": ["8"]},
    {"quiet_days": ["Monday"]},
    {"time_zone": "Mars/Olympus_Mons"},
    {"time_zone": "../../etc/passwd"},
    {"time_zone": MARKUP},
    {"time_zone": ""},
]
ODD_HOURS = [("00:00", "00:00"), ("23:59", "00:00"), ("22:00:59", "7:05")]
ODD_ZONES = ["UTC", "Pacific/Chatham", "America/Argentina/Buenos_Aires", "Asia/Kolkata"]
UNTIL = ["", "tomorrow", "2999-01-01T00:00:00+00:00", "2026-13-01T00:00", "\0", "9" * 400]
EVERY_DAY = frozenset(range(1, 8))


def blocked(task: str, description: str = "No key", **more: Any) -> Event:
    return event("task_blocked", task_id=task, agent_id=f"agent_{task}", **{"description": description} | more)


def always_quiet(user: User, **more: Any) -> AlertPreferences:
    values = {"quiet": True, "quiet_from": time(0), "quiet_to": time(0)} | more
    return AlertPreferences.objects.update_or_create(user=user, defaults=values)[0]


def quiet_no_more() -> dict[str, Any]:
    """Hours that are over, and held for the last one."""
    begin = (utc_now() - timedelta(hours=2)).time()
    return {"quiet_from": begin, "quiet_to": (utc_now() - timedelta(minutes=5)).time()}


# One alert for each root cause


@pytest.mark.usefixtures("log")
def test_three_agents_with_the_same_complaint_are_one_alert_as_bad_as_the_worst() -> None:
    publish(blocked("a", severity="low"), blocked("b", severity="critical"), blocked("c", severity="medium"))
    [alert] = chrome_data.alerts(on())
    assert (alert.agent, alert.severity, alert.more) == ("A", "critical", 2)


@pytest.mark.usefixtures("log")
def test_the_same_words_on_another_board_are_another_cause() -> None:
    publish(blocked("a"), blocked("b", board="bank"), blocked("c", "No door"))
    assert len({alert.cause for alert in chrome_data.alerts(on())}) == 3


@pytest.mark.usefixtures("log")
def test_who_joins_an_old_complaint_is_no_news_unless_it_is_worse() -> None:
    publish(blocked("a", ago=10, severity="medium"), blocked("b", severity="medium"))
    assert chrome_data.alerts(on()) == []
    publish(blocked("c", severity="high"))
    [alert] = chrome_data.alerts(on())
    assert alert.severity == "high"


# The form


def test_what_was_chosen_is_kept_and_shown_again(viewer: Client, user: User) -> None:
    publish(*project(), *project("bank"))
    assert viewer.post(PAGE, STATED | {"boards": ["bank"], "sound": "on"})["Location"] == f"{PAGE}?saved=1"
    kept = preferences_of(user.pk)
    assert (kept.boards, kept.severity, kept.notifications, kept.sound) == (["bank"], "high", True, True)
    assert (kept.quiet_from, kept.quiet_to, kept.quiet_days) == (time(22, 30), time(6, 45), [5, 6])
    page = open_page(viewer, f"{PAGE}?saved=1")
    assert "Saved." in page.text
    chosen = [e["value"] for tag, e in page.elements if "checked" in e and e.get("name") in ("boards", "quiet_days")]
    assert chosen == ["bank", "5", "6"]
    assert [e["value"] for _, e in page.elements if "selected" in e and "/" in e["value"]] == ["Europe/Berlin"]


def test_who_has_stored_nothing_is_told_of_everything_silently(user: User) -> None:
    told = json.loads(preferences_as_json(preferences_of(user.pk)))
    assert told == {"boards": [], "severity": "low", "notifications": True, "sound": False, "quiet": None}


def test_what_makes_no_sense_is_refused_and_changes_nothing(viewer: Client, user: User) -> None:
    always_quiet(user, severity="critical", time_zone="Asia/Tokyo")
    kept = AlertPreferences.objects.values().get()
    for changes in NONSENSE:
        page = viewer.post(PAGE, STATED | changes)
        assert page.status_code == 200, changes
        assert "Not saved." in page.content.decode(), changes
        assert "field-error" in page.content.decode(), changes
    assert AlertPreferences.objects.values().get() == kept


def test_odd_time_zones_and_hours_are_taken(viewer: Client, user: User) -> None:
    for zone, (begin, end) in product(ODD_ZONES, ODD_HOURS):
        stated = STATED | {"time_zone": zone, "quiet_from": begin, "quiet_to": end}
        assert viewer.post(PAGE, stated).status_code == 302
        kept = preferences_of(user.pk)
        assert (kept.time_zone, kept.quiet_from.second) == (zone, 0)


def test_without_quiet_hours_their_fields_may_be_empty(viewer: Client, user: User) -> None:
    always_quiet(user, quiet_from=time(21))
    assert viewer.post(PAGE, {"severity": "low", "time_zone": "UTC"}).status_code == 302
    kept = preferences_of(user.pk)
    assert (kept.quiet, kept.notifications, kept.quiet_from) == (False, False, time(21))


def test_a_board_that_was_chosen_and_is_gone_stays_chosen(viewer: Client, user: User) -> None:
    AlertPreferences.objects.create(user=user, boards=[BOARD])
    page = open_page(viewer, PAGE)
    assert_harmless(page)
    [sent] = [e["value"] for _, e in page.elements if e.get("name") == "boards"]
    assert viewer.post(PAGE, STATED | {"boards": [sent]}).status_code == 302
    assert preferences_of(user.pk).boards == [BOARD]


def test_a_form_of_another_site_changes_nothing(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert [client.post(path, STATED).status_code for path in (PAGE, NOTED)] == [403, 403]
    assert not AlertPreferences.objects.exists()


def test_nobody_sees_or_changes_what_another_has_chosen(viewer: Client, user: User) -> None:
    other = User.objects.create_user("bob")
    theirs = always_quiet(other, severity="critical", time_zone="Asia/Tokyo", noted_until=utc_now())
    publish(blocked("a"))
    named = {"user": other.pk, "user_id": other.pk, "id": other.pk}
    viewer.post(f"{PAGE}?user={other.pk}", STATED | named)
    viewer.post(NOTED, named)
    kept = preferences_of(other.pk)
    assert (kept.severity, kept.time_zone, kept.noted_until) == ("critical", "Asia/Tokyo", theirs.noted_until)
    assert "Asia/Tokyo" not in open_page(viewer, f"/?user={other.pk}").all_of("data-preferences")[0]
    assert "data-count" not in viewer.get(MISSED, named).content.decode()


def test_names_and_descriptions_of_strangers_stay_text(viewer: Client, user: User) -> None:
    always_quiet(user, boards=[BOARD])
    publish(blocked("a", MARKUP, board=BOARD, severity="critical"))
    for path in (PAGE, "/", MISSED):
        page = open_page(viewer, path)
        assert_harmless(page)
    [told] = open_page(viewer, PAGE).all_of("data-preferences")
    assert json.loads(told)["boards"] == [BOARD]
    assert MARKUP in open_page(viewer, PAGE).text


# Quiet hours


@pytest.mark.parametrize(
    ("hours", "moment", "holds"),
    [
        (QuietHours(time(22), time(7), EVERY_DAY, "UTC"), "2026-05-04T21:59:59+00:00", False),
        (QuietHours(time(22), time(7), EVERY_DAY, "UTC"), "2026-05-04T22:00:00+00:00", True),
        (QuietHours(time(22), time(7), EVERY_DAY, "UTC"), "2026-05-05T06:59:59+00:00", True),
        (QuietHours(time(22), time(7), EVERY_DAY, "UTC"), "2026-05-05T07:00:00+00:00", False),
        (QuietHours(time(12), time(13), EVERY_DAY, "UTC"), "2026-05-05T12:30:00+00:00", True),
        (QuietHours(time(12), time(13), EVERY_DAY, "UTC"), "2026-05-05T13:00:00+00:00", False),
        (QuietHours(time(22), time(7), EVERY_DAY, "Asia/Tokyo"), "2026-05-04T14:00:00+00:00", True),
        (QuietHours(time(22), time(7), frozenset({7}), "UTC"), "2026-05-04T06:00:00+00:00", True),
        (QuietHours(time(22), time(7), frozenset({1}), "UTC"), "2026-05-04T06:00:00+00:00", False),
        (QuietHours(time(0), time(0), frozenset({6, 7}), "UTC"), "2026-05-03T23:59:00+00:00", True),
        (QuietHours(time(0), time(0), frozenset({6, 7}), "UTC"), "2026-05-04T00:00:00+00:00", False),
        (QuietHours(time(2), time(3), EVERY_DAY, "Europe/Berlin"), "2026-10-25T00:30:00+00:00", True),
        (QuietHours(time(2), time(3), EVERY_DAY, "Europe/Berlin"), "2026-10-25T01:30:00+00:00", True),
        (QuietHours(time(2), time(3), EVERY_DAY, "Europe/Berlin"), "2026-03-29T01:00:00+00:00", False),
    ],
    ids=str,
)
def test_quiet_hours_belong_to_the_day_they_begin_on_and_go_by_the_clock(
    hours: QuietHours, moment: str, holds: bool
) -> None:
    assert hours.holds(datetime.fromisoformat(moment)) is holds


def test_a_time_zone_that_this_machine_does_not_know_is_utc() -> None:
    for name in ("Mars/Olympus_Mons", "../../etc/passwd", "", "\0"):
        assert zone_of(name).utcoffset(utc_now().replace(tzinfo=None)) == timedelta(0)


def test_what_came_in_quiet_hours_is_told_by_cause_once_they_are_over(viewer: Client, user: User) -> None:
    always_quiet(user, **quiet_no_more())
    [*_, third] = publish(*(blocked(task, ago=30) for task in "abc"), blocked("d", "No door", ago=6))
    text = " ".join(open_page(viewer, "/").text.split())
    assert "4 blockers opened during your quiet hours" in text
    assert "No key ×3" in text
    assert str(third) in open_page(viewer, "/").all_of("data-opens")
    assert 'data-count="4"' in viewer.get(MISSED).content.decode()


def test_while_they_last_nothing_is_said_but_on_the_page_of_alerts(viewer: Client, user: User) -> None:
    always_quiet(user)
    publish(blocked("a"))
    assert "your quiet hours" not in open_page(viewer, "/").text
    assert "1 blocker opened during your quiet hours so far" in " ".join(open_page(viewer, PAGE).text.split())
    assert "1 open blocker" in open_page(viewer, "/").text


def test_what_has_been_seen_is_not_told_again_and_what_came_since_is(viewer: Client, user: User) -> None:
    always_quiet(user)
    publish(blocked("a", ago=3))
    shown = utc_now() - timedelta(minutes=2)
    publish(blocked("b", "No door", ago=1))
    assert viewer.post(NOTED, {"until": shown.isoformat(), "page": "now"})["Location"] == "/"
    found = missed(preferences_of(user.pk), on(), utc_now())
    assert found
    assert [cause.item.blocker.description for cause in found.causes] == ["No door"]


def test_nobody_can_say_to_have_seen_what_is_to_come(viewer: Client, user: User) -> None:
    always_quiet(user)
    for until in UNTIL:
        assert viewer.post(NOTED, {"until": until, "page": "//evil.example"})["Location"] == PAGE
        noted = preferences_of(user.pk).noted_until
        assert noted
        assert noted <= utc_now()


def test_only_what_is_wanted_is_told_afterwards(user: User) -> None:
    kept = always_quiet(user, severity="high", boards=["shop"])
    publish(blocked("a", severity="low"), blocked("b", "Other", board="bank", severity="high"))
    assert missed(kept, on(), utc_now()) is None
    publish(blocked("c", "Mine", severity="high"), blocked("d", "Long ago", ago=LOOK_BACK / timedelta(minutes=1)))
    found = missed(kept, on(), utc_now())
    assert found
    assert [cause.item.blocker.description for cause in found.causes] == ["Mine"]


def test_what_came_before_quiet_hours_were_switched_on_did_not_come_in_them(viewer: Client, user: User) -> None:
    publish(blocked("a", ago=5, severity="high"))
    whole_days = {"quiet_from": "00:00", "quiet_to": "00:00", "quiet_days": [*"1234567"], "time_zone": "UTC"}
    viewer.post(PAGE, STATED | whole_days)
    assert missed(preferences_of(user.pk), on(), utc_now()) is None
    publish(blocked("b", severity="high"))
    viewer.post(PAGE, STATED | whole_days)
    assert missed(preferences_of(user.pk), on(), utc_now()), "saving again forgets nothing"


def test_a_night_full_of_reasons_is_cut_with_its_number(viewer: Client, user: User) -> None:
    always_quiet(user)
    publish(*(blocked(f"t{n}", f"Reason {n}") for n in range(MAX_CAUSES + 3)))
    text = " ".join(open_page(viewer, PAGE).text.split())
    assert f"{MAX_CAUSES + 3} blockers opened" in text
    assert "3 more causes" in text


@pytest.mark.usefixtures("log")
def test_the_region_of_alerts_holds_nothing_of_a_viewer(viewer: Client, user: User) -> None:
    publish(blocked("a"))
    other = Client()
    other.force_login(may(User.objects.create_user("bob"), "see_every_board"))
    always_quiet(user, severity="critical", boards=["bank"])
    mine, theirs = (open_page(client, "/boards/").with_id("alert") for client in (viewer, other))
    assert mine == theirs
    assert datetime.fromisoformat(mine[1]["data-at"]).tzinfo == UTC
