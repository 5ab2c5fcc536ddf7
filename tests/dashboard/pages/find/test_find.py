"""Everything is found by name: what matches best is first, and nothing that one may not see is among it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from dashboard.queries.found_names import TASKS_BY_WORDS, find_for_search, find_names, values_of
from dashboard.visibility import EVERYTHING, NOTHING, Scope
from marcus_events.access import roles
from marcus_events.models import BoardAccess
from tests.dashboard.conftest import may
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import Document, open_page

pytestmark = pytest.mark.usefixtures("log")
ALL = Scope(EVERYTHING)


def task(name: str, number: str = "", board: str = "shop") -> Any:
    return event("task_created", board=board, task_id=number or name, task_name=name)


def found(text: str, scope: Scope = ALL) -> list[str]:
    return [f"{item.kind} {item.name}" for item in find_names(text, scope)]


def listed(client: Client, **query: Any) -> Document:
    response = client.get("/find/", query, headers={"X-Drawer": "1"}, QUERY_STRING=urlencode(query, doseq=True))
    assert response.status_code == 200
    return Document(response.content.decode())


def leads(client: Client, text: str) -> list[str]:
    return [lead for lead in listed(client, q=text).leads() if not lead.startswith("#")]


def test_the_whole_name_is_before_its_beginning_before_its_words_before_its_letters() -> None:
    named = ["Dishes of ocean travel", "Other doc", "Document it", "Doc"]
    publish(*(task(name, f"n{number}") for number, name in enumerate(named)))
    assert found("doc") == ["task Doc", "task Document it", "task Other doc", "task Dishes of ocean travel"]
    assert found("it doc") == ["task Document it"]
    assert found("n3") == ["task Doc"]


def test_what_is_to_be_done_is_before_what_is_done() -> None:
    done = event("task_completed", task_id="a", agent_id="x")
    publish(task("Build page A", "a"), task("Build page of B", "b"), done)
    assert found("build") == ["task Build page of B", "task Build page A"]


def test_boards_agents_and_open_blockers_are_found_like_tasks() -> None:
    publish(*project())
    assert found("the shop") == ["board The shop"]
    assert "agent Claude of shop" in found("claude")
    assert found("key no") == ["blocker No key for shop"]
    publish(event("blocker_resolved", task_id="shop-2"))
    assert found("key no") == []


def test_only_what_is_visible_is_found() -> None:
    publish(*project("bank"), *project("shop"))
    assert [item for item in found("b", Scope(NOTHING)) if item] == []
    shop = Scope(EVERYTHING, "shop")
    assert found("claude", shop) == ["agent Claude of shop"]
    assert not [item for item in found("bank", shop) + found("no key", shop) if "bank" in item]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "a & !b", "((", "\0", "é", "-", "*" * 300, "a:*"])
def test_any_text_may_be_typed(viewer: Client, text: str) -> None:
    publish(*project(), task("100% _sure_", "odd"))
    assert listed(viewer, q=text).elements
    assert open_page(viewer, "/find/", {"q": text}).elements


def test_the_words_of_tasks_are_what_the_index_holds() -> None:
    """Where there are few tasks, other indexes are as good: without those."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; DROP INDEX task_by_status_since, task_now")
        cursor.execute(f"EXPLAIN {TASKS_BY_WORDS}", values_of("build page", ALL))
        plan = "\n".join(line for (line,) in cursor.fetchall())
        transaction.set_rollback(True)
    assert "Bitmap Index Scan on task_words" in plan


def test_the_palette_is_answered_with_options_that_open_beside_the_page(viewer: Client) -> None:
    publish(*project())
    document = listed(viewer, q="build shop-1")
    assert document.all_of("role")[0] == "listbox"
    options = [attributes for _, attributes in document.elements if attributes.get("role") == "option"]
    assert options[0]["data-task"] == "board=shop&task=shop-1"
    assert len({option["id"] for option in options}) == len(options)
    assert listed(viewer, q="no key").all_of("data-opens")


def test_a_search_of_events_is_last_and_first_where_the_text_is_a_query(viewer: Client) -> None:
    publish(*project())
    assert leads(viewer, "build")[-1] == "/history/?q=build"
    assert leads(viewer, "agent:agent_shop")[0] == "/activity/?q=agent%3Aagent_shop"


def test_pages_and_actions_are_found_by_other_words_too(viewer: Client) -> None:
    assert leads(viewer, "notifications")[0] == "/alerts/"
    assert "theme-dark" in listed(viewer, q="dark mode").all_of("data-action")
    assert "sign-out" in listed(viewer, q="log out").all_of("form")


def test_people_and_what_administrators_do_are_for_administrators(viewer: Client) -> None:
    User.objects.create_user("grace")
    for text in ("grace", "new token", "retention", "people"):
        assert not [lead for lead in leads(viewer, text) if "q=" not in lead], text
    may(User.objects.get(username="ada"), "administer")
    assert f"/people/{User.objects.get(username='grace').pk}/" in leads(viewer, "grace")
    assert "/integrations/#id_name" in leads(viewer, "new token")


def test_saved_searches_are_found(viewer: Client) -> None:
    viewer.post("/history/saved/?q=type%3Atask_blocked", {"name": "Stuck ones"})
    assert leads(viewer, "stuck")[0] == "/history/?q=type%3Atask_blocked"


def test_what_was_opened_lately_is_named_as_it_is_now_in_its_order_and_only_if_it_is_visible() -> None:
    publish(*project(), *project("bank"), event("task_updated", task_id="shop-1", task_name="Renamed"))
    user = User.objects.create_user("eve")
    roles.assign_role(user, roles.VIEWER)
    BoardAccess.objects.create(user=user, board_id="shop")
    client = Client()
    client.force_login(user)
    keys = [
        "task?board=shop&task=shop-1",
        "task?board=bank&task=bank-1",
        "board?board=bank",
        "board?board=shop",
        "x",
        "task?board=shop&task=%00",
    ]
    document = listed(client, recent=[*keys, "agent?agent=agent_shop&board=shop", "blocker?id=9" + "9" * 30])
    assert document.all_of("data-recent") == [keys[0], keys[3], "agent?agent=agent_shop&board=shop"]
    assert "bank" not in document.text.lower()


def test_a_search_for_events_shows_what_is_named_so_above_them(viewer: Client) -> None:
    publish(*project(), task("Document the invoices", "d1"))
    for page in ("/activity/", "/history/"):
        shown = open_page(viewer, page, {"q": "document the invoices"})
        assert "/tasks/?board=shop&task=d1" in shown.leads(), page
        assert "Found by name" not in open_page(viewer, page, {"q": "type:task_created"}).text
    assert find_for_search("-document", ALL) == find_for_search("agent:document", ALL) == []
