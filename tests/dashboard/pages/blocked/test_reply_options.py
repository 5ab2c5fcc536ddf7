"""The options of an agent: buttons that send its own words, on the blocker that it asked about."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from marcus_events.audit import redaction
from marcus_events.blockers.reply_options import MAX_OPTIONS, ReplyOption, options_of
from marcus_events.models import Blocker
from tests.dashboard.pages.blocked.test_blocker_actions import act, last, the_blocker
from tests.dashboard.publishing import event, publish


def asked(**fields: Any) -> Blocker:
    publish(event("task_blocked", task_id="t1", description="Which format?", **fields))
    return the_blocker()


def texts(blocker: Blocker) -> list[tuple[str, bool]]:
    return [(option.text, option.is_recommended) for option in options_of(blocker)]


@pytest.mark.usefixtures("projecting")
def test_a_button_sends_the_words_of_the_agent(viewer: Client) -> None:
    blocker = asked(options=["CSV", "JSON lines"], recommendation="JSON lines")
    assert options_of(blocker) == [ReplyOption(1, "CSV", False), ReplyOption(2, "JSON lines", True)]
    page = viewer.get(f"/blocked/{blocker.blocker_id}/").content.decode()
    assert page.count("data-option=") == 2
    assert page.count("data-recommended") == 1
    assert act(viewer, "answer", option="2", answer="a draft").status_code == 302
    assert (last()["type"], last()["answer"]) == ("blocker_answered", "JSON lines")


@pytest.mark.usefixtures("projecting")
@pytest.mark.parametrize("number", ["0", "3", "-1", "1 ", "one", "١"])
def test_an_option_that_there_is_not_is_refused(viewer: Client, number: str) -> None:
    asked(options=["CSV", "JSON lines"])
    refused = act(viewer, "answer", option=number)
    assert refused.status_code == 409
    assert "Write a reply first." in refused.content.decode()


@pytest.mark.usefixtures("projecting")
@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({}, []),
        ({"options": [" ", "A", "A"]}, [("A", False)]),
        ({"recommendation": "B"}, [("B", True)]),
        ({"options": ["A"], "recommendation": "B"}, [("B", True), ("A", False)]),
        ({"options": ["A"], "recommendation": " A\r\n"}, [("A", True)]),
        ({"options": {"a": 1}, "recommendation": ["x"]}, []),
        ({"options": [str(n) for n in range(20)]}, [(str(n), False) for n in range(MAX_OPTIONS)]),
    ],
    ids=["none", "blank and twice", "recommended alone", "another", "line ends", "no texts", "too many"],
)
def test_whatever_is_stated_becomes_options_or_none(stated: dict[str, Any], found: list[tuple[str, bool]]) -> None:
    assert texts(asked(**stated)) == found


@pytest.mark.usefixtures("projecting")
def test_a_redacted_question_has_no_options(viewer: Client, admin_user: User) -> None:
    blocker = asked(options=["secret"])
    redaction.redact(blocker.blocker_id, admin_user.username, "a password")
    assert options_of(blocker) == []
    assert "secret" not in viewer.get(f"/blocked/{blocker.blocker_id}/").content.decode()
