"""A task: its state, its time in each, its blockers, decisions, dependencies and events, and what caused what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from dashboard.pages.tasks import queries
from dashboard.pages.tasks.queries import TaskDetail
from dashboard.pages.tasks.regions import PAGE
from dashboard.pages.tasks.status_timeline import STEP, timeline
from marcus_events.core.event import Event
from tests.dashboard.publishing import depends, event, project, publish, resolution
from tests.dashboard.reading import Document, open_page
from tests.dashboard.scopes import looking, on

pytestmark = pytest.mark.usefixtures("log")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def detail(task_id: str = "shop-2", board: str = "shop") -> TaskDetail:
    found = queries.detail(on(board), task_id)
    assert found
    return found


def caused(event_type: str, cause: Event, began: Event | None = None, **data: Any) -> Event:
    causes = {"causation_id": cause.event_id} | ({"correlation_id": began.event_id} if began else {})
    return event(event_type, metadata=causes, **({"task_id": "shop-2", "agent_id": "agent_shop"} | data))


def in_words(found: TaskDetail) -> list[tuple[str, bool, int]]:
    return [(step.event.event_type, step.opens_list, len(step.closed_lists)) for step in found.causes]


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def minutes(length: timedelta | None) -> float:
    return round((length or timedelta()) / timedelta(minutes=1), 1)


def test_time_in_each_state_is_summed_and_stops_when_the_task_is_done() -> None:
    states = ["todo", "assigned", "in_progress", "blocked", "in_progress", "done"]
    found = timeline(list(zip(states, map(at, (0, 10, 15, 40, 100, 120)), strict=True)), at(1_000))
    assert [(total.status, minutes(total.length), total.times) for total in found.totals] == [
        ("todo", 10, 1),
        ("assigned", 5, 1),
        ("in_progress", 45, 2),
        ("blocked", 60, 1),
    ]
    assert (minutes(found.lead), minutes(found.cycle)) == (120, 110)
    assert [part.name for part in found.segments] == states[:-1]
    assert sum(part.width for part in found.segments) == pytest.approx(100, abs=0.1)


def test_while_it_is_not_done_its_time_goes_on_in_steps() -> None:
    changes = [("todo", at(0)), ("blocked", at(10))]
    found = timeline(changes, at(20))
    assert found == timeline(changes, at(20) + STEP / 2)
    assert (minutes(found.totals[-1].length), found.totals[-1].is_now) == (10.5, True)
    assert (found.end, found.lead, found.cycle) == (None, None, None)


def test_a_task_that_was_done_and_taken_up_again_counts_that_time_apart() -> None:
    found = timeline([("todo", at(0)), ("done", at(5)), ("in_progress", at(65)), ("done", at(70))], at(90))
    assert [(total.status, minutes(total.length)) for total in found.totals if total.times] == [
        ("todo", 5),
        ("in_progress", 5),
        ("done", 60),
    ]
    assert (minutes(found.lead), minutes(found.cycle)) == (70, 5)


def test_a_task_without_a_past_has_no_bar() -> None:
    assert timeline([], NOON).segments == []


def test_the_timeline_of_a_task_is_made_of_its_events() -> None:
    publish(*project(), *[event("task_progress", task_id="shop-1", progress=n) for n in (1, 2)])
    publish(resolution(), event("task_completed", task_id="shop-2", agent_id="agent_shop", ago=5))
    found = detail().timeline
    assert [stay.status for stay in found.stays] == ["todo", "in_progress", "blocked", "in_progress", "done"]
    assert [minutes(stay.length) for stay in found.stays[:-1]] == [18, 10, 20, 5]
    assert minutes(found.cycle) == 35


def test_a_board_that_was_removed_and_came_again_has_a_new_past() -> None:
    publish(*project(), event("board_removed"), *project())
    assert [stay.status for stay in detail().timeline.stays] == ["todo", "in_progress", "blocked"]
    assert detail().count == len([told for told in project() if told.data.get("task_id") == "shop-2"])


def test_blockers_with_question_suggestion_answer_and_how_long() -> None:
    steps = {"resolution_steps": ["Ask", "Wait"]}
    publish(*project(), event("blocker_suggestion", task_id="shop-2", suggestion=steps, ago=29), resolution())
    publish(event("task_blocked", task_id="shop-2", agent_id="agent_shop", description="And the lock?", ago=5))
    newer, older = detail().stops
    assert (newer.blocker.description, minutes(newer.took), newer.steps) == ("And the lock?", 5, [])
    assert (older.blocker.resolution, minutes(older.took)) == ("Here is the key", 20)
    assert (older.agent, older.steps) == ("Claude of shop", ["Ask", "Wait"])


def test_dependencies_both_ways_with_the_state_of_each_and_what_is_not_known() -> None:
    publish(*project(), depends("shop-2", "elsewhere"))
    found = detail()
    assert [(item.name, item.status) for item in found.links.depends_on.tasks] == [
        ("elsewhere", "unknown"),
        ("Build shop-1", "done"),
    ]
    assert [(item.name, item.status, item.depth) for item in found.links.waiting.tasks] == [
        ("Build shop-3", "todo", 1),
        ("Build shop-4", "todo", 2),
    ]
    assert (found.links.waiting.count, found.links.after.tasks) == (2, [])


def test_of_a_done_task_what_depends_on_it_is_listed_and_nothing_waits() -> None:
    publish(*project())
    found = detail("shop-1")
    assert [item.name for item in found.links.after.tasks] == ["Build shop-2"]
    assert (found.links.waiting.tasks, found.chain) == ([], None)


def test_a_task_says_first_what_it_waits_for_in_the_end(viewer: Client) -> None:
    publish(*project())
    page = open_page(viewer, "/tasks/?board=shop&task=shop-4")
    text = " ".join(page.text.split())
    assert "Waiting behind Build shop-2, blocked 30 min: No key for shop" in text
    assert "Build shop-2 Build shop-3 Build shop-4" in text  # the chain, from what is waited for to the task
    [reply] = page.all_of("data-opens")
    assert f"/blocked/{reply}/" in page.leads()
    assert text.index("Waiting behind") < text.index("Task id")
    publish(resolution())
    assert "Waiting for Build shop-2, in progress for 10 min." in " ".join(
        open_page(viewer, "/tasks/?board=shop&task=shop-4").text.split()
    )


def test_of_several_blocked_tasks_the_nearest_is_named_and_the_others_are_counted(viewer: Client) -> None:
    publish(*project(), event("task_created", task_id="far", task_name="Far"), depends("shop-1x", "far"))
    publish(event("task_created", task_id="shop-1x", task_name="Middle"), depends("shop-4", "shop-1x"))
    publish(event("task_blocked", task_id="far", agent_id="agent_shop", description="No room", ago=5))
    found = detail("shop-4").chain
    assert found
    assert ([item.name for item in found.tasks], found.others) in (
        (["Build shop-2", "Build shop-3"], 1),
        (["Far", "Middle"], 1),
    )


def test_a_task_without_open_dependencies_can_start_and_one_in_a_cycle_cannot(viewer: Client) -> None:
    publish(event("task_created", task_id="free"))
    assert "Can start: it waits for nothing." in open_page(viewer, "/tasks/?board=shop&task=free").text
    publish(event("task_created", task_id="a"), event("task_created", task_id="b"), depends("a", "b"))
    publish(depends("b", "a"))
    assert "Part of a dependency cycle" in open_page(viewer, "/tasks/?board=shop&task=a").text


def test_repeated_effects_of_one_cause_are_folded(viewer: Client) -> None:
    first = event("task_blocked", task_id="shop-2", agent_id="agent_shop", description="No key")
    asked = [caused("answer_awaited", first, first) for _ in range(60)]
    decided = [caused("decision_logged", first, first, what=f"plan {n}") for n in range(2)]
    publish(*project(), first, *asked[:30], decided[0], *asked[30:], decided[1])
    times = [(step.event.event_type, step.times) for step in detail().causes]
    assert times[0] == ("task_blocked", 1)
    assert sorted(times[1:]) == [("answer_awaited", 60), ("decision_logged", 1), ("decision_logged", 1)]
    assert "×60" in open_page(viewer, "/tasks/?board=shop&task=shop-2").text


def test_events_are_newest_first_and_those_of_the_same_id_elsewhere_are_not_among_them() -> None:
    publish(*project(), event("task_started", board="bank", task_id="shop-2"))
    publish(event("decision_logged", task_id="shop-2", agent_id="agent_shop", what="wait"))
    found = detail()
    assert [told.event_type for told in found.events][:2] == ["decision_logged", "task_blocked"]
    assert "bank" not in {told.board_id for told in found.events}
    assert [told.data["what"] for told in found.decisions] == ["wait"]
    assert found.count == len(found.events)


def test_an_agent_that_waits_for_hours_does_not_fill_the_list() -> None:
    publish(*project(), event("answer_awaited", task_id="shop-2", agent_id="agent_shop"))
    found = detail()
    assert "answer_awaited" not in {told.event_type for told in found.events}
    assert found.count == len(found.events)


def test_an_event_that_leaves_its_board_out_is_among_those_of_the_only_task_of_that_id() -> None:
    publish(*project(), event("task_progress", board="", task_id="shop-2", progress=5))
    assert detail().events[0].board_id is None


def test_what_caused_what_is_a_tree_across_tasks() -> None:
    first = event("task_started", task_id="shop-2", agent_id="agent_shop")
    second = caused("task_blocked", first, first, description="No key")
    publish(
        *project(),
        first,
        second,
        caused("blocker_suggestion", second, first),
        caused("blocker_resolved", second, first),
        caused("task_created", first, first, task_id="other"),
    )
    assert in_words(detail()) == [
        ("task_started", True, 0),
        ("task_blocked", True, 0),
        ("blocker_suggestion", True, 0),
        ("blocker_resolved", False, 1),
        ("task_created", False, 2),
    ]
    assert in_words(detail("other")) == in_words(detail())


def test_a_cause_is_enough_where_no_correlation_is_given() -> None:
    first = event("decision_logged", task_id="other", what="use a key")
    second = caused("task_progress", first, progress=5)
    publish(*project(), first, second, caused("task_progress", second, progress=6))
    assert in_words(detail()) == [
        ("decision_logged", True, 0),
        ("task_progress", True, 0),
        ("task_progress", True, 3),
    ]


def test_an_empty_correlation_ties_nothing_together() -> None:
    nothing: dict[str, Any] = {"correlation_id": "", "causation_id": ""}
    publish(*project(), *(event("task_progress", task_id="shop-2", metadata=nothing) for _ in range(2)))
    assert detail().causes == []


def test_what_is_caused_elsewhere_by_an_event_that_names_no_correlation_is_found() -> None:
    first = event("task_completed", task_id="shop-2", agent_id="agent_shop")
    publish(*project(), first, caused("task_assigned", first, first, task_id="shop-3"))
    assert in_words(detail()) == [("task_completed", True, 0), ("task_assigned", True, 2)]


def test_where_nothing_caused_anything_there_is_no_tree() -> None:
    publish(*project(), event("task_progress", task_id="shop-2", metadata={"causation_id": "unheard"}))
    assert detail().causes == []


def test_events_that_name_each_other_as_their_cause_do_no_harm() -> None:
    first = event("task_started", task_id="shop-2", metadata={"causation_id": "x", "correlation_id": "c"})
    circle = caused("task_progress", first, progress=5, agent_id="a")
    publish(*project(), first, Event("x", first.timestamp, "task_progress", "m", circle.data, circle.metadata or {}))
    assert len(detail().causes) in (0, 2)


def test_a_tree_deeper_than_can_be_read_hangs_at_the_last_level() -> None:
    chain = [event("task_started", task_id="shop-2")]
    for n in range(90):
        chain.append(caused("task_progress", chain[-1], chain[0], progress=n))
    publish(*project(), *chain)
    steps = detail().causes
    assert len(steps) == 60
    assert sum(step.opens_list for step in steps) == sum(len(step.closed_lists) for step in steps) == 6


def test_the_page_and_the_drawer_show_the_same(viewer: Client) -> None:
    publish(*project(), resolution(), event("decision_logged", task_id="shop-2", what="wait", why="no key"))
    address = "/tasks/?board=shop&task=shop-2"
    page = open_page(viewer, address)
    drawer = viewer.get(address, headers={"X-Drawer": "1"}).content.decode()
    beside = Document(drawer).text
    for words in ("Build shop-2", "Here is the key", "No key for shop", "wait, because no key", "Build shop-3"):
        assert words in page.text
        assert words in beside
    assert "<html" not in drawer
    assert 'id="task"' not in drawer  # a region of the page below would be taken for it
    assert "http://testserver/tasks/?board=shop&amp;task=shop-2" in drawer


def test_a_task_that_is_not_there_is_not_found(viewer: Client) -> None:
    publish(*project())
    for query in ("", "?board=shop", "?board=shop&task=unheard", "?board=bank&task=shop-2", "?task=shop-2"):
        assert "This task does not exist" in open_page(viewer, f"/tasks/{query}", status=404).text


def test_a_task_of_no_board_has_a_page(viewer: Client) -> None:
    publish(event("task_started", board="", task_id="lone", agent_id="agent_1"))
    page = open_page(viewer, "/tasks/?task=lone")
    assert "In progress" in page.text
    assert "No dependencies, and no tasks depend on this one." in page.text
    assert "Never blocked." in page.text
    assert "No decisions logged." in page.text


def test_needs_you_and_cards_open_the_task(viewer: Client) -> None:
    publish(*project())
    for path in ("/", "/boards/shop/"):
        assert "board=shop&task=shop-2" in open_page(viewer, path).all_of("data-task")


def test_a_task_that_goes_while_its_page_is_open_is_said_to_be_gone() -> None:
    publish(*project(), event("board_removed"))
    found = PAGE.render(looking("task", board="shop", task="shop-2"))
    assert "This task no longer exists" in found["task"]
    assert 'id="events"' in found["events"]


def test_older_events_than_are_listed_are_one_link_away(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MAX_EVENTS", 2)
    publish(*project())
    page = open_page(viewer, "/tasks/?board=shop&task=shop-2")
    [older] = [lead for lead in page.leads() if "before=" in lead]
    assert len(open_page(viewer, older).positions()) == detail().count - 2


def test_what_marcus_refused_stands_on_the_task_and_moves_nothing(viewer: Client) -> None:
    publish(*project("shop"))
    before = detail().task
    refused: dict[str, Any] = {
        "agent_id": "agent_stale",
        "report": "completion report",
        "reason": "It is not yours.",
        "progress": 100,
    }
    publish(event("report_refused", task_id="shop-2", status="completed", **refused))
    assert detail().task == before
    page = open_page(viewer, "/tasks/?board=shop&task=shop-2")
    assert "Marcus rejected Stale's completion report on" in page.text
    assert "It is not yours." in page.text
    assert "Stale" not in open_page(viewer, "/agents/").text
