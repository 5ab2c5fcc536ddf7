"""Saved searches: mine, everybody's, and nobody else's; and what helps to write a query."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.models import SavedSearch
from dashboard.pages.history import saved_searches
from marcus_events import audit
from marcus_events.access import roles
from marcus_events.models import BoardAccess
from tests.dashboard.conftest import may
from tests.dashboard.publishing import event, project, publish

pytestmark = pytest.mark.usefixtures("log")


def client_of(name: str, *permissions: str) -> Client:
    client = Client()
    client.force_login(may(User.objects.create_user(name), "see_every_board", *permissions))
    return client


def text(client: Client, address: str = "/history/") -> str:
    return client.get(address).content.decode()


def save(client: Client, name: str, query: str = "q=type%3Atask_blocked", **data: str) -> Any:
    return client.post(f"/history/saved/?{query}", {"name": name, **data})


def test_a_search_is_kept_under_a_name_and_opened_again(viewer: Client) -> None:
    answer = save(viewer, "Blocked ones")
    assert answer["Location"] == "/history/?q=type%3Atask_blocked"
    assert "Blocked ones" in text(viewer)
    save(viewer, "Blocked ones", "q=type%3Atask_done")
    assert [search.query for search in SavedSearch.objects.all()] == ["q=type%3Atask_done"]


def test_mine_is_mine_and_a_shared_one_is_everybodys(viewer: Client) -> None:
    other = client_of("bo")
    save(viewer, "only mine")
    save(viewer, "for all", shared="on")
    page = text(other)
    assert "for all" in page
    assert "only mine" not in page
    mine, shared = SavedSearch.objects.get(name="only mine"), SavedSearch.objects.get(name="for all")
    assert other.post(f"/history/saved/{mine.pk}/delete/").status_code == 404
    assert other.post(f"/history/saved/{shared.pk}/delete/").status_code == 403
    assert client_of("grace", "administer").post(f"/history/saved/{shared.pk}/delete/").status_code == 302
    assert viewer.post(f"/history/saved/{mine.pk}/delete/").status_code == 302
    assert not SavedSearch.objects.exists()


def test_a_search_is_renamed_by_who_may_delete_it(viewer: Client) -> None:
    save(viewer, "mine")
    save(viewer, "for all", shared="on")
    shared = SavedSearch.objects.get(name="for all")

    def rename(client: Client, name: str, search: SavedSearch = shared) -> Any:
        return client.post(f"/history/saved/{search.pk}/rename/?q=x", {"name": name})

    assert rename(viewer, "for everybody")["Location"] == "/history/?q=x"
    refused = rename(viewer, "mine")
    assert refused.status_code == 422
    assert "Another saved search has this name" in refused.content.decode()
    assert rename(viewer, " ").status_code == 422
    assert rename(client_of("bo"), "his").status_code == 403
    assert rename(client_of("cy"), "his", SavedSearch.objects.get(name="mine")).status_code == 404
    assert {search.name for search in SavedSearch.objects.all()} == {"mine", "for everybody"}
    assert rename(client_of("grace", "administer"), "of the house").status_code == 302
    assert SavedSearch.objects.get(pk=shared.pk).name == "of the house"


def of_boards(name: str, *boards: str) -> Client:
    """Who may share searches, and sees these boards."""
    client, person = Client(), may(User.objects.create_user(name), "handle_blocker")
    roles.grant_boards(person, boards, every=False)
    client.force_login(person)
    return client


def test_a_shared_search_is_shown_to_those_who_see_all_that_its_owner_saw(viewer: Client) -> None:
    """Its name and its words may be any board's; which boards it names makes no difference to that."""
    publish(event("project_created", board="bank", project_name="The bank"))
    both, shop, every = of_boards("both", "shop", "bank"), of_boards("shopkeeper", "shop"), client_of("bo")
    save(both, "of both", "q=merger", shared="on")
    save(both, "of the bank", "q=type:task_blocked&board=bank", shared="on")
    save(shop, "of the shop", "q=-board:shop", shared="on")
    save(viewer, "of everything", "q=merger", shared="on")
    shared = ("of both", "of the bank", "of the shop", "of everything")
    seen = {
        name: [one for one in shared if one in text(client)] for name, client in {"shop": shop, "both": both}.items()
    }
    assert seen == {"shop": ["of the shop"], "both": ["of both", "of the bank", "of the shop"]}
    assert [one for one in shared if one in text(every)] == list(shared)
    hidden = SavedSearch.objects.get(name="of both")
    assert shop.post(f"/history/saved/{hidden.pk}/delete/").status_code == 404


