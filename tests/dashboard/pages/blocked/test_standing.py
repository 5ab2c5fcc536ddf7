"""A standing reply on the card of its blocker and on Blocked: saved, seen in shadow, turned on, used, turned off."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from marcus_events.blockers import replies
from marcus_events.blockers.standing_uses import give_standing_replies
from marcus_events.models import Blocker, StandingReply
from tests.blockers.test_standing_replies import LATE, applied
from tests.dashboard.conftest import may
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import Document, open_page

pytestmark = pytest.mark.usefixtures("projecting")
FORM = {"same": ["question", "options"], "for": "3d", "times": "5"}


def report(task: str = "t1", **more: Any) -> Blocker:
    stated = {"description": "Which key?", "options": ["The blue one", "The red one"], "agent_id": "agent_1"} | more
    [position] = publish(event("task_blocked", task_id=task, task_name=f"Build {task}", **stated))
    return now(position)


def now(blocker_id: int) -> Blocker:
    found: Blocker = Blocker.objects.now().get(blocker_id=blocker_id)
    return found


def act(client: Client, blocker: Blocker, name: str, **fields: Any) -> Any:
    shown = {"standing": str(standing.pk)} if (standing := StandingReply.objects.order_by("-pk").first()) else {}
    return client.post(f"/blocked/{blocker.blocker_id}/", {"act": name, **shown, **fields})


def answer(client: Client, blocker: Blocker, text: str = "The blue one") -> Blocker:
    """Answer it as a person, and send the answer without waiting."""
    act(client, blocker, "answer", answer=text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replies, "MARGIN", -LATE)
        replies.send_due_answers()
    applied()
    return now(blocker.blocker_id)


def card(client: Client, blocker: Blocker) -> Document:
    return open_page(client, f"/blocked/{blocker.blocker_id}/")


def text_of(page: Document) -> str:
    return " ".join(page.text.split())


def acts_of(page: Document) -> list[str]:
    """Return what can be done with the standing reply."""
    buttons = [attributes.get("value", "") for tag, attributes in page.elements if tag == "button"]
    return [value for value in buttons if value.startswith("standing-")]


def test_a_sent_reply_is_saved_seen_in_shadow_turned_on_used_and_turned_off(viewer: Client) -> None:
    answer(viewer, report("t0", description="Which lock?"))
    example = answer(viewer, report())
    page = card(viewer, example)
    choices = [attributes for _, attributes in page.elements if attributes.get("name") == "same"]
    assert [choice["value"] for choice in choices] == ["question", "options", "severity", "agent"]
    assert [choice["value"] for choice in choices if "checked" in choice] == ["question"]
    assert acts_of(page) == ["standing-save"]

    assert act(viewer, example, "standing-save", **FORM).status_code == 302
    page = card(viewer, example)
    assert "Standing reply Shadow mode" in text_of(page)
    assert "with the same question and options" in text_of(page)
    assert "1 of the last 2 blockers that people replied to on this board, this one included, as they did" in text_of(
        page
    )
    assert acts_of(page) == ["standing-on", "standing-off"]

    act(viewer, example, "standing-on")
    use = report("t2")
    assert give_standing_replies() == 1
    assert "Standing reply by ada: The blue one" in text_of(card(viewer, use))
    assert "withdraw" in card(viewer, use).all_of("value")
    assert "Used 1 of 5 times" in text_of(card(viewer, example))
    listed = text_of(open_page(viewer, "/blocked/"))
    assert "On Which key? same question and options The blue one by ada 1 of 5 times" in listed

    act(viewer, example, "standing-off")
    assert now(use.blocker_id).answer == ""
    page = card(viewer, example)
    assert "It was used 1 time." in text_of(page)
    assert acts_of(page) == ["standing-save"]


def test_where_people_replied_differently_it_cannot_be_turned_on_and_says_which(viewer: Client) -> None:
    other = answer(viewer, report("t0"), "The red one")
    example = answer(viewer, report())
    act(viewer, example, "standing-save", **FORM)
    page = card(viewer, example)
    assert "1 of them differently: Which key? reply by ada: The red one" in text_of(page)
    assert str(other.blocker_id) in page.all_of("data-opens")
    assert acts_of(page) == ["standing-off"]
    refused = act(viewer, example, "standing-on")
    assert refused.status_code == 409
    assert "People replied differently to matching blockers" in refused.content.decode()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"same": ["agent"]}, "Select the question or the blocker type."),
        ({"same": []}, "Select the question or the blocker type."),
        ({"for": "999w"}, "Choose a duration."),
        ({"for": "-1d"}, "Choose a duration."),
        ({"for": "200d"}, "Choose an end within 12 weeks."),
        ({"times": "0"}, "Choose between 1 and 1,000 replies."),
        ({"times": "1001"}, "Choose between 1 and 1,000 replies."),
        ({"times": "9" * 5000}, "Choose between 1 and 1,000 replies."),
        ({"times": "\N{SUPERSCRIPT TWO}"}, "Choose between 1 and 1,000 replies."),
    ],
)
def test_a_form_that_cannot_be_meant_is_refused_in_words(viewer: Client, fields: dict[str, Any], error: str) -> None:
    example = answer(viewer, report())
    refused = act(viewer, example, "standing-save", **FORM | fields)
    page = Document(refused.content.decode())
    assert (refused.status_code, error in page.text) == (409, True)
    chosen = [
        attributes["value"]
        for _, attributes in page.elements
        if attributes.get("name") == "same" and "checked" in attributes
    ]
    assert chosen == [name for name in ("question", "options", "agent") if name in (FORM | fields)["same"]]
    assert not StandingReply.objects.exists()


def test_a_form_about_a_standing_reply_that_was_replaced_is_refused(viewer: Client) -> None:
    example = answer(viewer, report())
    act(viewer, example, "standing-save", **FORM)
    act(viewer, example, "standing-on", standing="1234567")
    assert StandingReply.objects.get().stage == "shadow"


def test_viewers_see_it_and_cannot_change_it(viewer: Client) -> None:
    example = answer(viewer, report())
    act(viewer, example, "standing-save", **FORM)
    watcher, person = Client(), User.objects.create_user("eve")
    may(person, "see_every_board")
    watcher.force_login(person)
    page = card(watcher, example)
    assert "Shadow mode" in text_of(page)
    assert acts_of(page) == []
    for name in ("standing-save", "standing-on", "standing-off"):
        assert act(watcher, example, name, **FORM).status_code == 403
    assert StandingReply.objects.get().stage == "shadow"


def test_who_does_not_see_the_board_sees_no_standing_reply(viewer: Client) -> None:
    example = answer(viewer, report())
    act(viewer, example, "standing-save", **FORM)
    stranger = Client()
    stranger.force_login(User.objects.create_user("eve"))
    assert "Which key?" not in open_page(stranger, "/blocked/").text
    assert act(stranger, example, "standing-off").status_code == 404
