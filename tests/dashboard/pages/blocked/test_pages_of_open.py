"""Open blockers in pages: each of them is on one, in the chosen order, and what is on none is counted."""

from __future__ import annotations

import pytest
from django.test import Client

from dashboard.pages.blocked import open_table
from dashboard.queries import blockers
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import Document, open_page

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture
def five(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest first."""
    monkeypatch.setattr(open_table, "PAGE", 2)
    publish(
        *(
            event("task_blocked", task_id=f"t{n}", agent_id="agent_1", description=f"Need {n}", ago=50 - n)
            for n in range(5)
        )
    )


def shown(viewer: Client, **parameters: str) -> Document:
    return open_page(viewer, "/blocked/", parameters)


def needs(page: Document) -> list[str]:
    return [f"Need {n}" for n in range(5) if f"Need {n}" in page.text]


@pytest.mark.usefixtures("five")
def test_every_open_blocker_is_on_one_page(viewer: Client) -> None:
    pages = [shown(viewer, sort="age", p=number) for number in ("", "2", "3")]
    assert [needs(page) for page in pages] == [["Need 0", "Need 1"], ["Need 2", "Need 3"], ["Need 4"]]
    for page, words in zip(pages, ("1–2 of 5 blockers", "3–4 of 5 blockers", "5–5 of 5 blockers"), strict=True):
        assert words in page.text
        assert "on no page" not in page.text
    assert "?sort=age&p=2" in pages[0].leads()
    assert {"?sort=age", "?sort=age&p=3"} <= set(pages[1].leads())
    assert "?sort=age&p=4" not in pages[2].leads()


@pytest.mark.usefixtures("five")
def test_another_order_or_filter_begins_with_its_first_page(viewer: Client) -> None:
    leads = shown(viewer, p="2").leads()
    assert {"?sort=severity", "?severity=medium"} <= set(leads)


@pytest.mark.usefixtures("five")
def test_a_page_that_there_is_no_more_leads_to_the_first(viewer: Client) -> None:
    page = shown(viewer, p="9")
    assert "No blockers on this page. Go to the first page" in " ".join(page.text.split())
    assert "No open blockers match" not in page.text


@pytest.mark.usefixtures("five")
def test_those_that_are_on_no_page_are_counted(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blockers, "MAX_OPEN", 3)
    for number, words in (("", "1–2 of 3 blockers"), ("2", "3–3 of 3 blockers")):
        page = shown(viewer, p=number).text
        assert words in page
        assert "2 more are on no page. Change the order" in page
