"""The page of agents: who they are, what they are at, whether they live and get on, and what they were at before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from dashboard.live.page_frames import MAX_MESSAGE, size
from dashboard.pages.agents import agent_timeline, regions
from dashboard.pages.agents.queries import PAGE
from marcus_events import models
from marcus_events.core.event import Event, utc_now
from marcus_events.log.agent_activity import Signs, signs
from tests.dashboard.publishing import event, project, publish, resolution
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import looking


def of(agent: str, event_type: str, ago: float, **data: Any) -> Event:
    return event(event_type, ago=ago, agent_id=agent, **data)


def text(viewer: Client, path: str = "/agents/") -> str:
    """What stands in the page's content."""
    words = " ".join(open_page(viewer, path).text.split())
    return words[words.index("Agents Working Blocked") : words.rindex(" Keyboard shortcuts ")]


def members(**chosen: str) -> list[Any]:
    found: list[Any] = regions.gather(looking("agents", **chosen))["members"]
    return found


def ids(**chosen: str) -> list[str]:
    return [member.agent.agent_id for member in members(**chosen)]


def test_while_no_agent_is_known_the_page_says_what_makes_one_known(viewer: Client) -> None:
    assert "No agents yet. An agent appears here with its first event" in text(viewer)
    publish(*project())
    assert "No agents on this board yet." in text(viewer, "/agents/?board=bank")
    assert "There is no agent with this name." in text(viewer, "/agents/?agent=nobody")


def test_an_agent_with_its_role_its_task_and_what_blocks_it(viewer: Client) -> None:
    publish(*project(), event("agent_registered", agent_id="agent_shop", role="Backend"))
    page = text(viewer)
    assert "All 1 Blocked 1 Sort by" in page
    assert "The shop Claude of shop Backend Blocked for 30 min: No key for shop on Build shop-2" in page


def test_the_last_progress_and_the_last_sign_of_life_are_two_things(viewer: Client) -> None:
    publish(
        of("agent_1", "task_started", 50, task_id="t", task_name="Build login"),
        of("agent_1", "task_progress", 40, task_id="t", progress=20),
        of("agent_1", "context_requested", 5, task_id="t"),
    )
    page = text(viewer)
    assert "Last seen 5 min ago Last progress 40 min ago" in page
    assert "Working for 50 min on Build login at 20%" in page


def test_what_is_done_to_an_agent_is_no_sign_of_life(viewer: Client) -> None:
    publish(
        of("agent_1", "task_started", 50, task_id="t"),
        of("agent_1", "blocker_resolved", 3, task_id="t"),
        of("agent_1", "task_assigned", 2, task_id="t"),
    )
    assert "No signal for 50 min" in text(viewer)
    assert "No signal 1" in text(viewer)


def test_an_agent_of_whom_only_others_tell_has_no_sign_of_life_yet(viewer: Client) -> None:
    publish(of("agent_1", "task_assigned", 2, task_id="t", task_name="Build login"))
    page = text(viewer)
    assert "on Build login not started" in page
    assert "Last seen never Last progress never" in page


def test_signs_are_of_the_board_and_of_what_names_no_board(log: None) -> None:
    publish(
        of("agent_1", "task_progress", 30, task_id="t", progress=1),
        event("task_progress", board="bank", ago=20, agent_id="agent_1", task_id="b"),
        event("context_requested", board="", ago=10, agent_id="agent_1", task_id="t"),
    )
    found = signs([("shop", "agent_1"), ("shop", "agent_2")], {})
    assert found["shop", "agent_2"] == Signs(None, None)
    minutes = [round((utc_now() - at).total_seconds() / 60) for at in (found["shop", "agent_1"].life,) if at]
    assert minutes == [10]
    assert signs([("shop", "agent_1")], {"shop": 99}) == {("shop", "agent_1"): Signs(None, None)}


def test_the_shares_of_the_last_24_hours_in_words_and_numbers(viewer: Client) -> None:
    publish(
        of("agent_1", "task_requested", 100),
        of("agent_1", "task_started", 80, task_id="t"),
        of("agent_1", "task_blocked", 20, task_id="t", description="No key"),
    )
    page = text(viewer)
    assert "In the last 24 hours: 60% working, 20% blocked, 20% waiting (of 1 h 40 min with data)" in page


def test_what_was_before_the_24_hours_is_not_counted(log: None) -> None:
    publish(
        of("agent_1", "task_started", 30 * 60, task_id="t"),
        of("agent_1", "task_completed", 25 * 60, task_id="t"),
        of("agent_1", "context_requested", 1),
    )
    [member] = members()
    [share] = member.shares
    assert share.kind == "idle"
    assert timedelta(hours=23, minutes=57) < share.length <= timedelta(days=1)  # to the column in which they began


