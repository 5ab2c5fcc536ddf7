"""The proxies of a Marcus on Integrations: what the page says of each, and to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.live.page_state import PageState
from dashboard.pages.integrations import regions
from dashboard.visibility import EVERYTHING, NOTHING, Visibility
from marcus_events.core.event import utc_now
from marcus_events.models import ConnectedProxy
from tests.dashboard.pages.test_hostile import MARKUP, assert_harmless
from tests.dashboard.reading import Document, open_page

pytestmark = pytest.mark.usefixtures("log")
NOT_YET = "No agent has called through this proxy yet."


def proxy(**stated: Any) -> ConnectedProxy:
    now = utc_now()
    about = {"marcus": "http://127.0.0.1:4298/mcp", "address": "http://127.0.0.1:4297/mcp", "board": "", "problem": ""}
    numbers = dict.fromkeys(("calls", "agents", "open_questions", "waiting"), 0)
    return ConnectedProxy.objects.create(
        **{"proxy_id": "here", "started_at": now, "seen_at": now} | about | numbers | stated
    )


def region(visibility: Visibility = EVERYTHING) -> str:
    return regions.PAGE.render(PageState("integrations", visibility=visibility))["proxies"]


@pytest.mark.parametrize(
    ("stated", "words", "reason"),
    [
        ({}, "Waiting for agents", NOT_YET),
        ({"calls": 3}, "Connected", ""),
        ({"calls": 3, "problem": "Marcus does not answer at X: refused"}, "Marcus does not answer", "at X: refused"),
        ({"calls": 3, "seen_at": utc_now() - timedelta(minutes=1)}, "Not running", "start it again."),
        ({"calls": 3, "ended_at": utc_now()}, "Stopped", ""),
    ],
)
def test_each_state_has_its_words(stated: dict[str, Any], words: str, reason: str) -> None:
    proxy(**stated)
    text = Document(region()).text
    assert words in text
    assert reason in text
    assert (NOT_YET in text) == (reason == NOT_YET)


def test_counts_are_shown_without_zeros() -> None:
    proxy(calls=1_200, agents=1, waiting=2, board="Shop", called_at=utc_now())
    text = Document(region()).text
    assert "1,200 calls · 1 agent · 2 events not published yet" in text
    assert "board Shop" in text
    assert "open question" not in text


def test_a_proxy_that_ended_days_ago_is_not_shown() -> None:
    proxy(seen_at=utc_now() - timedelta(days=2))
    assert "No proxy has run in the last day." in Document(region()).text


def test_only_administrators_see_proxies(client: Client) -> None:
    proxy(calls=1)
    assert "127.0.0.1" not in region(NOTHING)
    client.force_login(User.objects.create_user("ada"))
    assert "4297" not in open_page(client, "/integrations/").text
    client.force_login(User.objects.create_superuser("grace"))
    text = open_page(client, "/integrations/").text
    assert "http://127.0.0.1:4297/mcp in front of http://127.0.0.1:4298/mcp" in text
    assert "./manage.py marcus_proxy" in text


def test_what_a_proxy_states_is_shown_as_text() -> None:
    proxy(marcus=MARKUP, address=MARKUP, board=MARKUP, problem=MARKUP)
    assert_harmless(Document(region()))
