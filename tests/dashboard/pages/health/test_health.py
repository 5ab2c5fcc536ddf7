"""Health: sources, tables and the server in words, to each what they may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from dashboard.pages.health import checks
from dashboard.queries.source_silence import FORGOTTEN_AFTER, SILENT_AFTER, source_silence
from marcus_events.core.event import Event, utc_now
from marcus_events.log.projection_lag import ProjectionLag
from marcus_events.models import FollowedFolder, RefusedRequest
from tests.access.boards import BOARD, MARK, people, publish_all
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

QUIET_MIN = SILENT_AFTER / timedelta(minutes=1) + 1
DAY_MIN = FORGOTTEN_AFTER / timedelta(minutes=1)


def start(board: str, ago: float) -> list[Event]:
    return [
        event("project_created", board=board, ago=ago, project_name=f"The {board}"),
        event("task_started", board=board, ago=ago, task_id="t", agent_id=f"agent_{board}"),
    ]


def text(client: Client, path: str = "/health/") -> str:
    return " ".join(open_page(client, path).text.split())


def test_sources_are_silent_if_agents_are_at_work_and_nothing_is_heard(viewer: Client) -> None:
    publish(*start("shop", QUIET_MIN))
    silence = source_silence(on(), utc_now())
    assert [(board.board_id, board.agents) for board in silence.boards] == [("shop", 1)]
    assert silence.since
    now = text(viewer, "/")
    assert f"No events from Marcus for {QUIET_MIN:.0f} min, although 1 agent is working" in now
    assert open_page(viewer, "/").with_id("source")[0].keys() == {"id", "data-silent"}


def test_what_people_and_the_system_do_is_no_sign_of_a_source(viewer: Client) -> None:
    publish(
        *start("shop", QUIET_MIN),
        event("blocker_acknowledged", ago=1, task_id="t", by="ann"),
        event("answer_failed", ago=1, task_id="t"),
    )
    assert source_silence(on(), utc_now()).since


def test_one_silent_board_of_several_is_named(viewer: Client) -> None:
    publish(*start("shop", QUIET_MIN), *start("bank", 1))
    silence = source_silence(on(), utc_now())
    assert [board.board_id for board in silence.boards] == ["shop"]
    assert silence.since is None
    assert "No events from The shop for" in text(viewer, "/")
    assert source_silence(on("bank"), utc_now()).boards == []


def test_a_board_on_which_nobody_works_counts_as_heard_of(viewer: Client) -> None:
    publish(*start("shop", QUIET_MIN), event("agent_registered", board="bank", ago=1, agent_id="agent_2"))
    silence = source_silence(on(), utc_now())
    assert ([board.board_id for board in silence.boards], silence.since) == (["shop"], None)
    assert source_silence(on("shop"), utc_now()).since
    assert "data-silent" not in open_page(viewer, "/").with_id("source")[0]


@pytest.mark.parametrize(
    "told",
    [
        start("shop", 1),
        start("shop", DAY_MIN + 1),  # it ended without a word: Agents shows it
        [*start("shop", QUIET_MIN + 1), event("task_completed", ago=QUIET_MIN, task_id="t", agent_id="agent_shop")],
    ],
    ids=["heard of", "long ago", "nobody at work"],
)
def test_otherwise_nothing_is_silent(log: None, told: list[Event]) -> None:
    publish(*told)
    silence = source_silence(on(), utc_now())
    assert (silence.boards, silence.since) == ([], None)


def test_each_source_and_board_with_its_last_event(viewer: Client) -> None:
    publish(*start("shop", QUIET_MIN), *start("bank", 1), event("error", board="bank", ago=1, source="robot"))
    page = text(viewer)
    assert "1 check needs attention: The shop." in page
    assert f"The shop Silent Last event {QUIET_MIN:.0f} min ago 1 agent working. Check that" in page
    assert "The bank Sending Last event 1 min ago" in page
    assert "robot Last event 1 min ago 1 of the newest 10,000 events" in page
    assert "Tables Up to date" in page
    assert "Server" not in page


def test_all_is_well(viewer: Client) -> None:
    publish(*start("shop", 1))
    assert "All is well." in text(viewer)


def test_the_server_is_for_administrators(log: None) -> None:
    publish(*project())
    now = utc_now()
    FollowedFolder.objects.create(path="/srv/marcus", added_by="ann", added_at=now - timedelta(hours=1))
    RefusedRequest.objects.create(
        status=401,
        reason="No token",
        address="",
        prefix="",
        method="POST",
        path="/",
        count=7,
        first_at=now,
        last_at=now,
    )
    clients = people()
    page = text(clients["administrator"])
    assert "Follower of /srv/marcus Not being followed" in page
    assert "Rejected requests Some rejected" in page
    assert "1 kind in the last day, 7 requests since each began." in page
    assert "Database" in page
    for name in ("viewer", "manager", "outsider"):
        assert "/srv/marcus" not in text(clients[name])


def test_sources_of_boards_that_are_not_seen_are_not_named(log: None) -> None:
    publish_all()
    publish(event("task_started", board=BOARD, task_id="t-77", agent_id="agent_77", source=f"source-{MARK}"))
    clients = people()
    assert f"source-{MARK}" in text(clients["viewer"])
    for path in ("/health/", f"/health/?board={BOARD}"):
        assert MARK not in text(clients["outsider"], path).lower()


def test_a_lag_is_said_with_what_to_do() -> None:
    late = checks.of_lag("Tables", ProjectionLag(5, 12, 8.4), "Check the worker.")
    assert (late.tone, late.verdict, late.detail) == ("attention", "8 s behind", "12 events to apply.")
    assert checks.of_lag("Tables", ProjectionLag(5, 12, 90), "").tone == "danger"
    assert checks.of_lag("Tables", ProjectionLag(5, 1, 0.5), "").tone == "good"


def test_events_that_were_not_stored_are_counted() -> None:
    counts = {"shed": 0, "storing": {"lost": 2, "refused": 0, "set_aside": 1, "spooled": 5, "waiting": 0}}
    assert checks.of_events({"web": counts, "worker": counts}).detail.startswith("4 lost, 2 set aside since")
    fine = {"shed": 0, "storing": {"lost": 0, "refused": 0, "set_aside": 0, "spooled": 3, "waiting": 1}}
    assert (checks.of_events({"web": fine}).tone, checks.of_events({}).verdict) == ("plain", "All stored")
