"""Webhooks on Integrations: who may, what is refused in words, what the page says, and that it is on record."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.live.page_state import PageState
from dashboard.pages.integrations import regions
from dashboard.visibility import EVERYTHING, NOTHING, Visibility
from marcus_events.core.event import utc_now
from marcus_events.core.sentences import as_text, sentence
from marcus_events.models import Webhook, WebhookDelivery
from marcus_events.webhooks.deliveries import begin_attempts, enqueue
from marcus_events.webhooks.receiver_address import FORBIDDEN, NOT_A_URL, WITH_CREDENTIALS
from marcus_events.webhooks.registration import FULL, MAX_WEBHOOKS, TAKEN
from marcus_events.webhooks.signature import PREFIX, secret_of
from tests.audit.reading import on_record, only_event
from tests.dashboard.pages.test_hostile import MARKUP, assert_harmless
from tests.dashboard.publishing import project, publish
from tests.dashboard.reading import Document, open_page
from tests.webhooks.blockers import ended, hook
from tests.webhooks.receiver import Answer, Receiver, is_genuine

pytestmark = pytest.mark.usefixtures("log")
PAGE, CREATE = "/integrations/", "/integrations/webhooks/"
URL = "https://example.org/hook?key=4711"
SHOWN = "https://example.org/hook"
ACTS = ("test", "secret", "off", "on", "retry", "delete")


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("grace"))
    return client


def create(client: Client, url: str = URL, **stated: Any) -> Document:
    """The page that answers."""
    return Document(client.post(CREATE, {"url": url, **stated}).content.decode())


def act(client: Client, name: str, pk: int | None = None) -> Document:
    response = client.post(f"{CREATE}{pk or hook().pk}/", {"act": name}, follow=True)
    assert response.status_code == 200
    return Document(response.content.decode())


def secrets_in(page: Document) -> list[str]:
    return [word for word in page.text.split() if word.startswith(PREFIX)]


def region(visibility: Visibility = EVERYTHING) -> str:
    return regions.PAGE.render(PageState("integrations", visibility=visibility))["webhooks"]


def test_a_webhook_is_created_with_a_secret_that_is_shown_once(administrator: Client) -> None:
    assert "No webhooks." in open_page(administrator, PAGE).text
    response = administrator.post(CREATE, {"url": URL})
    page = Document(response.content.decode())
    assert secrets_in(page) == [secret_of(hook())]
    assert "no-store" in response["Cache-Control"]
    assert (hook().url, hook().boards, hook().created_by) == (URL, [], "grace")
    again = open_page(administrator, PAGE)
    assert URL in again.text
    assert secrets_in(again) == []
    assert secret_of(hook()) not in str(Webhook.objects.values())


def test_boards_are_chosen(administrator: Client) -> None:
    publish(*project("shop"), *project("bank"))
    create(administrator, boards=["shop"])
    assert hook().boards == ["shop"]
    assert "Boards: The shop" in Document(region()).text
    assert "does not exist" in create(administrator, "http://127.0.0.1/2", boards=["nowhere"]).text


def test_finding_a_board_keeps_what_was_entered_and_creates_nothing(administrator: Client) -> None:
    page = create(administrator, act="find", find_board="x")
    assert URL in page.all_of("value")
    assert not Webhook.objects.exists()


def test_what_cannot_be_called_is_refused_in_words_beside_the_field(administrator: Client) -> None:
    create(administrator)
    for url, reason in (
        ("", "Enter the URL to call."),
        ("example.org", NOT_A_URL),
        ("javascript:alert(1)", NOT_A_URL),
        ("http://ann:secret@example.org/", WITH_CREDENTIALS),
        ("http://169.254.169.254/", FORBIDDEN),
        ("http://x/" + "x" * 600, "at most 600 characters"),
        ("http://x/\0", "Null characters are not allowed"),
        (URL, TAKEN),
    ):
        page = create(administrator, url)
        assert reason in page.text, url
        assert secrets_in(page) == []
    assert Webhook.objects.count() == 1
    assert len(on_record("webhook_created")) == 1


def test_there_may_be_so_many_and_no_more(administrator: Client) -> None:
    for n in range(MAX_WEBHOOKS):
        create(administrator, f"http://127.0.0.1/{n}")
    assert FULL in create(administrator, "http://127.0.0.1/more").text
    assert Webhook.objects.count() == MAX_WEBHOOKS


def test_each_act_is_done_and_on_record_without_the_query_of_the_url(administrator: Client) -> None:
    create(administrator)
    secret = secret_of(hook())
    assert "The webhook is off." in act(administrator, "off").text
    assert "Off" in Document(region()).text
    act(administrator, "off")
    assert "The webhook is on." in act(administrator, "on").text
    assert hook().turned_off_at is None
    [renewed] = secrets_in(act(administrator, "secret"))
    assert renewed == secret_of(hook()) != secret
    assert "The webhook has been deleted." in act(administrator, "delete").text
    assert not Webhook.objects.exists()
    for event_type, told in (
        ("webhook_created", f"Grace created the webhook {SHOWN}"),
        ("webhook_turned_off", f"Grace turned off the webhook {SHOWN}"),
        ("webhook_turned_on", f"Grace turned on the webhook {SHOWN}"),
        ("webhook_secret_renewed", f"Grace renewed the secret of the webhook {SHOWN}"),
        ("webhook_deleted", f"Grace deleted the webhook {SHOWN}"),
    ):
        assert as_text(sentence(only_event(event_type))) == told
    assert "4711" not in str([event.data for event in on_record()])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, {}, b"<b>thanks</b>"), "The receiver responded with 200 OK."),
        (Answer(302, {"location": "/elsewhere"}), "302 Found. Redirects are not followed."),
        (Answer(500), "The receiver responded with 500 Internal Server Error."),
    ],
)
def test_a_test_says_what_the_receiver_answered(administrator: Client, answer: Answer, words: str) -> None:
    with Receiver(lambda received: answer) as receiver:
        create(administrator, receiver.url)
        page = act(administrator, "test")
    [received] = receiver.received
    assert is_genuine(secret_of(hook()), received)
    assert words in page.text
    assert answer.body.decode() in page.text
    assert hook().turned_off_at is None


def test_a_test_says_that_nobody_answers(administrator: Client) -> None:
    create(administrator, "http://127.0.0.1:9/")
    assert "No connection: " in act(administrator, "test").text


def test_the_list_says_how_deliveries_went(administrator: Client) -> None:
    create(administrator)
    assert "Last delivery: none in the last 30 days" in Document(region()).text
    for n in range(3):
        ended(f"t{n}")
    enqueue()
    failed, delivered, _ = WebhookDelivery.objects.order_by("pk")
    outcomes = WebhookDelivery.objects.all()
    outcomes.filter(pk=failed.pk).update(status="failed", attempts=10, attempted_at=utc_now(), error="No connection.")
    text = Document(region()).text
    for words in (
        "2 waiting",
        "1 failed",
        "1 failed",
        "10 attempts",
        f"Event {failed.position}",
        "No connection.",
    ):
        assert words in text, words
    outcomes.filter(pk=delivered.pk).update(attempts=1, attempted_at=utc_now(), error="No connection.")
    text = Document(region()).text
    assert "Failing, retrying" in text
    assert "No connection. The message will be sent again." in text
    outcomes.filter(pk=delivered.pk).update(status="delivered", attempted_at=utc_now())
    text = Document(region()).text
    assert "Last delivery: delivered" in text
    assert "Failing" not in text
    assert "being sent again" in act(administrator, "retry").text
    assert [attempt.delivery_id for attempt in begin_attempts({})][-1] == failed.pk


def test_a_webhook_that_its_receiver_turned_off_says_so(administrator: Client) -> None:
    create(administrator)
    Webhook.objects.update(turned_off_at=utc_now(), turned_off_reason="The receiver responded with 410 Gone.")
    text = open_page(administrator, PAGE).text
    assert "Turned off by the receiver" in text
    assert "The receiver responded with 410 Gone. Turn the webhook on again" in text


def test_others_see_nothing_of_it_and_change_nothing(viewer: Client, administrator: Client) -> None:
    create(administrator)
    page = open_page(viewer, PAGE)
    assert "example.org/hook" not in viewer.get(PAGE).content.decode()
    assert "Webhooks" not in page.text
    before = Webhook.objects.values().get()
    assert viewer.post(CREATE, {"url": "http://127.0.0.1/"}).status_code == 403
    for name in ACTS:
        assert viewer.post(f"{CREATE}{hook().pk}/", {"act": name}).status_code == 403
    assert Webhook.objects.values().get() == before


def test_an_act_that_is_none_changes_nothing(administrator: Client) -> None:
    create(administrator)
    for posted in ({}, {"act": "explode"}):
        assert administrator.post(f"{CREATE}{hook().pk}/", posted).status_code == 404
    for path in (CREATE, f"{CREATE}{hook().pk}/"):
        response = administrator.get(path, {"act": "delete"})
        assert (response.status_code, response["Location"]) == (302, PAGE)
    assert Webhook.objects.exists()


def test_another_site_does_nothing_in_an_administrators_name(administrator: Client) -> None:
    create(administrator)
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get())
    assert client.post(CREATE, {"url": "http://127.0.0.1/"}).status_code == 403
    assert client.post(f"{CREATE}{hook().pk}/", {"act": "delete"}).status_code == 403
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize("visibility", [NOTHING, Visibility(boards=None)])
def test_no_socket_sends_a_url_to_others(administrator: Client, visibility: Visibility) -> None:
    create(administrator)
    assert region(visibility).split() == ["<div", 'id="webhooks"', "hidden>", "</div>"]
    assert "csrf" not in region()


def test_the_secret_is_in_one_answer_and_in_nothing_else(
    administrator: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    response = administrator.post(CREATE, {"url": "http://127.0.0.1:9/"})
    secret = secret_of(hook())
    assert secret not in str(response.headers) + str(response.cookies) + str(administrator.session.items())
    for path in ("/", PAGE, "/audit/", "/activity/"):
        assert secret not in administrator.get(path).content.decode()
    assert secrets_in(act(administrator, "test")) == []
    assert secret not in caplog.text
    assert secret not in region()


def test_hostile_texts_are_text(administrator: Client) -> None:
    with Receiver(lambda received: Answer(400, {}, MARKUP.encode())) as receiver:
        create(administrator, f"{receiver.url}?{MARKUP.replace('#', '')}"[:500])
        assert_harmless(act(administrator, "test"))
    create(administrator, f'"><script>alert(1)</script>{MARKUP}')
    assert_harmless(open_page(administrator, PAGE))