@pytest.mark.parametrize("query", ["board=bank", "q=board:bank", "q=board_id:bank,shop", 'q=-board:"The+bank"'])
def test_nor_to_who_does_not_see_a_board_that_it_names(query: str) -> None:
    publish(event("project_created", board="shop", project_name="The shop"))
    shop, other = of_boards("shopkeeper", "shop"), of_boards("other", "shop")
    save(shop, "named", query, shared="on")
    save(shop, "own", 'q=board:"The+shop"', shared="on")
    assert "named" not in text(other)
    assert "own" in text(other)


def test_when_an_owner_loses_a_board_what_they_shared_is_shown_to_nobody_new() -> None:
    both, shop = of_boards("both", "shop", "bank"), of_boards("shopkeeper", "shop")
    save(both, "of both", "q=merger", shared="on")
    roles.grant_boards(User.objects.get(username="both"), ["shop"], every=False)
    assert "of both" not in text(shop)
    assert "of both" in text(both)


def test_who_only_watches_shares_nothing() -> None:
    answer = save(client_of("bo"), "for all", shared="on")
    assert answer.status_code == 422
    assert "can share a search" in answer.content.decode()
    assert not SavedSearch.objects.exists()


def test_there_is_an_end_to_how_many(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_searches, "MOST", 1)
    assert save(viewer, "one").status_code == 302
    assert save(viewer, "one").status_code == 302
    assert save(viewer, "two").status_code == 422
    assert save(viewer, "").status_code == 422


def test_hostile_names_and_queries_are_only_text(viewer: Client) -> None:
    save(viewer, "<script>x</script>", "q=%22%3E%3Cscript%3Ey&nonsense=1")
    page = text(viewer)
    assert "<script>x" not in page
    assert "<script>y" not in page
    assert "nonsense" not in SavedSearch.objects.get().query


def words(client: Client, word: str) -> list[str]:
    return list(client.get("/history/complete/", {"word": word}).json()["words"])


def test_what_is_typed_is_completed(viewer: Client) -> None:
    publish(*project(), event("task_created", task_id="a b", board="bank", task_name="x"))
    assert words(viewer, "ty") == ["type:"]
    assert words(viewer, "-ag") == ["-agent:"]
    assert "type:task_blocked" in words(viewer, "type:task_b")
    assert words(viewer, "type:task_created,task_b") == ["type:task_created,task_blocked"]
    assert words(viewer, "task:a") == ['task:"a b"']
    assert words(viewer, "category:sy") == ["category:system"]
    assert words(viewer, "nonsense:x") == words(viewer, "word:") == words(viewer, "") == []


def test_nothing_is_completed_that_one_may_not_see() -> None:
    publish(*project(), event("task_created", task_id="secret", board="bank", task_name="x"))
    outsider = Client()
    bo = User.objects.create_user("bo")
    outsider.force_login(bo)
    assert words(outsider, "task:") == words(outsider, "board:") == []
    BoardAccess.objects.create(user=bo, board_id="shop")
    assert words(outsider, "task:sec") == []
    assert words(outsider, "task:shop-")


def test_only_who_audits_is_told_who_acted() -> None:
    audit.record("role_changed", "mallory", user="bo")
    publish(*project(), event("blocker_acknowledged", task_id="shop-1", source="user:zoe", by="zoe"))
    manager = client_of("bo")
    assert words(manager, "source:user") == ["source:user:zoe"]
    assert words(manager, "type:role_") == words(manager, "source:user:m") == []
    administrator = client_of("grace", "administer")
    assert words(administrator, "source:user:m") == ["source:user:mallory"]
    assert words(administrator, "type:role_") == ["type:role_changed"]


def test_the_histogram_begins_with_what_one_may_see() -> None:
    publish(event("task_created", board="bank", ago=60 * 24 * 900, task_id="t"), event("task_created", task_id="u"))
    old = timezone.now() - timedelta(days=900)
    assert f"{old:%Y-%m}" in text(client_of("bo"))
    assert f"{old:%Y-%m}" not in text(of_boards("shopkeeper", "shop"))


def test_how_many_are_newer(viewer: Client) -> None:
    publish(event("task_created", task_id="t"))
    at = publish(event("task_created", task_id="u"))[-1]
    publish(event("task_started", task_id="u"), event("task_created", task_id="v"))
    assert "2 newer" in text(viewer, f"/history/newer/?after={at}")
    assert "1 newer" in text(viewer, f"/history/newer/?after={at}&q=type:task_created")
    assert "newer</a>" not in text(viewer, f"/history/newer/?after={at + 2}")
    assert "newer</a>" not in text(viewer, "/history/newer/?q=type:%22")


def test_a_permalink_stays_what_it_is(viewer: Client) -> None:
    publish(*project())
    page = text(viewer, "/history/?q=since:2h+type:task_created")
    address = page.partition('id="permalink"')[2].partition(">")[2].partition("<")[0]
    assert "since%3A2h" not in address
    assert "since%3A20" in address
