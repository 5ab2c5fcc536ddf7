"""An agent's own page: its state, what it has finished, its blockers, its decisions and its events."""

from __future__ import annotations

from typing import Any

from django.test import Client

from marcus_events.core.event import Event
from tests.dashboard.publishing import event, project, publish, resolution
from tests.dashboard.reading import open_page

PATH = "/agents/agent_shop/?board=shop"


def of(event_type: str, ago: float, **data: Any) -> Event:
    return event(event_type, ago=ago, agent_id="agent_shop", **data)


def text(viewer: Client, path: str = PATH) -> str:
    words = " ".join(open_page(viewer, path).text.split())
    return words[words.index("Agents of this board") : words.rindex(" Keyboard shortcuts ")]


def test_what_blocks_the_agent_and_what_it_has_reported(viewer: Client) -> None:
    [*_, blocker] = publish(*project())
    page = text(viewer)
    assert "Claude of shop Blocked for 30 min: No key for shop on Build shop-2" in page
    assert "Board The shop" in page
    assert "Last seen 30 min ago" in page
    assert "Blockers 1 in 7 days" in page
    assert "High open for 30 min" in page
    assert f"/blocked/{blocker}/" in open_page(viewer, PATH).leads()
    publish(resolution())
    page = text(viewer)
    assert "Working for 10 min on Build shop-2" in page
    assert "Blockers 1 in 7 days, median 20 min" in page
    assert "Resolved took 20 min Details No key for shop" in page


def test_how_many_tasks_it_finished_and_how_long_they_took(viewer: Client) -> None:
    publish(
        event("project_created", ago=60 * 24 * 3, project_name="The shop"),
        of("agent_registered", 60 * 24 * 3, name="Claude of shop"),
        *(of("task_started", ago, task_id=f"t{ago}") for ago in (60 * 24 * 2, 100, 50)),
        of("task_completed", 60 * 24 * 2 - 30, task_id=f"t{60 * 24 * 2}"),
        of("task_completed", 90, task_id="t100"),
        of("task_completed", 30, task_id="t50"),
    )
    page = text(viewer)
    assert "Tasks done 2 in 24 h, 3 in 7 days (1.0 a day)" in page
    assert "Time per task median 20 min (3 tasks, 7 days)" in page


def test_its_decisions_and_its_events_and_nobody_elses(viewer: Client) -> None:
    publish(
        *project(),
        of("decision_logged", 5, task_id="shop-2", what="Take the simpler one"),
        event("decision_logged", ago=4, agent_id="agent_2", what="Take the other one"),
        event("decision_logged", board="bank", ago=3, agent_id="agent_shop", what="Of the bank"),
        of("agent_heartbeat", 1),
    )
    page = text(viewer)
    decisions, events = page[page.index("Decisions") :].split("Latest events")
    assert "Take the simpler one" in decisions
    assert "Take the simpler one" in events
    assert "Build shop-1" in events
    assert "Take the other one" not in page
    assert "Of the bank" not in page


def test_the_timeline_is_its_own_and_keeps_its_address(viewer: Client) -> None:
    publish(*project(), event("agent_registered", agent_id="agent_2", name="Claude 2"))
    page = open_page(viewer, f"{PATH}&span=7d")
    assert [lane["aria-label"] for lane in page.with_id("lane-")] == ["Claude of shop"]
    assert "?board=shop&span=1h" in page.leads()
    assert "24 hours until now" in text(viewer)


def test_an_address_without_a_board_leads_to_the_only_one_or_lists_them(viewer: Client) -> None:
    publish(*project(), event("agent_registered", board="", agent_id="nomad", name="Nomad"))
    assert viewer.get("/agents/agent_shop/").headers["Location"] == PATH
    assert "Nomad" in open_page(viewer, "/agents/nomad/").text
    publish(event("agent_registered", board="bank", agent_id="agent_shop", name="Another"))
    assert viewer.get("/agents/agent_shop/").headers["Location"] == "/agents/?agent=agent_shop"
    assert [row["id"] for row in open_page(viewer, "/agents/?agent=agent_shop").with_id("agent-")] == [
        "agent-shop-agent_shop",  # it is blocked
        "agent-bank-agent_shop",
    ]


def test_what_is_not_there_is_not_found(viewer: Client) -> None:
    publish(*project())
    assert viewer.get("/agents/nobody/").status_code == 404
    assert viewer.get("/agents/agent_shop/?board=bank").status_code == 404
    publish(event("board_removed"))
    assert viewer.get(PATH).status_code == 404


def test_names_of_agents_lead_to_their_pages(viewer: Client) -> None:
    publish(*project())
    for path in ("/agents/", "/boards/shop/", "/blocked/", "/tasks/?board=shop&task=shop-2", "/activity/"):
        assert PATH in open_page(viewer, path).leads(), path


def test_where_no_agent_is_known_its_name_leads_to_the_events_of_the_board(viewer: Client) -> None:
    [*_, blocker] = publish(*project("bank"), event("task_blocked", task_id="t", description="No key"))
    for path in ("/", "/blocked/", f"/blocked/{blocker}/", "/activity/"):
        assert "No key" in open_page(viewer, path).text
    assert "/activity/?board=shop" in open_page(viewer, f"/blocked/{blocker}/").leads()
