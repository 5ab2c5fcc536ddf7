"""Whatever producers write stays text: no name and no id becomes markup, and every link leads where it says."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from marcus_events.core.event import Event
from marcus_events.core.event_types import MEANINGS
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import Document, open_page

MARKUP = "\"><img src=x onerror=alert(1)>'</script><b onload=x>{{ 7 }}{% now %}"
BOARD = f'a/b?c#d "é\n%2F&amp; {MARKUP}'
TASK = f"task,1 type:x {MARKUP}"
AGENT = f"agent_{MARKUP}"
FIELDS = (
    *("task_name", "description", "resolution", "message", "name", "role", "status", "reason", "error", "what", "why"),
    *("project_name", "depends_on_name", "pattern", "severity", "reported_severity", "progress", "task_count"),
)


def hostile(event_type: str, **data: Any) -> Event:
    named = {"board_name": MARKUP, "agent_name": MARKUP, MARKUP: MARKUP}
    stated: dict[str, Any] = dict.fromkeys(FIELDS, MARKUP) | {"task_id": TASK, "agent_id": AGENT} | data
    return event(event_type, board=BOARD, source=f"agent_{MARKUP}", metadata=named, **stated)


@pytest.fixture
def attacked(viewer: Client) -> Client:
    """All types of event with markup wherever a producer can write; a blocker that is open, and one that is not."""
    suggestion = {"resolution_steps": [MARKUP, MARKUP], "text": MARKUP}
    others = [hostile(name) for name in MEANINGS if name != "board_removed"]
    publish(
        *others,
        hostile(MARKUP),
        hostile("task_blocked", task_id=f"{TASK} open", severity="high", description=f"Open {MARKUP}"),
        hostile("blocker_suggestion", task_id=f"{TASK} open", suggestion=suggestion),
        hostile("task_created", task_id=f"{TASK} behind", depends_on=[f"{TASK} open"]),
        hostile("task_blocked", task_id=f"{TASK} ended", severity="high", description=f"Ended {MARKUP}"),
        hostile("blocker_resolved", task_id=f"{TASK} ended"),
        hostile("decision_logged", task_id=f"{TASK} open"),
        hostile("dependency_detected", task_id=f"{TASK} open", depends_on_id=f"{TASK} unheard"),
        *(hostile("task_created", task_id=f"{TASK} {a}") for a in "xy"),
        *(hostile("dependency_detected", task_id=f"{TASK} {a}", depends_on_id=f"{TASK} {b}") for a, b in ("xy", "yx")),
    )
    return viewer


def assert_harmless(page: Document) -> None:
    assert "img" not in {tag for tag, _ in page.elements}
    assert "b" not in {tag for tag, attributes in page.elements if attributes}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert all("src" in attributes for tag, attributes in page.elements if tag == "script")
    assert not [address for address in page.leads() if urlsplit(address).scheme or address.startswith("//")]


def test_nothing_on_any_page_that_can_be_reached_is_markup_of_a_producer(attacked: Client) -> None:
    """Follow every link there is, from Now on. Each leads to a page, and no page is broken out of."""
    seen, todo = set[str](), ["/"]
    while todo and len(seen) < 150:
        address = todo.pop(0)
        seen.add(address)
        page = open_page(attacked, address)
        assert_harmless(page)
        found = [urljoin(address, lead).partition("#")[0] for lead in page.leads()]
        todo += [lead for lead in dict.fromkeys(found) if lead not in seen and lead not in todo and is_page(lead)]
    assert any(address.startswith("/boards/a/b%3Fc%23d") for address in seen)
    assert any(address.startswith("/activity/?task=task%2C1") for address in seen)
    pages = {"/", "/boards/", "/activity/", "/blocked/", "/agents/", "/history/", "/integrations/", "/tasks/"}
    assert {urlsplit(address).path for address in seen} >= pages


def is_page(address: str) -> bool:
    """Which a link opens: the forms that write are none, and what is served beside the pages has tests of its own."""
    return not address.startswith(("/static/", "/sign-in/", "/sign-out/", "/demo/remove/", "/integrations/check/"))


@pytest.mark.parametrize("path", ["/", "/boards/", "/activity/", "/blocked/", "/agents/", "/history/"])
def test_it_is_shown_as_it_was_written(attacked: Client, path: str) -> None:
    page = attacked.get(path).content.decode()
    assert escape(MARKUP) in page
    assert MARKUP not in page


def test_an_event_is_shown_with_its_data_as_it_was_written(attacked: Client) -> None:
    page = open_page(attacked, "/activity/1/")
    assert f'"{MARKUP}"'.replace('""', '"\\"') in page.text
    assert TASK in page.text


def test_the_link_to_a_board_of_any_name_opens_that_board(attacked: Client) -> None:
    [address] = {lead for lead in open_page(attacked, "/boards/").leads() if lead.startswith("/boards/a/b")}
    page = open_page(attacked, address)
    assert f"{MARKUP} · Marcus Events" in page.text
    chosen = [attributes for tag, attributes in page.elements if tag == "option" and "selected" in attributes]
    assert [option["value"] for option in chosen] == [BOARD]


@pytest.mark.parametrize("headers", [{}, {"X-Drawer": "1"}])
@pytest.mark.parametrize("task", ["..", "a/../tasks/b", "\0", "%00", "é\n", "?#&=", TASK])
def test_a_task_of_any_id_opens(viewer: Client, task: str, headers: dict[str, str]) -> None:
    if "\0" not in task:
        publish(hostile("task_created", task_id=task, task_name="Odd"))
    answer = viewer.get("/tasks/", {"board": BOARD, "task": task}, headers=headers)
    assert answer.status_code == (404 if "\0" in task else 200)
    assert ("Odd" in answer.content.decode()) is ("\0" not in task)


def test_every_task_of_a_board_of_any_name_is_one_link_away(attacked: Client) -> None:
    [address] = {lead for lead in open_page(attacked, "/boards/").leads() if lead.startswith("/boards/a/b")}
    tasks = {lead for lead in open_page(attacked, address).leads() if lead.startswith("/tasks/?")}
    assert len(tasks) >= 5
    for task in tasks:
        assert_harmless(open_page(attacked, task))


def test_the_link_to_a_task_of_any_name_shows_its_events(attacked: Client) -> None:
    wanted = open_page(attacked, "/activity/", {"task": f"{TASK} ended"}).positions()
    assert len(wanted) == 2
    cards = open_page(attacked, "/blocked/", {"board": BOARD})
    [task] = {lead for lead in cards.leads() if lead.startswith("/tasks/") and "+ended" in lead}
    events = [lead for lead in open_page(attacked, task).leads() if lead.startswith("/activity/?task=")]
    assert events
    assert open_page(attacked, events[0]).positions() == wanted
