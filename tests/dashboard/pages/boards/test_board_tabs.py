"""The tabs of a board: filters and groups of its cards, what is late and why, its burn-up and its knowledge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from dashboard.pages.boards import burn_up, columns, knowledge
from dashboard.pages.boards.burn_up import HEIGHT, MOST_STEPS
from dashboard.pages.boards.columns import CardFilter
from dashboard.visibility import Scope, Visibility
from marcus_events.core.event import Event
from tests.dashboard.publishing import depends, event, project, publish, resolution
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

pytestmark = pytest.mark.usefixtures("log")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def shown(**wanted: str) -> dict[str, list[str]]:
    found = columns.columns(on("shop"), wanted=CardFilter(**wanted))
    return {name: [card.task.task_id for card in column.cards] for name, column in found.items() if column.is_shown}


def text(viewer: Client, path: str) -> str:
    return " ".join(open_page(viewer, path).text.split())


def labelled(task: str, *labels: str, **more: Any) -> Event:
    return event("task_created", task_id=task, task_name=f"Build {task}", labels=list(labels), **more)


def test_each_tab_is_a_page_with_links_to_the_others(viewer: Client) -> None:
    publish(*project())
    for tab in ("", "?tab=dependencies", "?tab=timeline", "?tab=knowledge"):
        page = open_page(viewer, f"/boards/shop/{tab}")
        assert [lead for lead in page.leads() if lead.startswith(f"/boards/shop/{tab}")]
        assert {"/boards/shop/?tab=dependencies", "/activity/?board=shop"} <= set(page.leads())
    assert "Build shop-2" in text(viewer, "/boards/shop/?tab=unheard")
    assert "/boards/shop/?tab=knowledge" in open_page(viewer, "/activity/?board=shop").leads()
    assert "/boards/shop/?tab=knowledge" not in open_page(viewer, "/activity/").leads()


def test_cards_are_filtered_by_text_agent_label_and_status() -> None:
    publish(*project(), labelled("sign-in", "backend", "auth"), labelled("page", "frontend"))
    assert shown(text="SIGN")["todo"] == ["sign-in"]
    assert shown(label="auth")["todo"] == ["sign-in"]
    assert shown(agent="agent_shop")["blocked"] == ["shop-2"]
    assert shown(agent="agent_shop")["todo"] == []
    assert shown(status="done") == {"done": ["shop-1"]}
    assert columns.columns(on("shop"), wanted=CardFilter(label="auth"))["todo"].count == 1
    assert columns.labels(on("shop")) == ["auth", "backend", "frontend"]


def test_filters_are_in_the_address_and_what_matches_nothing_says_so(viewer: Client) -> None:
    publish(*project())
    assert "No matching tasks." in text(viewer, "/boards/shop/?q=unheard")
    assert "Clear filters" in text(viewer, "/boards/shop/?agent=unheard")
    assert "Clear filters" not in text(viewer, "/boards/shop/")


def test_cards_are_grouped_within_their_column(viewer: Client) -> None:
    publish(labelled("b1", "backend"), labelled("f1", "frontend"), labelled("b2", "backend"), labelled("none"))
    cards = columns.columns(on("shop"), wanted=CardFilter(group="label"))["todo"].cards
    assert [(card.group, card.task.task_id) for card in cards] == [
        ("backend", "b1"),
        ("backend", "b2"),
        ("frontend", "f1"),
        ("No label", "none"),
    ]
    page = open_page(viewer, "/boards/shop/?group=label")
    assert [it["class"] for tag, it in page.elements if tag == "li" and "card-group" in it.get("class", "")] == [
        "card-group"
    ] * 3


def test_what_is_to_do_says_whether_it_can_start_and_behind_what_it_waits(viewer: Client) -> None:
    publish(*project(), labelled("free"), labelled("next"), depends("next", "free"))
    board = text(viewer, "/boards/shop/")
    assert "behind Build shop-2" in board
    assert "can start" in board
    assert "after Build free" in board
    chains = {card.task.task_id: card.chain for card in columns.columns(on("shop"))["todo"].cards}
    found = chains["shop-4"]
    assert found
    assert [item.name for item in found.tasks] == ["Build shop-2", "Build shop-3"]
    assert chains["free"] is None


def test_of_what_is_done_the_newest_are_shown_with_a_link_to_all(viewer: Client) -> None:
    publish(*(event("task_completed", task_id=f"t{n:02}", ago=60 - n) for n in range(12)))
    page = open_page(viewer, "/boards/shop/")
    assert [card["id"] for card in page.with_id("card-")] == [f"card-t{n:02}" for n in range(11, 3, -1)]
    assert "?column=done#column-done" in page.leads()
    assert len(open_page(viewer, "/boards/shop/?column=done").with_id("card-")) == 12


def test_a_board_of_a_thousand_tasks_is_no_larger_than_others(viewer: Client) -> None:
    publish(
        *(labelled(f"t{n}", "a", ago=90) for n in range(1_000)), *(depends(f"t{n}", f"t{n - 1}") for n in range(1, 500))
    )
    publish(*(event("task_completed", task_id=f"t{n}", ago=80) for n in range(500, 700)))
    for tab in ("", "?tab=dependencies", "?tab=timeline", "?tab=knowledge"):
        assert len(viewer.get(f"/boards/shop/{tab}").content) < 150_000, tab


def test_the_burn_up_counts_tasks_and_done_ones_over_time() -> None:
    changes = [("a", "todo", NOON), ("b", "todo", NOON), ("a", "done", NOON + timedelta(hours=1))]
    changes += [("a", "in_progress", NOON + timedelta(hours=2)), ("c", "todo", NOON + timedelta(hours=3))]
    found = burn_up.drawn(changes, NOON + timedelta(hours=4, minutes=1))
    at = {sample.at: (sample.total, sample.done, sample.left) for sample in found.samples}
    assert at[NOON + timedelta(hours=1)] == (2, 1, 1)
    assert at[NOON + timedelta(hours=2)] == (2, 0, 2)
    assert (found.last.total, found.last.done) == (3, 0)
    assert len(found.samples) <= MOST_STEPS
    assert found.done_area.startswith(f"M0 {HEIGHT}L0 ")
    assert found.rows[0] == found.last


@pytest.mark.parametrize("length", [timedelta(0), timedelta(minutes=59), timedelta(days=9), timedelta(days=4_000)])
def test_a_burn_up_of_any_length_ends_now_and_begins_before_the_first_task(length: timedelta) -> None:
    found = burn_up.drawn([("a", "todo", NOON - length)], NOON)
    assert found.last.at >= NOON
    assert found.samples[0].total == 1 or found.samples[1].total == 1
    assert len(found.samples) <= MOST_STEPS


def test_the_timeline_shows_the_burn_up_with_a_table(viewer: Client) -> None:
    assert burn_up.burn_up(on("shop")) is None
    publish(*project(), event("board_removed"), *project())
    found = burn_up.burn_up(on("shop"))
    assert found
    assert (found.last.total, found.last.done) == (4, 1)
    assert "1 of 4 tasks done, 3 open" in text(viewer, "/boards/shop/?tab=timeline")


def known() -> list[Event]:
    who: dict[str, Any] = {"agent_id": "agent_shop"}
    return [
        *project(),
        event("decision_logged", task_id="shop-2", what="Use PostgreSQL", why="we need transactions", **who),
        event("implementation_found", task_id="shop-2", artifact="api/orders.yaml", **who),
        event("artifact_logged", task_id="shop-1", title="Diagram of the shop", **who),
        event("pattern_detected", pattern="Reviews wait on Mondays"),
        event("context_requested", task_id="shop-3", **who),
    ]


def test_knowledge_is_grouped_by_task_with_who_relied_on_it(viewer: Client) -> None:
    publish(*known())
    found = knowledge.knowledge(on("shop"))
    assert [(group.title, [item.statement for item in group.entries]) for group in found.groups] == [
        ("Build shop-1", ["Diagram of the shop"]),
        ("Build shop-2", ["api/orders.yaml", "Use PostgreSQL"]),
        ("The board", ["Reviews wait on Mondays"]),
    ]
    assert [item.name for item in found.groups[1].asked] == ["Build shop-3"]
    assert [item.name for item in found.groups[0].others] == ["Build shop-2"]
    page = text(viewer, "/boards/shop/?tab=knowledge")
    assert "Context requested by Build shop-3" in page
    assert "Use PostgreSQL we need transactions · Claude of shop" in page


def test_knowledge_is_found_by_words_and_by_subject(viewer: Client) -> None:
    publish(*known())
    path = "/boards/shop/?tab=knowledge"
    assert "api/orders.yaml" not in text(viewer, f"{path}&q=transactions")
    assert "Use PostgreSQL" in text(viewer, f"{path}&q=transactions")
    assert "Use PostgreSQL" not in text(viewer, f"{path}&category=pattern")
    assert [group.title for group in knowledge.knowledge(on("shop"), group="subject").groups] == [
        "Decisions",
        "Implementations",
        "Artifacts",
        "Patterns",
    ]
    assert "Nothing matches." in text(viewer, f"{path}&q=unheard")
    assert "is not a field" in text(viewer, f"{path}&q=nothing:x")


def test_older_knowledge_is_a_link_away(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge, "PAGE", 2)
    publish(*project(), *(event("decision_logged", task_id="shop-2", what=f"plan {n}") for n in range(3)))
    page = open_page(viewer, "/boards/shop/?tab=knowledge")
    assert "plan 0" not in page.text
    [older] = [lead for lead in page.leads() if "older=" in lead]
    assert "plan 0" in text(viewer, f"/boards/shop/{older}")


def test_knowledge_names_no_task_of_a_board_that_is_not_seen() -> None:
    publish(*known(), event("task_created", board="vault", task_id="secret", task_name="Build the vault"))
    publish(
        event(
            "dependency_detected", board="vault", task_id="secret", depends_on_id="shop-2", depends_on_board_id="shop"
        )
    )
    some = Scope(Visibility(frozenset(["shop"])), "shop")
    names = [item.name for group in knowledge.knowledge(some).groups for item in group.required_by]
    assert "a task on another board" in names
    assert "Build the vault" not in names
    assert knowledge.knowledge(Scope(Visibility(frozenset(["bank"])), "shop")).groups == []


def test_tabs_say_when_the_board_has_been_removed_and_show_the_rest(viewer: Client) -> None:
    publish(*project(), resolution(), event("board_removed"))
    for tab in ("", "?tab=knowledge"):
        assert viewer.get(f"/boards/shop/{tab}").status_code == 404