def test_the_time_of_a_silent_agent_is_not_known(log: None) -> None:
    publish(
        of("agent_1", "task_started", 120, task_id="t"), of("agent_1", "task_progress", 90, task_id="t", progress=9)
    )
    [member] = members()
    [share] = member.shares
    assert (share.kind, share.percent, round(share.length.total_seconds() / 60)) == ("working", 100, 30)
    assert member.verdict.kind == "silent"
    assert [kind for kind, _ in member.strip.paths] == ["working", "silent"]


def test_those_who_need_somebody_come_first_on_each_board_and_the_offline_ones_are_folded(viewer: Client) -> None:
    publish(
        *(of(f"agent_{n}", "agent_registered", 1, name=f"Claude {n}") for n in (1, 2)),
        of("agent_3", "task_started", 90, task_id="t"),
        of("agent_4", "task_blocked", 5, task_id="u", description="No key"),
        of("agent_5", "agent_status_changed", 1, status="offline"),
        event("task_started", board="bank", ago=1, agent_id="agent_6", task_id="b"),
    )
    assert ids() == ["agent_4", "agent_3", "agent_1", "agent_2", "agent_6"]
    assert ids(state="silent") == ["agent_3"]
    assert ids(state="offline") == ["agent_5"]
    assert ids(agent="agent_5") == ["agent_5"]
    assert ids(sort="name") == ["agent_3", "agent_4", "agent_6", "agent_1", "agent_2"]
    assert ids(sort="longest")[0] == "agent_3"
    page = text(viewer)
    assert "All 6 Blocked 1 No signal 1 Working 1 Idle 2 Offline 1" in page
    assert "1 offline agent" in page
    assert "No agents have this status now." in text(viewer, "/agents/?state=waiting")
    assert "1 offline agent" not in text(viewer, "/agents/?state=idle")


def test_agents_by_name_as_people_count(log: None) -> None:
    publish(*(of(f"agent_{n}", "agent_registered", 1, name=f"Claude {n}") for n in (10, 2, 1)))
    assert [member.agent.name for member in members()] == ["Claude 1", "Claude 2", "Claude 10"]


def test_one_agent_or_one_board_can_be_looked_at_alone(viewer: Client) -> None:
    publish(*project(), *project("bank"))
    assert "Claude of bank" not in text(viewer, "/agents/?board=shop")
    assert "Claude of bank" not in text(viewer, "/agents/?agent=agent_shop")
    assert "Agent: Claude of shop show all agents" in text(viewer, "/agents/?agent=agent_shop")


def test_where_there_are_too_many_those_who_need_somebody_come_first_and_the_others_on_other_pages(
    viewer: Client,
) -> None:
    idle = [of(f"agent_{n}", "agent_registered", 1, name=f"Claude {n}") for n in range(PAGE + 11)]
    publish(*idle, of("agent_99", "task_blocked", 1, task_id="t", description="No key"))
    page = text(viewer)
    assert f"All {PAGE + 12} Blocked 1 Idle {PAGE + 11}" in page
    assert f"1–{PAGE} of {PAGE + 12} agents Next" in page
    assert f"{PAGE + 1}–{PAGE + 12} of {PAGE + 12} agents Previous" in text(viewer, "/agents/?p=2")
    assert "No agents on this page. Go to the first page" in text(viewer, "/agents/?p=3")
    first, second = ({member.agent.agent_id for member in members(p=number)} for number in ("", "2"))
    assert (len(first), len(second), first & second) == (PAGE, 12, set())
    assert "agent_99" in first


def test_a_removed_board_has_no_agents_and_one_that_is_back_has_no_past(viewer: Client) -> None:
    publish(*project(), event("board_removed", ago=5))
    assert "Claude of shop" not in text(viewer)
    publish(of("agent_shop", "task_started", 1, task_id="new", task_name="Another start"))
    page = text(viewer)
    assert "Another start" in page
    assert "Build shop-2" not in page
    [member] = members()
    assert member.strip.paths == [("working", member.strip.paths[0][1])]
    assert not member.strip.blocked


def test_the_timeline_has_a_lane_for_each_agent_and_names_what_it_worked_on(viewer: Client) -> None:
    publish(*project(), resolution())
    page = open_page(viewer, "/agents/")
    assert [lane["aria-label"] for lane in page.with_id("lane-")] == ["Claude of shop"]
    publish(*project("bank"))
    names = [lane["aria-label"] for lane in open_page(viewer, "/agents/").with_id("lane-")]
    assert names == ["Claude of bank, The bank", "Claude of shop, The shop"]
    told = " ".join(page.text.split())
    assert "1 hour until now" in told
    assert "Working on Build shop-2" in told
    assert "Blocked on Build shop-2" in told


def test_a_block_leads_to_what_the_agent_did_in_that_time(viewer: Client) -> None:
    publish(*project(), event("task_started", ago=20, task_id="other", agent_id="agent_2"), resolution())
    found = [lead for lead in open_page(viewer, "/agents/").leads() if "since%3A" in lead]
    [working, *_] = [lead for lead in found if "agent=agent_shop" in lead]
    query = parse_qs(urlsplit(working).query)
    assert (query["agent"], query["board"], query["noise"]) == (["agent_shop"], ["shop"], ["1"])


def test_a_blocked_block_leads_to_its_blocker(viewer: Client) -> None:
    [*_, first, _, second] = publish(
        *project(),
        resolution(ago=20),
        of("agent_shop", "task_blocked", 10, task_id="shop-2", description="Another key", board="shop"),
    )
    blocks = [found for tag, found in open_page(viewer, "/agents/").elements if tag == "a" and "data-began" in found]
    assert [block["data-opens"] for block in blocks] == [str(first), str(second)]
    assert [block["href"] for block in blocks] == [f"/blocked/{first}/", f"/blocked/{second}/"]
    assert ["data-ended" in block for block in blocks] == [True, False]


def test_zoom_and_moments_are_links_that_keep_what_is_chosen(viewer: Client) -> None:
    publish(*project())
    leads = open_page(viewer, "/agents/?board=shop&span=6h&until=2026-05-04T09:00:00Z").leads()
    assert "?board=shop&span=24h&until=2026-05-04T09%3A00%3A00Z" in leads
    assert "?board=shop&span=6h&until=2026-05-04T03%3A00%3A00Z" in leads
    assert "?board=shop&span=6h&until=2026-05-04T15%3A00%3A00Z" in leads
    assert "?board=shop&span=6h" in leads


def test_a_past_hour_shows_what_was_so_then_and_not_what_came_after(viewer: Client) -> None:
    publish(
        of("agent_1", "task_started", 600, task_id="t", task_name="Long ago"),
        of("agent_1", "task_completed", 590, task_id="t"),
        of("agent_1", "task_started", 5, task_id="u", task_name="Just now"),
    )
    then = (utc_now() - timedelta(minutes=580)).isoformat().replace("+00:00", "Z")
    shown = regions.gather(looking("agents", until=then))["timeline"]
    assert [row.named.words for row in shown.rows] == ["Idle", "Working on Long ago"]


def test_what_is_no_time_and_no_span_is_now(viewer: Client) -> None:
    publish(*project())
    assert "1 hour until now" in text(viewer, "/agents/?span=9y&until=tomorrow")
    assert "1 hour until now" in text(viewer, "/agents/?until=2999-01-01T00:00:00Z")


@pytest.fixture
def restless(log: None) -> None:
    """Intervals of a full page of agents, 500 of each in the last 24 hours, as the projection would have made them."""
    told = [
        of(f"agent_{n}", "task_created", 1, task_id=f"task-{n}", task_name=f"{n}: {LONG_NAME}") for n in range(PAGE)
    ]
    publish(event("project_created", ago=1, project_name=f"The shop: {LONG_NAME}"), *told)
    now, rows = utc_now(), []
    models.Agent.objects.all().delete()
    for number in range(PAGE):
        for n in range(500):
            start = now - timedelta(minutes=2.88 * (500 - n))
            end = start + timedelta(minutes=2.88) if n < 499 else None
            status, task = (("working", f"task-{n % PAGE}"), ("blocked", f"task-{n % PAGE}"), ("waiting", ""))[n % 3]
            rows.append(interval(f"agent_{number}", n, start, end, status, task))
    models.Agent.objects.bulk_create(rows, batch_size=1_000)


LONG_NAME = "Build the confirmation e-mail of the returns of the business customers"


def interval(agent: str, n: int, start: Any, end: Any, status: str, task: str) -> models.Agent:
    return models.Agent(
        board_id="shop",
        agent_id=agent,
        name=f"{agent}: {LONG_NAME}",
        role=LONG_NAME,
        skills=[],
        task_id=task,
        from_position=n + 1,
        to_position=n + 2 if end else None,
        from_time=start,
        to_time=end,
        status=status,
        status_since=start,
    )


@pytest.mark.usefixtures("restless")
def test_a_page_of_restless_agents_is_bounded_and_no_interval_is_uncounted(viewer: Client) -> None:
    assert len(viewer.get("/agents/?span=24h").content) < 150_000
    assert all(size(html) < MAX_MESSAGE for html in regions.PAGE.render(looking("agents", span="24h")).values())
    shown = regions.gather(looking("agents", span="24h"))["timeline"]
    assert len(shown.rows) == agent_timeline.MAX_ROWS
    assert len(shown.rows) + shown.more == 500 * PAGE
    assert sum(len(lane.links) for lane in shown.lanes) <= agent_timeline.MAX_LINKS
